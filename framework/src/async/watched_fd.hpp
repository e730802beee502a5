// One descriptor in the loop's reactor: registered once, waited for without a system call.
//
// asio's own operations try each read before they wait for it, and each plain wait costs an epoll_ctl. This
// goes one level deeper, to asio's reactor (the level that its sockets are made of).
#pragma once

#include <memory>

#include "async/event_loop.hpp"
#include "tractor/async/task.hpp"
#include "tractor/detail/asio.hpp"

namespace tractor::detail {

using reactor = asio::detail::epoll_reactor;

class io_attempt;
struct in_attempts;

/// A non-blocking descriptor, registered with the running loop. The descriptor stays the caller's.
///
/// Attempts that are under way when it is destroyed end as closed. Neither copied nor moved. Loop thread
/// only; dies before its loop.
class watched_fd {
 public:
  /// Throws `boost::system::system_error`.
  explicit watched_fd(int fd);
  watched_fd(const watched_fd&) = delete;
  watched_fd& operator=(const watched_fd&) = delete;
  ~watched_fd();

  int fd() const noexcept { return fd_; }
  event_loop& loop() noexcept { return loop_; }
  /// Has the loop tell when the peer of this stream ends its direction.
  ///
  /// A read that filled less than its room need not be tried again then: what comes later is an event of its
  /// own, and so is the end of the stream, even if it came together with those bytes. Idempotent.
  void watch_end();
  /// Whether the peer has ended its direction: reads must be tried until they find that out.
  bool ended() const noexcept { return ended_; }
  /// Whether `watch_end` was called.
  bool end_watched() const noexcept { return end_watched_; }

 private:
  friend class io_attempt;
  friend class end_watch;
  void note_end() noexcept;

  event_loop& loop_;
  reactor& reactor_;
  int fd_;
  reactor::per_descriptor_data data_ = nullptr;
  intrusive_list<io_attempt, in_attempts> attempts_;
  bool end_watched_ = false;
  bool ended_ = false;
};

/// Notices when the peers of connections end their direction, apart from their data.
///
/// A second epoll instance, itself an entry of the first one: it wakes up for that alone, so that a
/// connection at work costs no system call for it.
class end_watch {
 public:
  explicit end_watch(reactor& of);
  end_watch(const end_watch&) = delete;
  end_watch& operator=(const end_watch&) = delete;
  ~end_watch();

  void add(watched_fd& connection);
  void remove(watched_fd& connection) noexcept;

 private:
  struct wake_up;
  void drain() noexcept;

  reactor& reactor_;
  int epoll_ = -1;
  std::unique_ptr<wake_up> op_;
  reactor::per_descriptor_data data_ = nullptr;
};

/// An operation that is tried whenever its descriptor may be ready, until it has something to say.
class io_attempt : public asio::detail::reactor_op,
                   public suspension,
                   public engine_awaitable,
                   public list_hook<in_attempts> {
 public:
  enum class direction { read = reactor::read_op, write = reactor::write_op };

  bool await_ready() const {
    raise_if_cancelled();
    return false;
  }
  void await_suspend(std::coroutine_handle<> at);
  /// False when the descriptor was closed meanwhile: the object that watched it may be gone.
  bool await_resume() const {
    if (!done_ && aborted_) raise_cancelled();
    return done_;
  }
  void abort() noexcept override;

 protected:
  io_attempt(watched_fd& on, direction what) noexcept;
  ~io_attempt() = default;

 private:
  friend class watched_fd;
  /// `done_and_exhausted`: done, and not to be tried again before the next event.
  virtual status attempt() noexcept = 0;
  status attempt_and_note() noexcept;
  void start();
  static status on_ready(asio::detail::reactor_op* base);
  static void on_complete(void* owner, asio::detail::operation* base, const boost::system::error_code&,
                          std::size_t);

  watched_fd& on_;
  direction direction_;
  bool done_ = false;
  bool aborted_ = false;
  bool closed_ = false;  // `on_` is gone
};

/// `co_await trying(fd, direction, f)`: `f` returns a `reactor_op::status` and does not throw.
template <class F> class trying final : public io_attempt {
 public:
  trying(watched_fd& on, direction what, F f) noexcept : io_attempt(on, what), try_(f) {}

 private:
  status attempt() noexcept override { return try_(); }
  F try_;
};

}  // namespace tractor::detail
