// Tests of an application, with a fixture of its own.
#include <string>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

using namespace tractor;
using namespace tractor::harness;

namespace {

task<int> double_of(int value) { co_return 2 * value; }

/// A number that a test has to itself.
class lucky_number {
 public:
  static lucky_number provide(test_context&) { return lucky_number(); }
  int value = 21;
};

TRACTOR_TEST(app, asks_another_process, (lucky_number lucky), label("quick"),
             timeout(std::chrono::seconds(10))) {
  auto work = [&](actor_nursery& nursery) -> task<> {
    portal kid = co_await nursery.start_actor("kid", expose<&double_of>());
    const int got = co_await kid.run<&double_of>(lucky.value);
    CO_ASSERT_EQ(got, 42);
    co_await kid.cancel_actor();
  };
  co_await open_nursery(work);
}

TRACTOR_TEST(app, is_skipped_without_wings, (), needs("wings")) { co_return; }

TRACTOR_TEST(app, is_known_to_fail_over_tcp, (), xfail_on("tcp", "an example of a known fault")) {
  const std::string transport = current_actor().transports().front();
  CO_ASSERT_NE(transport, "tcp");
  co_return;
}

}  // namespace

int main(int argc, char** argv) { return tractor::harness::main(argc, argv); }
