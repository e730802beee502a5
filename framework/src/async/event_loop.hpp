// The scheduler of one thread: ready queue, deadlines, and the io_context below.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "tractor/async/cancel_scope.hpp"
#include "tractor/async/detail/turn_end.hpp"
#include "tractor/async/lock.hpp"
#include "tractor/async/loop.hpp"
#include "tractor/async/task_nursery.hpp"
#include "tractor/detail/asio.hpp"

namespace tractor::detail {

/// A binary heap of the deadlines of entered scopes; each scope knows its place, so removal needs no search.
class deadline_heap {
 public:
  bool empty() const noexcept { return heap_.empty(); }
  cancel_scope& top() const noexcept { return *heap_.front(); }
  void insert(cancel_scope& scope);
  void remove(cancel_scope& scope) noexcept;
  static std::size_t& index_of(cancel_scope& scope) noexcept;

 private:
  void place(std::size_t at, cancel_scope* scope) noexcept;
  void sift_up(std::size_t at) noexcept;
  void sift_down(std::size_t at) noexcept;
  static bool earlier(const cancel_scope& a, const cancel_scope& b) noexcept;
  std::vector<cancel_scope*> heap_;
  std::uint64_t inserted_ = 0;
};

/// How worker threads reach the loop: cut when the loop ends before them.
struct thread_link {
  std::mutex mutex;
  event_loop* loop = nullptr;
};

class thread_job;
class end_watch;

class event_loop {
 public:
  explicit event_loop(const loop_options& options);
  ~event_loop();
  event_loop(const event_loop&) = delete;
  event_loop& operator=(const event_loop&) = delete;

  static event_loop* current() noexcept;
  asio::io_context& context() noexcept { return context_; }
  asio::detail::epoll_reactor& reactor() noexcept { return reactor_; }
  /// Made at its first use.
  end_watch& ends();
  time_point now() const noexcept { return autojump_ ? virtual_now_ : std::chrono::steady_clock::now(); }

  void run(task<> main);
  void schedule(task_state& task) noexcept;
  /// Runs ready tasks until none is left or others (I/O) must have their turn. Called between asio handlers
  /// only.
  void run_ready() noexcept;
  void call_at_turn_end(turn_end& work) noexcept;
  void expect_turn() noexcept { turn_expected_ = true; }
  void add_deadline(cancel_scope& scope);
  void remove_deadline(cancel_scope& scope) noexcept { deadlines_.remove(scope); }
  void announce_cancel(task_state& task) noexcept;
  void deliver_cancels() noexcept;
  void add_outside_work(int delta) noexcept { outside_work_ += delta; }
  semaphore& thread_slots() noexcept { return thread_slots_; }
  const std::shared_ptr<thread_link>& link() const noexcept { return link_; }
  void job_done(thread_job& job);
  task_state* main_task() noexcept { return main_.get(); }
  static time_point effective_deadline(cancel_scope& innermost) noexcept;

 private:
  static constexpr std::size_t max_threads = 40;
  void run_autojump();
  void post_turn() noexcept;
  void run_batch() noexcept;
  void end_turn() noexcept;
  void arm_timer() noexcept;
  void fire_deadlines() noexcept;

  // One thread runs it and makes all I/O, so that needs no locks; other threads may post.
  asio::io_context context_{BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO};
  asio::steady_timer timer_{context_};  // makes the context run the reactor, too
  asio::detail::epoll_reactor& reactor_ = asio::use_service<asio::detail::epoll_reactor>(context_);
  std::unique_ptr<end_watch> ends_;
  time_point armed_ = time_point::max();
  deadline_heap deadlines_;
  cancel_scope
      root_scope_;  // the main task's outermost scope; only a deadlock under the test clock cancels it
  std::unique_ptr<task_state> main_;
  semaphore thread_slots_{max_threads};
  std::shared_ptr<thread_link> link_ = std::make_shared<thread_link>();
  task_state* ready_head_ = nullptr;
  task_state* ready_tail_ = nullptr;
  intrusive_list<task_state, in_delivery> to_cancel_;
  intrusive_list<turn_end, in_turn_end> turn_ends_;
  int delivering_ = 0;
  bool in_turn_ = false;
  bool turn_posted_ = false;
  // A handler is about to call run_ready: a posted turn would only cost a look at I/O for nothing.
  bool turn_expected_ = false;
  bool autojump_ = false;
  bool deadlock_ = false;
  int outside_work_ = 0;
  time_point virtual_now_{};
};

}  // namespace tractor::detail
