// A supervisor: a nursery of actors that starts failed children again.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tractor/runtime/actor_nursery.hpp"
#include "tractor/runtime/restarts.hpp"

namespace tractor {

/// What the end of one child means for the others.
enum class restart_strategy {
  one_cancels_all,  ///< no restarts: the error cancels all children and is raised, as in `open_nursery`
  one_for_one,      ///< only that child is started again
  rest_for_one,     ///< that child and those started after it, which depend on it
  one_for_all,      ///< all children
};

/// Which ends of a child call for a restart; the words are those of Erlang/OTP.
enum class restart_type {
  permanent,  ///< every end
  transient,  ///< an end by an error; a clean one is the end for good
  temporary,  ///< none
};

/// Where a supervised child is in its life.
enum class child_state {
  starting,  ///< its process is booting
  running,   ///< it can be called
  waiting,   ///< it has ended and is about to be started again
  ended,     ///< it has ended for good
};

/// How a supervisor restarts. A value; setters return itself.
class TRACTOR_API supervisor_options {
 public:
  explicit supervisor_options(restart_strategy how = restart_strategy::one_cancels_all) : strategy_(how) {}

  /// At most `restarts` within any span of `period`, of all children together; one more is an escalation:
  /// all are ended and `too_many_restarts` is raised. A failure that takes others along counts once.
  /// Default: 3 within 5 s.
  supervisor_options& intensity(std::size_t restarts, duration period) {
    return allowed_ = restarts, period_ = period, *this;
  }
  /// How long to wait before each restart. A child that ran for the period of the intensity or longer begins
  /// again with the first wait.
  supervisor_options& backoff(restart_backoff waits) { return backoff_ = waits, *this; }

  restart_strategy strategy() const noexcept { return strategy_; }
  std::size_t allowed_restarts() const noexcept { return allowed_; }
  duration period() const noexcept { return period_; }
  const restart_backoff& backoff() const noexcept { return backoff_; }

 private:
  restart_strategy strategy_;
  std::size_t allowed_ = 3;
  duration period_ = std::chrono::seconds(5);
  restart_backoff backoff_;
};

/// The options of each strategy that restarts, in one word.
inline supervisor_options one_for_one() { return supervisor_options(restart_strategy::one_for_one); }
inline supervisor_options rest_for_one() { return supervisor_options(restart_strategy::rest_for_one); }
inline supervisor_options one_for_all() { return supervisor_options(restart_strategy::one_for_all); }

/// What to start, and start again: a name, how the process is made, when to restart it. A value.
///
/// A name alone is one, so that `sv.start_actor("adder", ...)` reads as in a nursery. The options' `lives`
/// says how long the child lives. Unless it is told otherwise a child that lives until its result is
/// transient, and any other is permanent.
class TRACTOR_API child_spec {
 public:
  child_spec(std::string name, actor_options options = {})
      : name_(std::move(name)), options_(std::move(options)) {}
  child_spec(const char* name, actor_options options = {})
      : child_spec(std::string(name), std::move(options)) {}
  /// What a nursery starts, a supervisor starts too.
  child_spec(actor_spec from) : child_spec(std::move(from.name_), std::move(from.options_)) {}

  child_spec& lives(lifetime how_long) { return options_.lives(how_long), *this; }
  child_spec& permanent() { return restart_ = restart_type::permanent, *this; }
  child_spec& transient() { return restart_ = restart_type::transient, *this; }
  /// Its failure is kept for who asks the handle, and harms nobody else.
  child_spec& temporary() { return restart_ = restart_type::temporary, *this; }

  const std::string& name() const noexcept { return name_; }
  const actor_options& options() const noexcept { return options_; }
  std::optional<restart_type> restart() const noexcept { return restart_; }

 private:
  friend class supervisor;
  std::string name_;
  actor_options options_;
  std::optional<restart_type> restart_;
};

namespace detail {
class supervised;
class supervision;
class child_life;
TRACTOR_API msg::byte_view supervised_value(const supervised& child);
}  // namespace detail

/// One child of a supervisor, through all of its restarts. A small value; copies mean the same child.
///
/// It may outlive the supervisor: then the child has ended. Loop thread only.
class TRACTOR_API supervised_child {
 public:
  const std::string& name() const noexcept;
  child_state state() const noexcept;
  /// Counts how often it was started again.
  std::size_t restarts() const noexcept;

  /// The portal to the process that the child is at present; during a restart, waits for it. A checkpoint.
  ///
  /// Calls under way when the process dies fail with its `actor_failure`; a call through a portal that was
  /// taken before a restart fails likewise: take another one. Throws the child's error when it has failed for
  /// good, `runtime_failure` when it has ended otherwise.
  task<tractor::portal> portal() const;
  /// Waits until the child has ended for good. A checkpoint. Throws its error if that is why.
  task<> wait() const;
  /// Ends the child for good; returns at once, `wait` tells when it is reaped. Not a checkpoint.
  void cancel() const noexcept;

  /// For the runtime's own use.
  explicit supervised_child(std::shared_ptr<detail::supervised> state) : state_(std::move(state)) {}

 protected:
  std::shared_ptr<detail::supervised> state_;
};

/// A supervised child that makes a call.
template <class R> class supervised_result : public supervised_child {
 public:
  using supervised_child::supervised_child;
  /// Waits until the child has ended for good, and yields what its function returned in the end. A
  /// checkpoint. Throws its error, or `runtime_failure` when it was ended before it had a result.
  task<R> wait_for_result() const {
    co_await wait();
    const msg::byte_view encoded = detail::supervised_value(*state_);
    if constexpr (!std::is_void_v<R>) {
      R value;
      msg::decode_all(encoded, value);
      co_return value;
    }
  }
};

/// A nursery whose children are restarted as its options say.
///
/// Leaving it: once the body has returned, children that live `until_result` or `forever` are waited for, and
/// restarted meanwhile; then those that live `until_nursery_ends` are ended, where one may depend on another
/// in the reverse order of their start, else side by side. An error in the body, an escalation or a cancel
/// ends all of them side by side, those that are waiting or starting too. Made by `open_supervisor`; neither
/// copied nor moved. Loop thread only.
class TRACTOR_API supervisor {
 public:
  /// Starts a child that serves what its options expose; returns once it has booted. A checkpoint.
  ///
  /// This first boot is the caller's matter: its failure is thrown here and not tried again. Lives `forever`
  /// by default.
  task<supervised_child> start_actor(child_spec spec);

  /// Starts a child that calls `Fn(args...)`; with each restart the call is made again, with the same
  /// arguments. A checkpoint.
  ///
  /// An error of the call is a failure of the child. Lives `until_result` by default.
  template <auto Fn, class... A> auto run_in_actor(child_spec spec, A&&... args) {
    using result = typename detail::function_traits<decltype(Fn)>::result;
    spec.options_.template expose<Fn>();
    msg::buffer encoded = detail::check_and_encode<Fn>(std::forward<A>(args)...);
    return start_call<result>(std::move(spec), detail::endpoint_of<Fn>(), std::move(encoded));
  }

  /// Asks every child to end for good, in parallel; the body is cancelled too. Not a checkpoint.
  void cancel() noexcept;
  /// The same with SIGTERM at once in place of the request.
  void cancel_hard() noexcept;
  /// True once `cancel` was called or an error has cancelled the supervisor.
  bool cancel_called() noexcept;
  /// Counts the children that have not ended for good.
  std::size_t child_count() const noexcept;
  /// The restarts so far, the oldest first; of a long life the latest 100.
  std::vector<restart_record> history() const;
  /// Tasks of the body's own, which end with the supervisor; they may start children while it is open.
  task_nursery& tasks();

  supervisor(const supervisor&) = delete;
  supervisor& operator=(const supervisor&) = delete;

 private:
  template <class F> friend auto open_supervisor(supervisor_options options, F&& body);
  template <class T, class F> static task<T> open_impl(supervisor_options options, F body);
  explicit supervisor(supervisor_options options);
  ~supervisor();
  void enter(actor_nursery& nursery);
  void body_returned();
  task<std::shared_ptr<detail::supervised>> start(child_spec spec, lifetime by_default,
                                                  const detail::endpoint* what, msg::buffer args);
  template <class R>
  task<supervised_result<R>> start_call(child_spec spec, const detail::endpoint& what, msg::buffer args) {
    auto state = co_await start(std::move(spec), lifetime::until_result, &what, std::move(args));
    co_return supervised_result<R>(std::move(state));
  }

  actor_nursery* nursery_ = nullptr;
  std::unique_ptr<detail::supervision> engine_;
};

template <class T, class F> task<T> supervisor::open_impl(supervisor_options options, F body) {
  supervisor outer(options);
  auto inside = [&](actor_nursery& nursery) -> task<T> {
    outer.enter(nursery);
    if constexpr (std::is_void_v<T>) {
      co_await detail::call_body(body, outer);
      outer.body_returned();
    } else {
      T value = co_await detail::call_body(body, outer);
      outer.body_returned();
      co_return value;
    }
  };
  co_return co_await open_nursery(inside);
}

/// Runs `body(supervisor&)`, then waits for the children it started and ends them; yields the body's value.
///
/// Throws what the body throws; `too_many_restarts` for an escalation, or, when there are no restarts, the
/// error of the child. Throws `no_runtime` outside of an actor.
template <class F> auto open_supervisor(supervisor_options options, F&& body) {
  TRACTOR_CHECK_BODY(F, supervisor, "[&](supervisor& sv) -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, supervisor>;
  return supervisor::open_impl<value, detail::held<F>>(std::move(options), std::forward<F>(body));
}

}  // namespace tractor
