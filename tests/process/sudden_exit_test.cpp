// An actor that leaves the process by itself, past the runtime: its parent puts away what it left.
#include <unistd.h>

#include <string>
#include <tractor/harness/harness.hpp>

namespace sudden_exit_test {

using namespace tractor;
using namespace tractor::harness;

namespace {

task<> leave(int code) {
  ::_exit(code);
  co_return;
}

task<> start_and_leave(int code) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    const portal leaver = co_await an.start_actor("leaver", expose<&leave>());
    co_await leaver.run<&leave>(code);
  });
}

}  // namespace

// The harness fails these tests when the file of the actor's socket is still there.
TRACTOR_TEST(sudden_exit, with_a_code_is_an_error_and_leaves_nothing) {
  const auto error = co_await raises<actor_failure>(start_and_leave(7));
  CO_ASSERT_NE(std::string(error.what()).find("code 7"), std::string::npos);
}

TRACTOR_TEST(sudden_exit, with_success_in_a_call_is_an_error_and_leaves_nothing) {
  const auto error = co_await raises<actor_failure>(start_and_leave(0));
  CO_ASSERT_NE(std::string(error.what()).find("code 0"), std::string::npos);
}

}  // namespace sudden_exit_test
