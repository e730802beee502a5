#include "run_one.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <exception>
#include <optional>

#include "expected_failure.hpp"
#include "hard_guard.hpp"
#include "joined.hpp"
#include "leaks.hpp"
#include "prompt_pause.hpp"
#include "session.hpp"
#include "tractor/async/exception_group.hpp"
#include "tractor/async/task_nursery.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/harness/fail_after_with_dump.hpp"
#include "tractor/harness/fixtures.hpp"
#include "tractor/runtime/actor.hpp"
#include "tractor/runtime/errors.hpp"

namespace tractor::harness::detail {
namespace {

using namespace std::chrono_literals;
using nanoseconds = std::chrono::nanoseconds;

nanoseconds bound_of(const test_case& test) { return scaled(test.timeout); }

run_options options_of(const test_case& test, test_context& context) {
  const session& chosen = current_session();
  run_options options;
  options.start_method(context.where().backend)
      .enable_transports(context.where().transport)
      .registry_addrs(context.get<reg_addr>().text())
      .debug_mode(chosen.debug_mode)
      .enable_stack_on_sig(chosen.stackscope);
  if (!chosen.loglevel.empty()) options.loglevel(chosen.loglevel);
  for (const std::string& folder : chosen.plugin_path) options.plugin_path(folder);
  if (test.root) test.root(options, context);
  return options;
}

/// One run of a body with its root actor.
class body_run {
 public:
  body_run(const test_case& test, test_context& context, const report_failure& report)
      : test_(test), context_(context), report_(report) {}

  /// The main task of the root actor.
  task<> main() {
    check_cell();
    co_await open_task_nursery([&](task_nursery& nursery) -> task<> {
      nursery.start_soon(task_name("test timeout"), [&]() -> task<> {
        co_await sleep(bound_of(test_));
        prompt_pause prompts;
        for (auto more = prompts.more(); more > 0ms; more = prompts.more()) co_await sleep(more);
        co_await report_lateness();
        nursery.scope().cancel();
      });
      co_await test_.body(context_);
      nursery.scope().cancel();
    });
  }

 private:
  void check_cell() {
    const actor& self = current_actor();
    const cell& wanted = context_.where();
    if (self.start_method() != wanted.backend)
      report_(test_.file, test_.line,
              "runs on backend " + self.start_method() + ", not on " + wanted.backend);
    if (const std::string used = joined(self.transports()); !used.starts_with(wanted.transport))
      report_(test_.file, test_.line, "runs on transports " + used + ", not on " + wanted.transport);
  }

  // Not less late if the body ends meanwhile.
  task<> report_lateness() {
    const std::string seen = co_await dump_of_this_tree();
    // Its first line is the reason of reports, and the tree stands beneath.
    report_(test_.file, test_.line,
            "TIMEOUT: not done after " + seconds_text(bound_of(test_)) + ", and cancelled\n" + seen);
  }

  const test_case& test_;
  test_context& context_;
  const report_failure& report_;
};

void run_body(const test_case& test, test_context& context, const report_failure& report) {
  // Before the root actor: a fixture may have to be there when that boots.
  if (test.fixtures) test.fixtures(context);
  if (!test.body) return test.plain_body(context);
  const run_options options = options_of(test, context);
  body_run body(test, context, report);
  run_tree(options, [&]() -> task<> { return body.main(); });
}

int interrupting_signal = 0;

// The whole program was meant, and GoogleTest has it by itself: of a worker the runner sees to that.
void note_interrupt(const std::exception_ptr& error) {
  for_each_leaf(error, [](const std::exception_ptr& leaf) {
    try {
      std::rethrow_exception(leaf);
    } catch (const interrupted& of) {
      interrupting_signal = of.signo();
      GTEST_FLAG_SET(fail_fast, true);
    } catch (...) {
    }
  });
}

// An assertion is reported where it fails; what it throws only ends the body.
void report_error(const test_case& test, const std::exception_ptr& error, const report_failure& report) {
  const auto rest = split_error(error, [](const std::exception_ptr& leaf) {
                      return is_error<testing::AssertionException>(leaf);
                    }).second;
  if (rest) report(test.file, test.line, "the test threw " + describe(rest));
}

// Whether the fixtures of the session that the test wants are there: what they hold is no leak of the test.
bool make_session_fixtures(const test_case& test, const std::string& name, const report_failure& report) {
  if (!test.session_fixtures) return true;
  std::exception_ptr error;
  try {
    const hard_guard guard(name, bound_of(test) + scaled(10s));
    test.session_fixtures();
  } catch (...) {
    error = std::current_exception();
  }
  if (error) report_error(test, error, report);
  return !error;
}

}  // namespace

void run_one(const test_case& test, const cell& where, const report_failure& report) {
  start_test();
  forget_prompts();
  for (const auto& obstacle : test.obstacles)
    if (const std::string why = obstacle(where); !why.empty()) return report_skip(test.file, test.line, why);
  const std::string name = test.suite + "." + test.name + "/" + where.id();
  if (!make_session_fixtures(test, name, report)) return;
  const baseline before;
  {
    std::optional<expected_failure> expected;
    for (const known_failure& each : test.known_failures)
      if (!expected && where.is(each.where)) expected.emplace(each.reason);
    std::exception_ptr error;
    std::optional<hard_guard> guard;
    std::optional<test_context> context;
    try {
      guard.emplace(name, bound_of(test) + scaled(10s));
      context.emplace(test.suite, test.name, where);
      run_body(test, *context, report);
    } catch (...) {
      error = std::current_exception();
    }
    // Before the fixtures end, some of which say more of a test that has failed.
    if (error) {
      note_interrupt(error);
      report_error(test, error, report);
    }
    context.reset();
    guard.reset();
    if (expected) expected->settle(test.file, test.line);
  }
  for (const std::string& leak : before.leaks()) report(test.file, test.line, "LEAK: " + leak);
}

int interrupted_by() noexcept { return interrupting_signal; }

}  // namespace tractor::harness::detail
