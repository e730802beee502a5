#include "async/event_loop.hpp"

#include <stdexcept>

#include "async/watched_fd.hpp"

namespace tractor::detail {

namespace {
thread_local event_loop* current_loop __attribute__((tls_model("initial-exec"))) = nullptr;
// Turns without a look at I/O before the loop insists on one: a task that never blocks must not starve
// sockets.
constexpr int max_batches = 32;
}  // namespace

bool deadline_heap::earlier(const cancel_scope& a, const cancel_scope& b) noexcept {
  return a.deadline_ != b.deadline_ ? a.deadline_ < b.deadline_ : a.heap_order_ < b.heap_order_;
}

void deadline_heap::place(std::size_t at, cancel_scope* scope) noexcept {
  heap_[at] = scope;
  index_of(*scope) = at;
}

void deadline_heap::sift_up(std::size_t at) noexcept {
  cancel_scope* scope = heap_[at];
  while (at > 0 && earlier(*scope, *heap_[(at - 1) / 2])) {
    place(at, heap_[(at - 1) / 2]);
    at = (at - 1) / 2;
  }
  place(at, scope);
}

void deadline_heap::sift_down(std::size_t at) noexcept {
  cancel_scope* scope = heap_[at];
  for (;;) {
    std::size_t child = 2 * at + 1;
    if (child >= heap_.size()) break;
    if (child + 1 < heap_.size() && earlier(*heap_[child + 1], *heap_[child])) ++child;
    if (!earlier(*heap_[child], *scope)) break;
    place(at, heap_[child]);
    at = child;
  }
  place(at, scope);
}

void deadline_heap::insert(cancel_scope& scope) {
  heap_.push_back(&scope);
  scope.heap_order_ = inserted_++;
  sift_up(heap_.size() - 1);
}

void deadline_heap::remove(cancel_scope& scope) noexcept {
  std::size_t at = index_of(scope);
  if (at >= heap_.size()) return;
  index_of(scope) = std::numeric_limits<std::size_t>::max();
  cancel_scope* last = heap_.back();
  heap_.pop_back();
  if (last == &scope) return;
  place(at, last);
  sift_up(at);
  sift_down(index_of(*last));
}

event_loop::event_loop(const loop_options& options) : autojump_(options.autojump_clock()) {
  if (current_loop) throw std::logic_error("run_loop: this thread runs a loop already");
  current_loop = this;
  root_scope_.loop_ = this;
  link_->loop = this;
}

event_loop::~event_loop() {
  {
    std::lock_guard held(link_->mutex);
    link_->loop = nullptr;
  }
  current_loop = nullptr;
}

end_watch& event_loop::ends() {
  if (!ends_) ends_ = std::make_unique<end_watch>(reactor_);
  return *ends_;
}

event_loop* event_loop::current() noexcept { return current_loop; }

void event_loop::schedule(task_state& task) noexcept {
  if (std::exchange(task.in_ready_queue, true)) return;
  task.ready_next = nullptr;
  if (ready_tail_)
    ready_tail_->ready_next = &task;
  else
    ready_head_ = &task;
  ready_tail_ = &task;
  if (!in_turn_ && !turn_expected_) post_turn();
}

void event_loop::announce_cancel(task_state& task) noexcept {
  if (task.blocked && !static_cast<list_hook<in_delivery>&>(task).linked()) to_cancel_.push_back(task);
}

// No task runs in here: an operation that completes inside its own cancellation only makes its task ready.
void event_loop::deliver_cancels() noexcept {
  ++delivering_;
  while (!to_cancel_.empty()) to_cancel_.pop_front().deliver_cancel();
  --delivering_;
}

void event_loop::post_turn() noexcept {
  if (turn_posted_) return;
  turn_posted_ = true;
  asio::post(context_, [this] {
    turn_posted_ = false;
    run_ready();
  });
}

void event_loop::run_batch() noexcept {
  task_state* at = ready_head_;
  ready_head_ = ready_tail_ = nullptr;
  while (at) {
    task_state* task = std::exchange(at, at->ready_next);
    task->in_ready_queue = false;
    task->run();
  }
}

void event_loop::call_at_turn_end(turn_end& work) noexcept {
  if (!work.linked()) turn_ends_.push_back(work);
  if (!in_turn_ && !turn_expected_) post_turn();
}

void event_loop::end_turn() noexcept {
  while (!turn_ends_.empty()) turn_ends_.pop_front().at_turn_end();
}

void turn_end::request() {
  event_loop* const loop = event_loop::current();
  if (!loop) throw std::logic_error("there is no running loop on this thread");
  loop->call_at_turn_end(*this);
}

void event_loop::run_ready() noexcept {
  turn_expected_ = false;
  if (in_turn_) return;
  if (delivering_ > 0) {
    if (ready_head_ || !turn_ends_.empty()) post_turn();
    return;
  }
  in_turn_ = true;
  int batch = 0;
  do {
    for (; ready_head_ && batch < max_batches; ++batch) run_batch();
    end_turn();
  } while (ready_head_ && batch < max_batches);
  in_turn_ = false;
  if (ready_head_) post_turn();
  if (main_ && main_->done) context_.stop();
}

void event_loop::add_deadline(cancel_scope& scope) {
  deadlines_.insert(scope);
  if (!autojump_) arm_timer();
}

// The timer is only ever moved forward to an earlier deadline: one that fires too early is armed again, so
// that a loop of short-lived deadlines costs no system call each.
void event_loop::arm_timer() noexcept {
  if (deadlines_.empty() || deadlines_.top().deadline() >= armed_) return;
  armed_ = deadlines_.top().deadline();
  timer_.expires_at(armed_);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    armed_ = time_point::max();
    fire_deadlines();
    arm_timer();
    run_ready();
  });
}

void event_loop::fire_deadlines() noexcept {
  const time_point at = now();
  while (!deadlines_.empty() && deadlines_.top().deadline() <= at) {
    cancel_scope& scope = deadlines_.top();
    deadlines_.remove(scope);
    scope.cancel();
  }
}

void event_loop::run(task<> main) {
  main_ = std::make_unique<task_state>(*this, "main");
  main_->scope = &root_scope_;
  root_scope_.tasks_.push_back(*main_);
  main_->root = main.release();
  auto handle = std::coroutine_handle<task_promise<void>>::from_address(main_->root.address());
  handle.promise().owner = main_.get();
  main_->leaf = &handle.promise();
  main_->parked = main_->root;
  schedule(*main_);
  if (autojump_) {
    run_autojump();
  } else {
    auto guard = asio::make_work_guard(context_);
    context_.run();
  }
  std::exception_ptr error = std::exchange(handle.promise().error, nullptr);
  handle.destroy();
  main_.reset();
  if (deadlock_) throw std::logic_error("deadlock: every task waits and nothing can wake one");
  if (error) std::rethrow_exception(error);
}

void event_loop::run_autojump() {
  while (!main_->done) {
    context_.restart();
    if (context_.poll() > 0 || main_->done) continue;
    if (!deadlines_.empty() && outside_work_ == 0) {
      virtual_now_ = std::max(virtual_now_, deadlines_.top().deadline());
      fire_deadlines();
    } else if (outside_work_ > 0) {
      auto guard = asio::make_work_guard(context_);  // the thread's post is yet to come
      context_.run_one();
    } else if (context_.run_one() == 0) {
      // Their frames refer to each other, so they must unwind: a cancel of everything does that.
      if (deadlock_)
        throw std::logic_error("deadlock: every task waits behind a shield and nothing can wake one");
      deadlock_ = true;
      root_scope_.cancel();
    }
  }
}

void run_main(task<> main, const loop_options& options) {
  event_loop loop(options);
  loop.run(std::move(main));
}

void post_to_loop(event_loop& loop, std::function<void()> fn) {
  asio::post(loop.context(), [&loop, fn = std::move(fn)] {
    fn();
    loop.run_ready();
  });
}

void add_outside_work(event_loop& loop, int delta) noexcept { loop.add_outside_work(delta); }
void expect_turn(event_loop& loop) noexcept { loop.expect_turn(); }
void run_ready(event_loop& loop) noexcept { loop.run_ready(); }

}  // namespace tractor::detail

namespace tractor {

asio::io_context& this_context() {
  detail::event_loop* loop = detail::event_loop::current();
  if (!loop)
    throw std::logic_error(
        "there is no running loop on this thread: call this inside run_loop or tractor::run");
  return loop->context();
}

}  // namespace tractor
