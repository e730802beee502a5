#include "tractor/runtime/actor_nursery.hpp"

#include <algorithm>

#include "runtime/child_actor.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/log/spec.hpp"
#include "tractor/plugin/registry.hpp"

namespace tractor {

using detail::child_actor;

namespace {
// What is wrong here would be the death of the child, told late and from afar.
void check_options(const std::string& name, const actor_options& options) {
  try {
    for (const std::string& key : options.transports()) plugin::registry::instance().transport(key);
    for (const int number : options.null_stdio())
      if (number < 0 || number > 2)
        throw std::invalid_argument("null_stdio takes 0, 1 or 2, and not " + std::to_string(number));
    if (!options.loglevel().empty()) log::parse_spec(options.loglevel());
  } catch (const std::exception& error) {
    throw std::invalid_argument("cannot start '" + name + "': " + error.what());
  }
}
}  // namespace

actor_nursery::actor_nursery() { detail::actor_runtime::current(); }
actor_nursery::~actor_nursery() = default;

void actor_nursery::enter(task_nursery& tasks) {
  if (std::exchange(entered_, true)) throw std::logic_error("an actor nursery is entered once");
  tasks.ending_ = &ending_;
  tasks_ = &tasks;
  // Asked to end before it began.
  if (ending_.cancel_called) cancel();
}

task<portal> actor_nursery::start_actor(std::string name, actor_options options) {
  if (options.lives() == lifetime::until_result)
    throw std::invalid_argument("start_actor: '" + name +
                                "' makes no call, so there is no result to live until; use run_in_actor");
  return start(std::move(name), std::move(options), nullptr);
}

task<portal> actor_nursery::start(std::string name, actor_options options,
                                  std::shared_ptr<detail::run_once_state> once) {
  if (once && options.lives().value_or(lifetime::until_result) != lifetime::until_result)
    throw std::invalid_argument(
        "run_in_actor: '" + name +
        "' makes one call and lives until its result; use start_actor, or a supervisor");
  if (detail::actor_runtime::current().cancel_requested())
    throw runtime_failure("this actor is ending: it starts no children");
  check_options(name, options);
  task_nursery& tasks = this->tasks();
  auto child = std::make_shared<child_actor>(*this, std::move(name), std::move(options), std::move(once));
  auto live = [](task_status<portal>& status, actor_nursery& nursery,
                 std::shared_ptr<child_actor> one) -> task<> {
    auto booted = [&](portal reached) {
      one->has_booted = true;
      status.started(std::move(reached));
      nursery.end_daemons_if_due();
    };
    co_await one->life.run([&]() -> task<> { co_await one->run(booted); });
  };
  co_return co_await tasks.start(live, std::ref(*this), std::move(child));
}

task_nursery& actor_nursery::tasks() {
  if (!tasks_) throw std::logic_error("the actor nursery is not entered, or its block has been left");
  return *tasks_;
}

void actor_nursery::body_returned() noexcept {
  body_returned_ = true;
  end_daemons_if_due();
  const auto waited_for = std::ranges::find(children_, lifetime::forever, &child_actor::lives);
  if (waited_for != children_.end())
    TRACTOR_LOG(runtime, info, "'{}' lives until it is cancelled: its nursery waits for that",
                (*waited_for)->id().short_form());
}

// Called whenever that may have come to be: results come first, then the daemons that only served them.
void actor_nursery::end_daemons_if_due() noexcept {
  if (!body_returned_) return;
  for (const child_actor* child : children_)
    if (child->lives() != lifetime::until_nursery_ends) return;
  for (child_actor* child : children_)
    if (child->has_booted) child->life.cancel();
}

void actor_nursery::child_gone(child_actor& child) noexcept {
  std::erase(children_, &child);
  end_daemons_if_due();
}

void actor_nursery::cancel() noexcept {
  if (tasks_)
    tasks_->scope().cancel();
  else
    ending_.cancel_called = true;
}

void actor_nursery::cancel_hard() noexcept {
  hard_ = true;
  cancel();
}

bool actor_nursery::cancel_called() noexcept {
  return tasks_ ? tasks_->scope().cancel_called() : ending_.cancel_called;
}

namespace detail {

task<> wait_run_once(std::shared_ptr<run_once_state> state) {
  co_await state->done.wait();
  if (state->error) std::rethrow_exception(state->error);
}

std::string add_alias(const endpoint& of, std::string_view name, std::vector<std::string> parameters) {
  const std::size_t colon = name.find(':');
  if (colon == std::string_view::npos)
    throw std::invalid_argument("expose_as: '" + std::string(name) + "' must be of the form namespace:name");
  endpoint alias = of;
  alias.ns = name.substr(0, colon);
  alias.name = name.substr(colon + 1);
  alias.parameters = std::move(parameters);
  alias.alias_of = of.alias_of.empty() ? of.key() : of.alias_of;
  const std::string key = alias.key();
  if (const endpoint* known = find_endpoint(key); known && known->begin == of.begin) return key;
  return register_endpoint(std::move(alias), reinterpret_cast<const void*>(of.begin)).key();
}

}  // namespace detail
}  // namespace tractor
