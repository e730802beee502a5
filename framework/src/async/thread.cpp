#include "tractor/async/thread.hpp"

#include <csignal>
#include <thread>

#include "async/event_loop.hpp"
#include "tractor/async/checkpoint.hpp"

namespace tractor::detail {

class thread_awaiter final : public suspension, public engine_awaitable {
 public:
  thread_awaiter(thread_job& job, on_thread_cancel policy) noexcept : job_(job), policy_(policy) {}

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> at) noexcept {
    job_.waiter_ = this;
    block(at);
  }
  void await_resume() const {
    if (abandoned_) raise_cancelled();
  }
  void abort() noexcept override {
    if (policy_ == on_thread_cancel::request_stop) job_.request_stop();
    if (policy_ != on_thread_cancel::abandon) return;
    job_.waiter_ = nullptr;
    abandoned_ = true;
    task_->loop.add_outside_work(-1);
    wake();
  }
  void finished() noexcept {
    task_->loop.add_outside_work(-1);
    wake();
  }

 private:
  thread_job& job_;
  const on_thread_cancel policy_;
  bool abandoned_ = false;
};

// Called on the loop's thread when a worker has ended.
void event_loop::job_done(thread_job& job) {
  thread_slots_.release();
  if (job.waiter_) std::exchange(job.waiter_, nullptr)->finished();
}

namespace {

// The link is held while posting, so that the loop cannot be taken down under the post; an abandoned thread
// finds it cut. The last reference to the job goes along: what the job holds dies on the loop's thread.
void work(std::shared_ptr<thread_job> job, const std::shared_ptr<thread_link>& link) {
  job->run();
  std::lock_guard held(link->mutex);
  if (event_loop* loop = link->loop)
    post_to_loop(*loop, [loop, job = std::move(job)] { loop->job_done(*job); });
}

// A worker inherits the mask of the thread that starts it: with everything blocked, signals go to the loop's
// own thread, where somebody waits for them.
void start_worker(std::shared_ptr<thread_job> job, std::shared_ptr<thread_link> link) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  try {
    std::thread([job = std::move(job), link = std::move(link)]() mutable {
      work(std::move(job), link);
    }).detach();
  } catch (...) {
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

task<> run_job(std::shared_ptr<thread_job> job, on_thread_cancel policy) {
  event_loop& loop = current_task().loop;
  auto slot = co_await loop.thread_slots().acquire();
  raise_if_cancelled();
  start_worker(job, loop.link());
  slot.keep();
  loop.add_outside_work(1);
  co_await thread_awaiter(*job, policy);
}

}  // namespace tractor::detail
