#include "runtime/supervision.hpp"

#include <algorithm>
#include <limits>
#include <random>

#include "tractor/async/cleanup.hpp"
#include "tractor/async/exception_group.hpp"
#include "tractor/log/logger.hpp"

namespace tractor::detail {

namespace {
constexpr std::size_t nobody = std::numeric_limits<std::size_t>::max();
constexpr std::size_t kept_records = 100;

bool is_ended(const std::shared_ptr<supervised>& child) { return child->state == child_state::ended; }
bool is_waiting(const std::shared_ptr<supervised>& child) { return child->state == child_state::waiting; }
bool is_in_first_boot(const supervised& child) { return child.state == child_state::starting && !child.born; }
}  // namespace

supervision::supervision(const supervisor_options& options, std::string who)
    : options_(options), who_(std::move(who)), backoff_(options.backoff()) {
  if (grouped()) all_ = std::make_shared<restart_group>();
  if (!backoff_.seed()) backoff_.seed(std::random_device()());
  TRACTOR_LOG(runtime, debug, "the supervisor in '{}' takes its waits from seed {}", who_, *backoff_.seed());
}

supervision::~supervision() {
  for (const auto& child : children_) {
    if (!is_ended(child)) finish(*child, escalation_);
    child->owner = nullptr;
    // A child and its group hold each other.
    if (child->group) child->group->members.clear();
  }
}

void supervision::forget_ended() {
  for (const auto& child : children_)
    if (is_ended(child) && child->group) std::erase(child->group->members, child);
  std::erase_if(children_, is_ended);
}

bool supervision::grouped() const noexcept {
  return options_.strategy() == restart_strategy::rest_for_one ||
         options_.strategy() == restart_strategy::one_for_all;
}

std::size_t supervision::child_count() const noexcept {
  return children_.size() - static_cast<std::size_t>(std::ranges::count_if(children_, is_ended));
}

task<> supervision::add(std::shared_ptr<supervised> child) {
  // What it depends on must be there.
  while (all_ && all_->busy) co_await all_->changed.wait();
  if (left_) throw runtime_failure("the supervisor has ended its children: it starts no more");
  forget_ended();
  child->owner = this;
  child->number = next_number_++;
  child->group = all_ ? all_ : std::make_shared<restart_group>();
  child->group->members.push_back(child);
  children_.push_back(child);
  const std::exception_ptr error = co_await begin_life(child);
  if (!error) co_return;
  const bool wanted = child->wanted;
  finish(*child, nullptr);
  if (!wanted && !holds_cancelled(error))
    throw runtime_failure("supervised child '" + child->name + "' was ended before it had booted");
  std::rethrow_exception(error);
}

// Waits until the child has booted; yields why it has not.
task<std::exception_ptr> supervision::begin_life(std::shared_ptr<supervised> child) {
  auto begin = [this](task_status<>& status, std::shared_ptr<supervised> one) {
    return live(status, std::move(one));
  };
  std::exception_ptr error;
  try {
    co_await tasks_->start(task_name("life of '" + child->name + "'"), begin, child);
  } catch (...) {
    error = std::current_exception();
  }
  co_return error;
}

// One life, and what its end means. An error before the boot is done is the starter's.
task<> supervision::live(task_status<>& status, std::shared_ptr<supervised> child) {
  std::exception_ptr error;
  bool cut = false;
  {
    cancel_scope scope;
    child->scope = &scope;
    if (!child->wanted) scope.cancel();
    auto booted = [&](portal reached) {
      child->present = std::move(reached);
      child->up_since = current_time();
      child->born = true;
      child->state = child_state::running;
      child->changed.notify_all();
      status.started();
    };
    auto body = [&]() -> task<> {
      child->life = child->begin();
      co_await child->life->run(booted);
    };
    try {
      timed<> done = co_await scope.run(body);
      cut = done.cancelled_caught();
    } catch (...) {
      error = std::current_exception();
    }
    child->scope = nullptr;
  }
  const bool was_up = child->state == child_state::running;
  // Where all of it is being ended nothing is started again, so that nobody would hear of the error.
  const bool ends = tasks_->scope().cancel_called() || current_effective_deadline() <= current_time();
  if (error && (!was_up || ends || holds_cancelled(error))) std::rethrow_exception(error);
  if (was_up) life_over(*child, std::move(error), cut);
}

void supervision::life_over(supervised& child, std::exception_ptr error, bool cut) {
  child.present = portal();
  const bool by_itself = !cut && !error;
  if (by_itself && child.life) {
    child.value = msg::buffer(child.life->value());
    child.has_result = true;
  }
  const bool again =
      options_.strategy() != restart_strategy::one_cancels_all &&
      (by_itself ? child.restart == restart_type::permanent : child.restart != restart_type::temporary);
  if (!child.wanted) return finish(child, std::move(error));
  if (by_itself && !again) return finish(child, nullptr);
  if (child.gives_way || (error && again && covered(child))) {
    // Its end belongs to that of another one, whatever it looks like.
    if (error) TRACTOR_LOG(runtime, info, "'{}' failed beside another one: {}", child.name, describe(error));
    child.gives_way = false;
    if (!again) return finish(child, nullptr);
    child.due = current_time();
    child.state = child_state::waiting;
    child.changed.notify_all();
    child.group->changed.notify_all();
    return;
  }
  if (again) return failed(child, std::move(error));
  finish(child, error);
  if (options_.strategy() == restart_strategy::one_cancels_all) std::rethrow_exception(error);
  TRACTOR_LOG(runtime, warning, "temporary child '{}' failed: {}", child.name, describe(error));
}

// True when a restart that is due, but has not begun, will end and start this child too.
bool supervision::covered(const supervised& child) const noexcept {
  if (child.group->starting) return false;
  const std::size_t from = first_to_restart(*child.group);
  const auto& members = child.group->members;
  for (std::size_t i = 0; i < members.size(); ++i)
    if (members[i].get() == &child) return i > from || (i == from && !is_waiting(members[i]));
  return false;
}

// A restart is due; throws the escalation if it is one too many.
void supervision::failed(supervised& child, std::exception_ptr why) {
  const time_point now = current_time();
  restart_record record;
  record.child = child.name;
  if (child.life) record.who = child.life->who();
  record.when = std::chrono::system_clock::now();
  if (child.state == child_state::running) record.uptime = std::max(now - child.up_since, duration(1));
  record.why = why;
  if (record.uptime >= options_.period()) child.failures_in_a_row = 0;
  while (!recent_.empty() && now - recent_.front() > options_.period()) recent_.pop_front();
  if (recent_.size() >= options_.allowed_restarts()) {
    note(std::move(record));
    finish(child, why);
    // Only the first one: what fails from here on fails because all is being ended.
    if (escalation_) return;
    escalation_ = std::make_exception_ptr(
        too_many_restarts(who_, options_.allowed_restarts(), options_.period(), history(), forgotten_));
    std::rethrow_exception(escalation_);
  }
  recent_.push_back(now);
  const duration wait = backoff_.delay(child.number, ++child.failures_in_a_row);
  record.wait = wait;
  TRACTOR_LOG(runtime, warning, "restart: {}", record.text());
  note(std::move(record));
  child.due = now + wait;
  child.state = child_state::waiting;
  child.life.reset();
  child.changed.notify_all();
  child.group->changed.notify_all();
  restart_soon(child.group);
}

void supervision::note(restart_record record) {
  history_.push_back(std::move(record));
  if (history_.size() <= kept_records) return;
  history_.pop_front();
  ++forgotten_;
}

void supervision::finish(supervised& child, std::exception_ptr error) noexcept {
  child.state = child_state::ended;
  child.error = std::move(error);
  child.present = portal();
  child.life.reset();
  child.changed.notify_all();
  child.group->changed.notify_all();
  child_ended_.notify_all();
}

void supervision::stop(supervised& child) noexcept {
  child.wanted = false;
  if (child.state == child_state::waiting)
    finish(child, nullptr);
  else if (child.scope)
    child.scope->cancel();
}

void supervision::restart_soon(const std::shared_ptr<restart_group>& group) {
  if (std::exchange(group->busy, true)) return;
  tasks_->start_soon(
      task_name("restarts"), [this](std::shared_ptr<restart_group> of) { return restart(std::move(of)); },
      group);
}

task<> supervision::restart(std::shared_ptr<restart_group> group) {
  for (;;) {
    const std::size_t from = first_to_restart(*group);
    if (from == nobody) break;
    co_await give_way(*group, from);
    const bool due = co_await wait_until_due(*group, from);
    if (!due) continue;
    group->starting = true;
    co_await start_again(*group, from);
    group->starting = false;
  }
  group->busy = false;
  group->changed.notify_all();
}

// The first member that is to be up and is not; with one_for_all all begins at the first one.
std::size_t supervision::first_to_restart(const restart_group& group) const noexcept {
  const auto first = std::ranges::find_if(group.members, is_waiting);
  if (first == group.members.end()) return nobody;
  return options_.strategy() == restart_strategy::one_for_all
             ? 0
             : static_cast<std::size_t>(first - group.members.begin());
}

// Ends what runs from that member on, the last one first. Nobody is added meanwhile.
task<> supervision::give_way(restart_group& group, std::size_t from) {
  for (std::size_t i = group.members.size(); i-- > from;) {
    const std::shared_ptr<supervised> child = group.members[i];
    while (is_in_first_boot(*child)) co_await child->changed.wait();
    if (child->state != child_state::running) continue;
    child->gives_way = true;
    if (child->scope) child->scope->cancel();
    while (child->state == child_state::running) co_await child->changed.wait();
  }
}

// False when there is another thing to do before that.
task<bool> supervision::wait_until_due(restart_group& group, std::size_t from) {
  for (;;) {
    if (first_to_restart(group) != from) co_return false;
    time_point due = time_point::min();
    for (const auto& child : group.members)
      if (is_waiting(child)) due = std::max(due, child->due);
    if (due <= current_time()) co_return true;
    co_await move_on_at(due, [&]() -> task<> { co_await group.changed.wait(); });
  }
}

task<> supervision::start_again(restart_group& group, std::size_t from) {
  for (std::size_t i = from; i < group.members.size(); ++i) {
    const std::shared_ptr<supervised> child = group.members[i];
    if (!is_waiting(child)) continue;
    const bool up = co_await start_again(child);
    if (!up) co_return;
    // Another one that comes before has ended: that is where to begin again.
    const auto first = std::ranges::find_if(group.members, is_waiting);
    if (first - group.members.begin() <= static_cast<std::ptrdiff_t>(i)) co_return;
  }
}

task<bool> supervision::start_again(std::shared_ptr<supervised> child) {
  child->state = child_state::starting;
  child->changed.notify_all();
  ++child->restarts;
  const std::exception_ptr error = co_await begin_life(child);
  if (!error) co_return true;
  if (holds_cancelled(error)) std::rethrow_exception(error);
  if (!child->wanted)
    finish(*child, nullptr);
  else
    failed(*child, error);
  co_return !child->wanted;
}

void supervision::leave_soon() {
  tasks_->start_soon(task_name("exit of the supervisor"), [this] { return leave(); });
}

task<> supervision::leave() {
  const auto holds = [](const std::shared_ptr<supervised>& child) {
    return !is_ended(child) && child->lives != lifetime::until_nursery_ends;
  };
  for (bool said = false; std::ranges::any_of(children_, holds);) {
    const auto for_ever = std::ranges::find_if(
        children_, [](const auto& child) { return !is_ended(child) && child->lives == lifetime::forever; });
    if (!std::exchange(said, true) && for_ever != children_.end())
      TRACTOR_LOG(runtime, info, "'{}' lives until it is cancelled: its supervisor waits for that",
                  (*for_ever)->name);
    co_await child_ended_.wait();
  }
  left_ = true;
  const std::vector<std::shared_ptr<supervised>> rest(children_.rbegin(), children_.rend());
  for (const auto& child : rest) {
    while (is_in_first_boot(*child)) co_await child->changed.wait();
    if (is_ended(child)) continue;
    stop(*child);
    while (grouped() && !is_ended(child)) co_await child->changed.wait();
  }
}

}  // namespace tractor::detail
