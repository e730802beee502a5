// The harness with whole trees: what it must not take for a leak, and what the process must be like after a
// tree.
#include <signal.h>
#include <unistd.h>

#include <string>
#include <tractor/async/timeouts.hpp>
#include <tractor/harness/harness.hpp>
#include <tractor/runtime/actor.hpp>

namespace tree_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

namespace {

task<int> add(int left, int right) { co_return left + right; }
task<int> own_pid() { co_return ::getpid(); }

task<int> add_in_grandchild(int left, int right) {
  co_return co_await open_nursery([&](actor_nursery& below) -> task<int> {
    const portal adder = co_await below.start_actor("adder", expose<&add>());
    const int sum = co_await adder.run<&add>(left, right);
    co_await adder.cancel_actor();
    co_return sum;
  });
}

// Boots a tree in a process that goes on after it.
void boot_tree(test_context& context) {
  run_options options;
  options.start_method(context.where().backend)
      .enable_transports(context.where().transport)
      .registry_addrs(context.get<reg_addr>().text());
  const int sum = run_tree(options, [&]() -> task<int> { return add(1, 2); });
  EXPECT_EQ(sum, 3);
}

/// The context itself as a fixture's part, for tests that boot trees themselves.
class booter {
 public:
  static booter provide(test_context& context) { return booter(context); }
  void boot() const { boot_tree(*context_); }

 private:
  explicit booter(test_context& context) : context_(&context) {}
  test_context* context_;
};

}  // namespace

TRACTOR_TEST(tree, of_several_actors_leaves_nothing) {
  co_await open_nursery([&](actor_nursery& nursery) -> task<> {
    const portal first = co_await nursery.start_actor("first", expose<&add, &own_pid>());
    const portal second = co_await nursery.start_actor("second", expose<&add_in_grandchild>());
    CO_ASSERT_EQ(co_await first.run<&add>(1, 2), 3);
    CO_ASSERT_NE(co_await first.run<&own_pid>(), ::getpid());
    CO_ASSERT_EQ(co_await second.run<&add_in_grandchild>(3, 4), 7);
    nursery.cancel();
  });
}

TRACTOR_TEST(tree, with_a_killed_actor_leaves_nothing) {
  auto kill_one = [](actor_nursery& nursery) -> task<> {
    const portal victim = co_await nursery.start_actor("victim", expose<&own_pid>());
    const int pid = co_await victim.run<&own_pid>();
    ::kill(pid, SIGKILL);
    co_await sleep_forever();
  };
  const auto error = co_await raises<actor_failure>(open_nursery(kill_one));
  CO_ASSERT_NE(std::string(error.what()).find("SIGKILL"), std::string::npos);
}

TRACTOR_CELL_TEST(tree, can_follow_another_one_in_one_process, (booter it)) {
  it.boot();
  it.boot();
}

TRACTOR_CELL_TEST(tree, puts_the_signal_mask_back_and_drops_a_dump_request_that_waits, (booter it)) {
  sigset_t before, after;
  ::sigprocmask(SIG_SETMASK, nullptr, &before);
  it.boot();
  ::sigprocmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(::sigismember(&before, SIGUSR1), ::sigismember(&after, SIGUSR1));
}

TRACTOR_CELL_TEST(tree, ignores_sigchld_again_if_it_was_ignored, (booter it)) {
  const auto before = ::signal(SIGCHLD, SIG_IGN);
  it.boot();
  const auto after = ::signal(SIGCHLD, before);
  EXPECT_EQ(after, SIG_IGN);
}

}  // namespace tree_test
