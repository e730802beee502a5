// Streams of typed items between the two ends of a context.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "tractor/async/broadcast.hpp"
#include "tractor/async/channel_errors.hpp"
#include "tractor/async/detail/body.hpp"
#include "tractor/async/detail/ring.hpp"
#include "tractor/runtime/context_base.hpp"

namespace tractor {

template <class Send, class Receive> class msg_stream;

/// What a receiver does with items that come faster than they are taken.
enum class overrun_policy : std::uint8_t {
  /// Slow the sender down: it may send as many items as the receiver has granted. A peer that knows no
  /// credits
  /// gets `error`.
  wait,
  /// Tell the sender: a `stream_overrun` error ends its side of the context.
  error,
  /// Drop the oldest item that waits, and count it.
  drop_oldest,
  /// Keep only the newest item, and count the others.
  conflate
};

/// How one end receives. A value; setters return itself.
class TRACTOR_API stream_options {
 public:
  stream_options() {}

  /// Items that may wait at this end (at least 1). Default: 64, and with `overrun_policy::wait` more for a
  /// receiver that turns out to be faster than its sender.
  stream_options& buffer(std::size_t items) { return buffer_ = items, *this; }
  stream_options& overrun(overrun_policy policy) { return policy_ = policy, *this; }

  std::optional<std::size_t> buffer() const noexcept { return buffer_; }
  overrun_policy overrun() const noexcept { return policy_; }

 private:
  std::optional<std::size_t> buffer_;
  overrun_policy policy_ = overrun_policy::wait;
};

/// A snapshot of one end of a stream, for logs and tests.
struct stream_statistics {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;   ///< Items that arrived, dropped ones included.
  std::uint64_t dropped = 0;    ///< By `drop_oldest`, `conflate` or an overrun.
  std::uint64_t discarded = 0;  ///< Arrived after this end had stopped listening.
  std::size_t queued = 0;
  std::size_t window = 0;  ///< Items that may be on their way to us or wait here.
  std::size_t waiting_senders = 0;
};

namespace detail {
template <class T> class generator;
template <class T> class generator_call;

/// A task that waits to send one item.
class TRACTOR_API stream_sender : public queued, public engine_awaitable {
 public:
  explicit stream_sender(stream_base& to) noexcept : stream_(to) {}
  bool await_ready();
  void await_suspend(std::coroutine_handle<> at);
  void await_resume() const;

 protected:
  virtual void put(msg::writer& out) const = 0;
  stream_base& stream_;

 private:
  friend class tractor::stream_base;
  std::exception_ptr error_;
  bool sent_ = false;
};

/// A task that waits for one item.
class TRACTOR_API stream_receiver : public queued, public engine_awaitable {
 public:
  explicit stream_receiver(stream_base& from) noexcept : stream_(from) {}
  bool await_ready();
  void await_suspend(std::coroutine_handle<> at);

 protected:
  /// Takes the oldest item that waits.
  virtual void take() = 0;
  void check_resumed() const { raise_if_aborted(); }
  stream_base& stream_;
  bool got_ = false;

 private:
  friend class tractor::stream_base;
};

}  // namespace detail

/// One end of a stream, whatever its items are.
///
/// Belongs to its context, which closes it; it is opened once and cannot be reopened. Loop thread only.
class TRACTOR_API stream_base {
 public:
  /// The context it belongs to.
  context_base& context() const noexcept { return *context_; }
  /// True once this end was closed.
  bool closed() const noexcept { return closed_; }
  /// True once the peer has closed its end; items that came before may still wait.
  bool peer_closed() const noexcept { return peer_closed_; }
  stream_statistics statistics() const noexcept;

  /// Closes this end: tells the peer, and drops what waits here. Idempotent. A checkpoint.
  task<> aclose();

  stream_base(const stream_base&) = delete;
  stream_base& operator=(const stream_base&) = delete;

 protected:
  explicit stream_base(bool receives) noexcept : receives_(receives) {}
  virtual ~stream_base() = default;

  /// Throws what an operation meets: the peer's error, a closed end, a stream that was never opened.
  void check_usable() const;
  [[noreturn]] void fail_receive() const;
  bool can_receive() const noexcept;
  void item_taken() noexcept;
  void grow_window() noexcept;
  detail::stream_receiver* waiting_receiver() noexcept {
    return receivers_.empty() ? nullptr : &receivers_.front();
  }
  void hand_over(detail::stream_receiver& to) noexcept;

  // The typed queue.
  virtual void push(msg::byte_view item) = 0;
  virtual void drop_oldest() noexcept = 0;
  virtual std::size_t queue_size() const noexcept = 0;
  virtual void clear_queue() noexcept = 0;

 private:
  friend class context_base;
  friend class detail::stream_sender;
  friend class detail::stream_receiver;
  friend class detail::link;

  /// A sender that waited for room goes on once fewer bytes than this wait on the connection.
  static constexpr std::size_t resume_below = 64U << 10;

  void open(const stream_options& options);
  bool try_send(detail::stream_sender& from);
  void encode(detail::stream_sender& from);
  /// Sends for those who wait, as far as credit and room go.
  void pump();
  void take_item(msg::byte_view item);
  void take_stop();
  void take_credit(std::uint64_t items);
  void overrun();
  void grant();
  void send_credit(std::uint64_t items) noexcept;
  /// Closes this end and, if `tell`, sends the Stop that is owed.
  void close(bool tell) noexcept;
  void bind(context_base& to, bool peer_knows_credits) noexcept;
  /// Takes items from now on only to forget them, so that the peer can go on.
  void discard() noexcept;
  void wake_all() noexcept;

  context_base* context_ = nullptr;
  msg::buffer head_;  // what each of our items begins with on the wire
  const bool receives_;
  bool opened_ = false;
  bool closed_ = false;
  bool peer_closed_ = false;
  bool discarding_ = false;
  bool credits_ = false;  // both ends know them
  bool fixed_window_ = false;
  overrun_policy policy_ = overrun_policy::wait;
  unsigned burst_ = 0;         // operations since this end last let others run
  std::uint64_t credit_ = 0;   // items that we may send
  std::uint64_t granted_ = 0;  // items that the peer may still send
  std::size_t window_ = 64;    // the reference's buffer, until the stream is opened
  std::size_t largest_item_ = 1;
  std::uint64_t reads_at_grant_ = 0;  // of the connection, when it was last granted
  bool drained_ = false;              // nothing has waited here at some time since then
  stream_statistics counts_;
  std::exception_ptr fault_;
  detail::intrusive_list<detail::stream_sender, detail::in_waiters> senders_;
  detail::intrusive_list<detail::stream_receiver, detail::in_waiters> receivers_;
};

namespace detail {

/// What `stream.send(...)` returns: to be awaited, once. Holds the item, or refers to the caller's.
template <class T, bool Owns> class TRACTOR_MUST_AWAIT sending_item final : public stream_sender {
 public:
  template <class... A>
  explicit sending_item(stream_base& to, A&&... args) : stream_sender(to), item_(std::forward<A>(args)...) {}
  /// Moves only before it is awaited.
  sending_item(sending_item&& other) : stream_sender(other.stream_), item_(std::move(other.item_)) {}

 private:
  void put(msg::writer& out) const override { msg::encode(out, static_cast<const T&>(item_)); }
  std::conditional_t<Owns, T, std::reference_wrapper<const T>> item_;
};

/// What `stream.receive()` and `stream.next()` return: to be awaited, once.
template <class Stream, class T, bool Throwing>
class TRACTOR_MUST_AWAIT receiving_item_of final : public stream_receiver {
 public:
  explicit receiving_item_of(Stream& from) noexcept : stream_receiver(from), from_(from) {}
  /// Moves only before it is awaited.
  receiving_item_of(receiving_item_of&& other) noexcept : receiving_item_of(other.from_) {}

  std::conditional_t<Throwing, T, std::optional<T>> await_resume() {
    check_resumed();
    if (!item_) {
      if constexpr (Throwing)
        from_.fail();
      else
        from_.fail_unless_ended();
    }
    if (item_) from_.check_limit(*item_);
    if constexpr (Throwing)
      return std::move(*item_);
    else
      return std::move(item_);
  }

 private:
  void take() override { item_.emplace(from_.pop()); }
  Stream& from_;
  std::optional<T> item_;
};

}  // namespace detail

/// One end of a stream: sends `Send` items and receives `Receive` items; void where none go.
///
/// Items come in the order they were sent, none twice, none lost unless a policy of this end drops and counts
/// them. Several tasks may send and receive; each item goes to one of them.
template <class Send, class Receive> class msg_stream final : public stream_base {
 public:
  using send_type = Send;
  using receive_type = Receive;

  /// Makes an item of `args` in place and sends it. A checkpoint.
  ///
  /// Returns once the peer has granted room for it and it is on its way; the bytes leave at the next turn of
  /// the loop, with those of other items. Throws the peer's error, `end_of_channel` when the peer has closed
  /// its end, `closed_resource` when this one is closed, `transport_closed` when the connection is gone.
  template <class... A> auto send(A&&... args) requires(!std::is_void_v<Send>) {
    static_assert((detail::safe_arg<A> && ...),
                  "g++ 12 destroys a temporary aggregate in a co_await twice; write send(a, b) instead of "
                  "send(item{a, b}), or name the item and write send(x)");
    static_assert(std::is_constructible_v<Send, A...>,
                  "no item of this stream can be made from these arguments");
    // An item that the caller has named outlives the statement: it is encoded where it is.
    constexpr bool named = sizeof...(A) == 1 && (std::is_same_v<A, Send&> || ...);
    constexpr bool named_const = sizeof...(A) == 1 && (std::is_same_v<A, const Send&> || ...);
    return detail::sending_item < Send, !named && !named_const > (*this, std::forward<A>(args)...);
  }

  /// Waits for an item. A checkpoint; throws `end_of_channel` at the end of the stream, the peer's error,
  /// `closed_resource` when this end is closed.
  auto receive() noexcept requires(!std::is_void_v<Receive>) {
    return detail::receiving_item_of<msg_stream, Receive, true>(*this);
  }
  /// Waits for an item or the end: `while (auto item = co_await stream.next())`. A checkpoint.
  auto next() noexcept requires(!std::is_void_v<Receive>) {
    return detail::receiving_item_of<msg_stream, Receive, false>(*this);
  }
  /// Takes an item that is there; throws `would_block` when none is, else what `receive` throws. Not a
  /// checkpoint.
  Receive receive_nowait() requires(!std::is_void_v<Receive>) {
    if (queue_.empty()) {
      check_nowait();
      throw would_block();
    }
    Receive item = pop();
    check_limit(item);
    return item;
  }

  /// Makes a subscriber, one of several that each see every item from now on. Not a checkpoint.
  ///
  /// From the first one on the stream is read through subscribers only: whoever needs an item that is not
  /// there yet reads it for all. The last `window` items, as the first call says, are kept for those who are
  /// slower; `policy` says what one hears that has missed some. Throws `std::invalid_argument` for a window
  /// of 0. A subscriber that outlives the stream gets what is kept.
  subscription<Receive> subscribe(on_lag policy = on_lag::raise,
                                  std::size_t window = 64) requires(!std::is_void_v<Receive>) {
    if (!feed_) feed_ = std::make_unique<broadcast<Receive>>(*this, window);
    return feed_->subscribe(policy);
  }
  /// Returns how the subscribers of this end keep up: all zero before the first `subscribe()`. Not a
  /// checkpoint.
  ///
  /// One subscriber tells of itself what it has `missed()` and how many items are `queued()` for it.
  broadcast_statistics subscriber_statistics() const noexcept requires(!std::is_void_v<Receive>) {
    return feed_ ? feed_->statistics() : broadcast_statistics();
  }

  /// While the guard lives, this end takes only items that hold one of `T`; guards nest.
  ///
  /// Any other item is a `msg_type_error` of whoever receives it. For streams of a union:
  /// `auto only = stream.template limit<tick>();`.
  template <class... T> [[nodiscard]] auto limit() requires(!std::is_void_v<Receive>) {
    return narrowing(
        *this, [](const Receive& item) { return (std::holds_alternative<T>(item) || ...); },
        [] { return msg::wire_name<std::variant<T...>>(); });
  }

 private:
  template <class... Tags> friend class context;
  template <auto Fn> friend class context_to;
  template <class T> friend class detail::generator;
  template <class T> friend class detail::generator_call;
  template <class Stream, class T, bool Throwing> friend class detail::receiving_item_of;
  using slot = std::conditional_t<std::is_void_v<Receive>, char, Receive>;

  struct item_limit {
    bool (*allows)(const slot&) = nullptr;
    std::string (*name)() = nullptr;
  };
  class narrowing {
   public:
    narrowing(msg_stream& of, bool (*allows)(const slot&), std::string (*name)())
        : stream_(of), outer_(std::exchange(of.limit_, item_limit{allows, name})) {}
    ~narrowing() { stream_.limit_ = outer_; }
    narrowing(const narrowing&) = delete;
    narrowing& operator=(const narrowing&) = delete;

   private:
    msg_stream& stream_;
    item_limit outer_;
  };
  void check_limit(const slot& item) const {
    if (limit_.allows && !limit_.allows(item))
      throw msg_type_error("an item of the stream of '" + context().name() + "' is " + msg::to_text(item) +
                           ", where only " + limit_.name() + " is taken now");
  }

  msg_stream() noexcept : stream_base(!std::is_void_v<Receive>) {}

  [[noreturn]] void fail() const { fail_receive(); }
  // At the end of the stream `next` yields nothing; everything else is an error.
  void fail_unless_ended() const { check_usable(); }
  void check_nowait() const {
    if (!can_receive()) fail_receive();
  }

  slot pop() {
    slot item = queue_.pop();
    item_taken();
    return item;
  }
  void push(msg::byte_view item) override {
    if constexpr (!std::is_void_v<Receive>) {
      queue_.push(msg::decode_all<Receive>(item));
      if (detail::stream_receiver* first = waiting_receiver()) hand_over(*first);
    }
  }
  void drop_oldest() noexcept override {
    if (!queue_.empty()) queue_.pop();
  }
  std::size_t queue_size() const noexcept override { return queue_.size(); }
  void clear_queue() noexcept override { queue_.clear(); }

  detail::ring<slot> queue_;
  item_limit limit_;
  std::unique_ptr<broadcast<slot>> feed_;  // for subscribers, once there was one
};

/// The end that a generator endpoint sends into: `task<> ticks(send_stream<int>& out, int n)`.
template <class T> using send_stream = msg_stream<T, void>;
/// The end that its caller reads from.
template <class T> using receive_stream = msg_stream<void, T>;

}  // namespace tractor
