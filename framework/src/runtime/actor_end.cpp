// How an actor is asked to end, answers, and ends.
#include <algorithm>

#include "runtime/actor_runtime.hpp"
#include "runtime/nemesis.hpp"
#include "tractor/async/exception_group.hpp"
#include "tractor/async/task_tree.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/log/logger.hpp"

namespace tractor::detail {

void actor_runtime::cancel_soon() noexcept { request_cancel(self_); }

void actor_runtime::request_cancel(const actor_id& who, cancel_cause why, std::shared_ptr<link> via,
                                   std::string cid) {
  const std::optional<time_point> deadline = why.deadline;
  if (canceller_.empty()) {
    canceller_ = who;
    cause_ = std::move(why);
    TRACTOR_LOG(runtime, cancel, "cancelled by '{}'", who.short_form());
  }
  cause_.join(deadline);
  if (calls_end_) calls_end_->set_deadline(std::min(calls_end_->deadline(), answers_by()));
  if (via && acknowledges_at_once_) return acknowledge(*via, cid);
  if (via) to_acknowledge_.emplace_back(std::move(via), std::move(cid));
  if (nemesis_waits && !cancel_event_.is_set()) pass_failure_point(failure_point::cancelled);
  if (via == nullptr && cancel_event_.is_set()) return;
  cancel_event_.set();
}

cancel_cause actor_runtime::cause_of_cancel(std::string otherwise) const {
  const auto known = [&](const actor_id& canceller, cancel_cause why) {
    if (why.origin.empty()) why.origin = canceller;
    if (why.reason.empty()) why.reason = std::move(otherwise);
    return why;
  };
  for (const auto& [uuid, via] : links_)
    if (const served_call* const call = via->cancelled_call_around(current_task().scope))
      return known(call->canceller, call->why);
  if (cancel_requested()) return known(canceller_, cause_);
  return known(self_, {});
}

// Half of what they wait: the answer takes a while to come to them.
time_point actor_runtime::answers_by() const noexcept {
  return deadline_in(cause_.bound(config_.timeouts.cancel_ack.value()) / 2);
}

void actor_runtime::acknowledge(link& via, const std::string& cid) const {
  const bool ended =
      std::ranges::all_of(links_, [](const auto& at) { return at.second->served_count() == 0; });
  via.acknowledge(cid, ended ? "ended" : "ending");
}

// Who asks after that is answered at once.
task<> actor_runtime::acknowledge_cancel() {
  acknowledges_at_once_ = true;
  std::vector<std::shared_ptr<link>> told;
  for (auto& [via, cid] : to_acknowledge_) {
    acknowledge(*via, cid);
    told.push_back(std::move(via));
  }
  to_acknowledge_.clear();
  co_await flush_all(std::move(told), cause_.bound(config_.timeouts.cancel_ack.value()));
}

task<> actor_runtime::flush_all(std::vector<std::shared_ptr<link>> links, duration bound) {
  auto all = [&](task_nursery& tasks) -> task<> {
    for (auto& via : links)
      tasks.start_soon(
          task_name("last words"), [](std::shared_ptr<link> to) { return to->chan().flush(); }, via);
    co_return;
  };
  co_await move_on_after(bound, open_task_nursery(all));
}

task<> actor_runtime::teardown() {
  if (nemesis_waits) pass_failure_point(failure_point::teardown);
  ending_ = true;
  const actor_id who = canceller_.empty() ? self_ : canceller_;
  // Copied: connections may end while we look.
  std::vector<std::shared_ptr<link>> open;
  for (auto& [uuid, via] : links_) open.push_back(via);
  for (auto& via : open) via->cancel_served(who, cause_);
  auto calls_end = [&]() -> task<> {
    for (auto& via : open) co_await via->wait_served();
  };
  // A call may itself be waiting for children to be killed: acknowledge within the peer's bound, then go on
  // waiting.
  cancel_scope in_time(answers_by());
  calls_end_ = &in_time;
  co_await in_time.run(calls_end);
  calls_end_ = nullptr;
  // Before the acknowledgement: who has that must not find us any more.
  if (discovery_) co_await discovery_->leave(*this);
  co_await acknowledge_cancel();
  co_await calls_end();
  server_->cancel();
  while (!lifetime_.empty()) {
    auto callback = std::move(lifetime_.back());
    lifetime_.pop_back();
    try {
      callback();
    } catch (...) {
      TRACTOR_LOG(runtime, error, "a callback at the end of '{}' failed: {}", self_.short_form(),
                  describe(std::current_exception()));
    }
  }
  co_await flush_all(open, config_.timeouts.peers.value());
  for (auto& via : open) {
    if (!via->connected()) continue;
    via->on_end = nullptr;
    via->chan().close();
  }
}

}  // namespace tractor::detail
