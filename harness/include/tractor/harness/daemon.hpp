// A second program that runs beside a test.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>

#include "tractor/async/task.hpp"
#include "tractor/harness/process.hpp"
#include "tractor/harness/test_context.hpp"
#include "tractor/runtime/endpoint.hpp"
#include "tractor/runtime/run.hpp"

namespace tractor::harness {

namespace detail {

/// A program inside of the test program. A value.
class daemon_part {
 public:
  std::string key;   ///< by which it is started
  std::string name;  ///< of its root actor
  task<> (*body)() = nullptr;
  run_options options;
};

/// Makes a part known, before `main`; returns true.
bool add_daemon_part(daemon_part part);

}  // namespace detail

/// A root actor in a process of its own, of the cell's backend and transport, which listens at the test's
/// `reg_addr` and so is the registrar of the test's own root. What every `daemon_of` has. Neither copied nor
/// moved.
///
/// It is made before the root actor of the test, and ready then: its constructor waits until its body begins,
/// up to 10 s, and throws `std::runtime_error` with what it wrote if it ends before. The destructor ends it
/// by SIGINT, and by force after 5 s, with all its descendants, and removes what it left if the test has
/// killed it. If it ended by itself, or not in order, the test fails.
class daemon {
 public:
  daemon(const daemon&) = delete;
  daemon& operator=(const daemon&) = delete;

  pid_t pid() const noexcept { return program_.pid(); }
  /// Where it listens.
  const std::string& address() const noexcept { return address_; }
  /// What it wrote so far.
  const std::string& out() { return program_.out(); }
  const std::string& err() { return program_.err(); }

  /// Sends it a signal. How it ends after that is the test's business.
  void signal(int number);
  /// Blocks until it has ended, which is then the test's business; nothing if `bound` passes first.
  std::optional<exit_status> wait(std::chrono::nanoseconds bound);

 protected:
  daemon(test_context& context, const std::string& key, std::string name);
  ~daemon();

 private:
  void sweep();

  std::string name_, transport_, address_;
  subprocess program_;
  bool left_to_the_test_ = false;
};

/// The fixture: `daemon_of<&serve>& beside` runs `task<> serve()` as the root actor `serve` of its own
/// process.
///
/// The root serves the functions `Served`. It ends when the body returns: one that waits for calls ends with
/// `co_await sleep_forever()`.
template <auto Body, auto... Served> class daemon_of final : public daemon {
 public:
  static daemon_of provide(test_context& context) { return daemon_of(context); }

 private:
  explicit daemon_of(test_context& context) : daemon(context, key(), name()) { static_cast<void>(known_); }

  static std::string name() {
    return tractor::detail::function_name(tractor::detail::pretty_name<Body>()).second;
  }
  static std::string key() { return __PRETTY_FUNCTION__; }
  static bool make_known() {
    detail::daemon_part part;
    part.key = key();
    part.name = name();
    part.body = Body;
    if constexpr (sizeof...(Served) > 0) part.options.expose<Served...>();
    return detail::add_daemon_part(std::move(part));
  }

  inline static const bool known_ = make_known();
};

}  // namespace tractor::harness
