#include "tractor/runtime/supervisor.hpp"

#include "runtime/child_actor.hpp"
#include "runtime/supervision.hpp"
#include "tractor/async/checkpoint.hpp"

namespace tractor {

namespace detail {

namespace {

/// A life that is a process.
class actor_life final : public child_life {
 public:
  actor_life(actor_nursery& nursery, const std::string& name, const actor_options& options,
             const endpoint* what, const msg::buffer& args) {
    if (actor_runtime::current().cancel_requested())
      throw runtime_failure("this actor is ending: it starts no children");
    if (what) {
      once_ = std::make_shared<run_once_state>();
      once_->what = what;
      once_->args = args;
    }
    child_ = std::make_shared<child_actor>(nursery, name, options, once_);
  }

  task<> run(const std::function<void(portal)>& booted) override { return child_->run(booted); }
  actor_id who() const override { return child_->id(); }
  msg::byte_view value() const noexcept override { return once_ ? once_->value.view() : msg::byte_view(); }

 private:
  std::shared_ptr<run_once_state> once_;
  std::shared_ptr<child_actor> child_;
};

task<portal> present_portal(std::shared_ptr<supervised> child) {
  co_await checkpoint();
  for (;;) {
    if (child->state == child_state::ended) {
      if (child->error) std::rethrow_exception(child->error);
      throw runtime_failure("supervised child '" + child->name + "' has ended and is not started again");
    }
    // The connection may be known to be gone before the process is.
    const bool gone = child->present.via() && !child->present.connected();
    if (child->state == child_state::running && !gone) co_return child->present;
    co_await child->changed.wait();
    // What woke us may have cancelled us as well.
    checkpoint_if_cancelled();
  }
}

task<> wait_ended(std::shared_ptr<supervised> child) {
  co_await checkpoint();
  while (child->state != child_state::ended) {
    co_await child->changed.wait();
    checkpoint_if_cancelled();
  }
  if (child->error) std::rethrow_exception(child->error);
}

}  // namespace

msg::byte_view supervised_value(const supervised& child) {
  if (!child.has_result)
    throw runtime_failure("supervised child '" + child.name + "' was ended before it had a result");
  return child.value.view();
}

}  // namespace detail

const std::string& supervised_child::name() const noexcept { return state_->name; }
child_state supervised_child::state() const noexcept { return state_->state; }
std::size_t supervised_child::restarts() const noexcept { return state_->restarts; }
task<portal> supervised_child::portal() const { return detail::present_portal(state_); }
task<> supervised_child::wait() const { return detail::wait_ended(state_); }
void supervised_child::cancel() const noexcept {
  if (state_->owner) state_->owner->stop(*state_);
}

supervisor::supervisor(supervisor_options options)
    : engine_(std::make_unique<detail::supervision>(options,
                                                    detail::actor_runtime::current().id().short_form())) {}
supervisor::~supervisor() = default;

void supervisor::enter(actor_nursery& nursery) {
  nursery_ = &nursery;
  engine_->enter(nursery.tasks());
}

void supervisor::body_returned() { engine_->leave_soon(); }
void supervisor::cancel() noexcept { nursery_->cancel(); }
void supervisor::cancel_hard() noexcept { nursery_->cancel_hard(); }
bool supervisor::cancel_called() noexcept { return nursery_->cancel_called(); }
std::size_t supervisor::child_count() const noexcept { return engine_->child_count(); }
std::vector<restart_record> supervisor::history() const { return engine_->history(); }
task_nursery& supervisor::tasks() { return nursery_->tasks(); }

task<supervised_child> supervisor::start_actor(child_spec spec) {
  auto child = co_await start(std::move(spec), lifetime::forever, nullptr, msg::buffer());
  co_return supervised_child(std::move(child));
}

task<std::shared_ptr<detail::supervised>> supervisor::start(child_spec spec, lifetime by_default,
                                                            const detail::endpoint* what, msg::buffer args) {
  const lifetime lives = spec.options_.lives().value_or(by_default);
  const bool until_result = lives == lifetime::until_result;
  const restart_type restart =
      spec.restart_.value_or(until_result ? restart_type::transient : restart_type::permanent);
  if (until_result && !what)
    throw std::invalid_argument("start_actor: '" + spec.name_ +
                                "' makes no call, so there is no result to live until; use run_in_actor");
  if (until_result && restart == restart_type::permanent)
    throw std::invalid_argument("run_in_actor: '" + spec.name_ +
                                "' lives until its result, so it cannot be permanent");
  // How long it lives is the engine's matter: for the nursery below it is one that ends by itself.
  spec.options_.lives(lifetime::until_result);
  auto begin = [nursery = nursery_, name = spec.name_, options = std::move(spec.options_), what,
                args = std::move(args)]() -> std::unique_ptr<detail::child_life> {
    return std::make_unique<detail::actor_life>(*nursery, name, options, what, args);
  };
  auto child = std::make_shared<detail::supervised>(spec.name_, lives, restart, std::move(begin));
  co_await engine_->add(child);
  co_return child;
}

}  // namespace tractor
