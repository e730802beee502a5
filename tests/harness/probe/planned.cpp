// Tests whose fixtures find fault with them at their end.
#include <iostream>
#include <string>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

using namespace tractor;
using namespace tractor::harness;

TRACTOR_TEST(planned, strike_that_never_comes, (nemesis foe)) {
  foe.kill("nobody", failure_point::call, 2);
  co_return;
}

TRACTOR_TEST(planned, cancel_that_nothing_waits_for, (expect_cancelled&)) { co_return; }

namespace {
task<> is_cancelled_by_its_parent() {
  error_record record;
  record.canceller = actor_id("parent", "0123456789");
  throw context_cancelled(std::make_shared<const error_record>(record));
  co_return;
}
}  // namespace

TRACTOR_CELL_TEST(planned, terminal_that_stays_silent, (nemesis foe, pty_session& terminal)) {
  foe.kill("nobody", failure_point::call);
  terminal.start(command("sh").arg("-c", "echo only this; read x"));
  terminal.expect("only this");
  terminal.expect("more", std::chrono::milliseconds(50));
}

class fails_at_the_end {
 public:
  static fails_at_the_end provide(session_context&) { return fails_at_the_end(); }
  fails_at_the_end(const fails_at_the_end&) = delete;
  fails_at_the_end& operator=(const fails_at_the_end&) = delete;
  ~fails_at_the_end() { ADD_FAILURE() << "not put away"; }

 private:
  fails_at_the_end() = default;
};

TRACTOR_CELL_TEST(planned, end_of_the_session_that_fails, (fails_at_the_end&)) {}

TRACTOR_TEST(asks, a_person, (), timeout(std::chrono::seconds(1))) {
  std::string name;
  {
    const open_prompt prompt;
    std::cout << "who are you? " << std::flush;
    std::getline(std::cin, name);
  }
  std::cout << "hello " << name << std::endl;
  co_return;
}

TRACTOR_TEST(planned, cancel_by_another_one, (expect_cancelled & cancelled)) {
  auto work = is_cancelled_by_its_parent();
  co_await cancelled.by(actor_id("somebody", "fedcba9876"), std::move(work));
}
