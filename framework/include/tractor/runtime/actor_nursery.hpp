// A nursery of actors: child processes that do not outlive the block that started them.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tractor/async/event.hpp"
#include "tractor/async/task_nursery.hpp"
#include "tractor/plugin/any_address.hpp"
#include "tractor/runtime/portal.hpp"

namespace tractor {

/// How long a child is to live, and so what the block that started it waits for.
enum class lifetime {
  until_result,        ///< until its one call has a result; the block waits for that
  until_nursery_ends,  ///< as long as the block needs it: it is ended once nothing else is waited for
  forever,             ///< until somebody cancels it; the block waits for that
};

/// How a child is made and what it may do. A value; setters return itself.
class TRACTOR_API actor_options {
 public:
  actor_options() {}

  /// Lets the child serve these functions, and no others.
  template <auto... Fn> actor_options& expose() {
    (detail::check_endpoint<Fn>(), ...);
    (exposed_.push_back(detail::endpoint_of<Fn>().key()), ...);
    return *this;
  }
  /// Lets the child serve `Fn` under a plain name ("math:add") with named parameters, for peers in other
  /// languages; in those it is called by that name, too.
  template <auto Fn, class... Names>
  actor_options& expose_as(std::string_view name, const Names&... parameters);

  /// The transports that the child listens on; default: its parent's.
  template <class... Keys> actor_options& enable_transports(const Keys&... keys) {
    (transports_.emplace_back(keys), ...);
    return *this;
  }
  /// Addresses, in any form, that the child listens on; default: one random address for each transport.
  template <class... Any> actor_options& bind_addrs(const Any&... addresses) {
    (bind_addrs_.push_back(any_address(addresses).text()), ...);
    return *this;
  }
  /// Addresses, in any form, that the child says it can be reached at; default: those it listens on.
  template <class... Any> actor_options& advertise_addrs(const Any&... addresses) {
    (advertise_addrs_.push_back(any_address(addresses).text()), ...);
    return *this;
  }
  /// The child's log level or spec; default: its parent's.
  actor_options& loglevel(std::string level) { return loglevel_ = std::move(level), *this; }
  /// Turns debug mode on or off in the child; default: its parent's.
  actor_options& debug_mode(bool on = true) { return debug_mode_ = on, *this; }
  /// How long the child lives; default: `forever` for a daemon, `until_result` for one that makes a call.
  actor_options& lives(tractor::lifetime how_long) { return lives_ = how_long, *this; }
  /// Sets a variable in the child's environment.
  actor_options& env(std::string name, std::string value) {
    return env_.emplace_back(std::move(name), std::move(value)), *this;
  }
  actor_options& working_directory(std::string path) { return working_directory_ = std::move(path), *this; }
  /// Gives descriptor `fd` of this process to the child as number `as`; we keep ours. Number 2 it
  /// has from the end of its boot on: until then its parent reads what it says there.
  actor_options& pass_fd(int fd, int as) { return fds_.emplace_back(fd, as), *this; }
  /// Connects the child's stdin, stdout or stderr (0, 1, 2) to /dev/null.
  actor_options& null_stdio(int number) { return null_stdio_.push_back(number), *this; }

  const std::vector<std::string>& exposed() const noexcept { return exposed_; }
  const std::vector<std::string>& transports() const noexcept { return transports_; }
  const std::vector<std::string>& bind_addrs() const noexcept { return bind_addrs_; }
  const std::vector<std::string>& advertise_addrs() const noexcept { return advertise_addrs_; }
  const std::string& loglevel() const noexcept { return loglevel_; }
  std::optional<bool> debug_mode() const noexcept { return debug_mode_; }
  std::optional<tractor::lifetime> lives() const noexcept { return lives_; }
  const std::vector<std::pair<std::string, std::string>>& env() const noexcept { return env_; }
  const std::string& working_directory() const noexcept { return working_directory_; }
  const std::vector<std::pair<int, int>>& fds() const noexcept { return fds_; }
  const std::vector<int>& null_stdio() const noexcept { return null_stdio_; }

 private:
  std::vector<std::string> exposed_, transports_, bind_addrs_, advertise_addrs_;
  std::string loglevel_, working_directory_;
  std::vector<std::pair<std::string, std::string>> env_;
  std::vector<std::pair<int, int>> fds_;
  std::vector<int> null_stdio_;
  std::optional<bool> debug_mode_;
  std::optional<tractor::lifetime> lives_;
};

/// Options that expose these functions: the common case in one word.
template <auto... Fn> actor_options expose() {
  actor_options options;
  options.expose<Fn...>();
  return options;
}

/// Options that expose `Fn` under a plain name ("math:add") with named parameters.
template <auto Fn, class... Names>
actor_options expose_as(std::string_view name, const Names&... parameters) {
  actor_options options;
  options.expose_as<Fn>(name, parameters...);
  return options;
}

/// Who is to be started: a name, and how the process is made. A value.
///
/// A name alone is one, so that `an.run_in_actor<&f>("worker", ...)` needs no more; with options write
/// `an.run_in_actor<&f>(actor_spec("worker", actor_options().env("LANG", "C")), ...)`.
class TRACTOR_API actor_spec {
 public:
  actor_spec(std::string name, actor_options options = {})
      : name_(std::move(name)), options_(std::move(options)) {}
  actor_spec(const char* name, actor_options options = {})
      : actor_spec(std::string(name), std::move(options)) {}

  const std::string& name() const noexcept { return name_; }
  const actor_options& options() const noexcept { return options_; }

 private:
  friend class actor_nursery;
  friend class child_spec;
  std::string name_;
  actor_options options_;
};

namespace detail {
class child_actor;

/// The one call of a `run_in_actor` child.
class TRACTOR_API run_once_state {
 public:
  const endpoint* what = nullptr;
  msg::buffer args;
  msg::buffer value;  // the encoded result
  std::exception_ptr error;
  event done;
};
TRACTOR_API task<> wait_run_once(std::shared_ptr<run_once_state> state);
/// Registers a copy of an endpoint under a plain name; yields its key.
TRACTOR_API std::string add_alias(const endpoint& of, std::string_view name,
                                  std::vector<std::string> parameters);
}  // namespace detail

/// A place where actors live: leaving it waits for, or ends, and always reaps each of them.
///
/// The first error, in the body or in a child, cancels the others; one error is raised bare, several as a
/// group. Once the body has returned, the children that have a result to give are waited for; then daemons
/// that live `until_nursery_ends` are ended, side by side; daemons that live `forever` are waited for until
/// somebody cancels them. Made by `open_nursery`, or by hand and entered with `run`; neither copied nor
/// moved. Loop thread only.
class TRACTOR_API actor_nursery {
 public:
  /// Makes a nursery that `run` enters, for who wants to ask it something after its block. Throws
  /// `no_runtime`.
  actor_nursery();
  ~actor_nursery();

  /// Runs `body` in this nursery, once, as `open_nursery` does.
  template <class F> auto run(F&& body) {
    TRACTOR_CHECK_BODY(F, actor_nursery, "[&](actor_nursery& an) -> task<> {...}");
    using value = detail::body_value<std::remove_reference_t<F>, actor_nursery>;
    return run_impl<value, detail::held<F>>(*this, std::forward<F>(body));
  }

  /// Starts a daemon actor; yields its portal once it has booted. A checkpoint.
  ///
  /// Throws `actor_failure` (with the exit status and the tail of its stderr) when it dies in its boot; after
  /// an error or a cancel no process is left. A daemon has no result to live for: asking for that is a
  /// `std::invalid_argument`.
  task<portal> start_actor(std::string name, actor_options options = {});

  /// Starts an actor that calls `Fn(args...)` once and ends; its error is an error of this nursery. A
  /// checkpoint.
  ///
  /// The options may expose more functions than `Fn`. It lives until its result: asking for another life is
  /// a `std::invalid_argument`.
  template <auto Fn, class... A> auto run_in_actor(actor_spec child, A&&... args) {
    detail::check_plain_call<Fn>();
    using result = typename detail::function_traits<decltype(Fn)>::result;
    auto state = std::make_shared<detail::run_once_state>();
    state->what = &detail::endpoint_of<Fn>();
    state->args = detail::check_and_encode<Fn>(std::forward<A>(args)...);
    child.options_.template expose<Fn>();
    return start_once<result>(std::move(child.name_), std::move(child.options_), std::move(state));
  }

  /// Asks every child to end, in parallel, each by the kill ladder; the body is cancelled too. Not a
  /// checkpoint.
  void cancel() noexcept;
  /// The same with SIGTERM at once in place of the request.
  void cancel_hard() noexcept;
  /// True once `cancel` was called or an error has cancelled the nursery.
  bool cancel_called() noexcept;
  /// True once the nursery was left and had absorbed its own cancellation: something was cut short by it.
  bool cancelled_caught() const noexcept { return ending_.cancelled_caught; }
  /// Counts the children that are not yet reaped.
  std::size_t child_count() const noexcept { return children_.size(); }
  /// Tasks of the body's own, which end with the nursery. Throws `std::logic_error` outside of its block.
  task_nursery& tasks();

  actor_nursery(const actor_nursery&) = delete;
  actor_nursery& operator=(const actor_nursery&) = delete;

 private:
  friend class detail::child_actor;
  friend class supervisor;
  template <class T, class F> static task<T> run_impl(actor_nursery& self, F body);
  void enter(task_nursery& tasks);
  void body_returned() noexcept;
  void end_daemons_if_due() noexcept;
  void child_gone(detail::child_actor& child) noexcept;
  task<portal> start(std::string name, actor_options options, std::shared_ptr<detail::run_once_state> once);
  template <class R>
  task<result_portal<R>> start_once(std::string name, actor_options options,
                                    std::shared_ptr<detail::run_once_state> state) {
    portal base = co_await start(std::move(name), std::move(options), state);
    co_return result_portal<R>(std::move(base), std::move(state));
  }

  task_nursery* tasks_ = nullptr;  // while it is entered
  std::vector<detail::child_actor*> children_;
  detail::scope_ending ending_;
  bool hard_ = false;
  bool entered_ = false;
  bool body_returned_ = false;
};

// The nursery object outlives the join of its tasks: they are what supervises the children.
template <class T, class F> task<T> actor_nursery::run_impl(actor_nursery& self, F body) {
  struct leave {
    explicit leave(actor_nursery& nursery) : nursery(nursery) {}
    ~leave() { nursery.tasks_ = nullptr; }
    actor_nursery& nursery;
  } at_the_end(self);
  auto inside = [&](task_nursery& tasks) -> task<T> {
    self.enter(tasks);
    if constexpr (std::is_void_v<T>) {
      co_await detail::call_body(body, self);
      self.body_returned();
    } else {
      T value = co_await detail::call_body(body, self);
      self.body_returned();
      co_return value;
    }
  };
  co_return co_await open_task_nursery(inside);
}

namespace detail {
template <class T, class F> task<T> open_nursery_impl(F body) {
  actor_nursery nursery;
  co_return co_await nursery.run(body);
}
}  // namespace detail

/// Runs `body(actor_nursery&)`, then waits for the children it started; yields the body's value.
///
/// A daemon that lives `forever`, as they do by default, is waited for until somebody cancels it. Throws
/// `no_runtime` outside of an actor.
template <class F> auto open_nursery(F&& body) {
  TRACTOR_CHECK_BODY(F, actor_nursery, "[&](actor_nursery& an) -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, actor_nursery>;
  return detail::open_nursery_impl<value, detail::held<F>>(std::forward<F>(body));
}

template <auto Fn, class... Names>
actor_options& actor_options::expose_as(std::string_view name, const Names&... parameters) {
  detail::check_endpoint<Fn>();
  static_assert(sizeof...(Names) == detail::function_traits<decltype(Fn)>::arity,
                "give each parameter of the function a name");
  std::vector<std::string> names;
  (names.emplace_back(parameters), ...);
  exposed_.push_back(detail::add_alias(detail::endpoint_of<Fn>(), name, std::move(names)));
  return *this;
}

template <class R> task<R> result_portal<R>::wait_for_result() const {
  co_await detail::wait_run_once(state_);
  if constexpr (!std::is_void_v<R>) {
    R value;
    msg::decode_all(state_->value.view(), value);
    co_return value;
  }
}

}  // namespace tractor
