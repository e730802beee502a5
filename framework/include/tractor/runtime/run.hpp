// Entering the runtime: the root of a tree of actors.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "tractor/async/detail/body.hpp"
#include "tractor/async/loop.hpp"
#include "tractor/runtime/actor_nursery.hpp"

namespace tractor {

/// What is left of the command line for the program, its name first.
using arguments = std::span<char* const>;

/// What a registrar does when a name is registered that an actor has already.
enum class name_policy {
  allow,   ///< both are registered
  refuse,  ///< the newcomer is told so (`name_taken_error`) and tries again until the name is free
  replace  ///< the newcomer takes the place of those before it
};

/// Choices that a program makes in its code. A flag or an environment variable overrides them. A value.
class TRACTOR_API run_options {
 public:
  run_options() {}

  run_options& name(std::string text) { return name_ = std::move(text), *this; }
  /// The key of the spawn backend.
  run_options& start_method(std::string key) { return start_method_ = std::move(key), *this; }
  template <class... Keys> run_options& enable_transports(const Keys&... keys) {
    (transports_.emplace_back(keys), ...);
    return *this;
  }
  /// Registrar addresses in any form; default: that of the first transport.
  template <class... Any> run_options& registry_addrs(const Any&... addresses) {
    (registry_addrs_.push_back(any_address(addresses).text()), ...);
    return *this;
  }
  /// Addresses, in any form, that the root listens on besides.
  template <class... Any> run_options& bind_addrs(const Any&... addresses) {
    (bind_addrs_.push_back(any_address(addresses).text()), ...);
    return *this;
  }
  /// Addresses, in any form, that the root says it can be reached at; default: those it listens on.
  template <class... Any> run_options& advertise_addrs(const Any&... addresses) {
    (advertise_addrs_.push_back(any_address(addresses).text()), ...);
    return *this;
  }
  /// Fails when a registrar answers already.
  run_options& ensure_registry(bool on = true) { return ensure_registry_ = on, *this; }
  /// What this root does as the registrar with names that are given twice.
  run_options& duplicate_names(name_policy policy) { return duplicate_names_ = policy, *this; }
  /// How long an entry of this registrar lives that no open connection keeps, unless it is renewed. Longer
  /// than zero, or the root throws `settings_error`.
  run_options& registry_lease(duration lease) { return registry_lease_ = lease, *this; }
  run_options& loglevel(std::string level_or_spec) { return loglevel_ = std::move(level_or_spec), *this; }
  run_options& debug_mode(bool on = true) { return debug_mode_ = on, *this; }
  /// SIGUSR1 prints the task tree of each actor (it never ends one).
  run_options& enable_stack_on_sig(bool on = true) { return stack_on_sig_ = on, *this; }
  run_options& plugin_path(std::string folder) { return plugin_path_.push_back(std::move(folder)), *this; }
  /// Accept peers that cannot prove to hold the user's key.
  run_options& allow_keyless_peers(bool on = true) { return keyless_ = on, *this; }
  /// Allow binds beyond loopback on a transport that does not encrypt.
  run_options& insecure(bool on = true) { return insecure_ = on, *this; }
  /// The program parses flags that the runtime does not know; else they are an error.
  run_options& own_flags(bool on = true) { return own_flags_ = on, *this; }
  /// Lets the root serve these functions to its peers.
  template <auto... Fn> run_options& expose() {
    exposed_.expose<Fn...>();
    return *this;
  }
  template <auto Fn, class... Names>
  run_options& expose_as(std::string_view name, const Names&... parameters) {
    exposed_.expose_as<Fn>(name, parameters...);
    return *this;
  }

  const std::string& name() const noexcept { return name_; }
  const std::string& start_method() const noexcept { return start_method_; }
  const std::vector<std::string>& transports() const noexcept { return transports_; }
  const std::vector<std::string>& registry_addrs() const noexcept { return registry_addrs_; }
  const std::vector<std::string>& bind_addrs() const noexcept { return bind_addrs_; }
  const std::vector<std::string>& advertise_addrs() const noexcept { return advertise_addrs_; }
  bool ensure_registry() const noexcept { return ensure_registry_; }
  name_policy duplicate_names() const noexcept { return duplicate_names_; }
  duration registry_lease() const noexcept { return registry_lease_; }
  const std::string& loglevel() const noexcept { return loglevel_; }
  bool debug_mode() const noexcept { return debug_mode_; }
  bool stack_on_sig() const noexcept { return stack_on_sig_; }
  const std::vector<std::string>& plugin_path() const noexcept { return plugin_path_; }
  bool keyless() const noexcept { return keyless_; }
  bool insecure() const noexcept { return insecure_; }
  bool own_flags() const noexcept { return own_flags_; }
  const std::vector<std::string>& exposed() const noexcept { return exposed_.exposed(); }

 private:
  std::string name_ = "root", start_method_, loglevel_;
  std::vector<std::string> transports_, registry_addrs_, bind_addrs_, advertise_addrs_, plugin_path_;
  actor_options exposed_;
  name_policy duplicate_names_ = name_policy::allow;
  duration registry_lease_ = std::chrono::seconds(15);
  bool ensure_registry_ = false, debug_mode_ = false, stack_on_sig_ = false;
  bool keyless_ = false, insecure_ = false, own_flags_ = false;
};

/// Runs `app` as the root actor of a tree; yields the process's exit code.
///
/// Call it first in main(), before threads: a backend may fork here. In a process that a backend made it runs
/// that actor instead and never calls `app`. It takes the runtime's flags out of the command line and hands
/// the rest to `app`; an unknown flag is an error, and `--help` shows the runtime's, unless `own_flags()` was
/// set. Errors of `app` are printed:
/// exit code 1; wrong usage is 2, an interrupt 130.
TRACTOR_API int run(int argc, char** argv, const run_options& options, task<int> (*app)(arguments));
TRACTOR_API int run(int argc, char** argv, const run_options& options, task<int> (*app)());
TRACTOR_API int run(int argc, char** argv, const run_options& options, task<> (*app)());
TRACTOR_API int run(int argc, char** argv, task<int> (*app)(arguments));
TRACTOR_API int run(int argc, char** argv, task<int> (*app)());
TRACTOR_API int run(int argc, char** argv, task<> (*app)());

/// Runs a root actor that serves what `options` expose until it is cancelled or interrupted.
TRACTOR_API int run_daemon(int argc, char** argv, const run_options& options);

/// If this process was made by a spawn backend: runs that actor and never returns.
///
/// `run` does this itself; a program whose main() does other things first (a test runner) calls it before
/// them. In a process that no backend made SIGUSR1 is ignored from here on, unless the program has a handler
/// for it: it asks a tree for its tasks, and must not end the process when none runs.
TRACTOR_API void run_if_child(int argc, char** argv);

namespace detail {
TRACTOR_API void run_root(const run_options& options, task<> main);
}

/// Runs `body` in the root actor of a fresh tree and ends the tree; yields the body's value.
///
/// For programs that boot more than one tree, such as test runners: throws what the body throws. The process
/// must be single-threaded and without a loop, since a backend may fork here, and have called `run_if_child`.
template <class F> auto run_tree(const run_options& options, F&& body) {
  TRACTOR_CHECK_BODY(F&, int, "[&]() -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, int>;
  detail::body_result<value> result;
  detail::run_root(options, detail::run_into<value>(body, result));
  if (result.error) std::rethrow_exception(result.error);
  if constexpr (!std::is_void_v<value>) return std::move(*result.value);
}

}  // namespace tractor
