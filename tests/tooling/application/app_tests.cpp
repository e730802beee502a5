// Tests of an application, with a fixture of its own.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
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

TRACTOR_TEST(app, is_skipped_where_nothing_is_encrypted, (), needs("encrypts")) { co_return; }

TRACTOR_TEST(app, is_known_to_fail_over_tcp, (), xfail_on("tcp", "an example of a known fault")) {
  const std::string transport = current_actor().transports().front();
  CO_ASSERT_NE(transport, "tcp");
  co_return;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

// Which process this is, and in which network, shows how the test is kept apart.
void tell_of_the_run(const std::string& level, bool debug) {
  std::string parent;
  std::getline(std::ifstream("/proc/" + std::to_string(::getppid()) + "/comm"), parent);
  const std::string network = std::filesystem::read_symlink("/proc/self/ns/net");
  std::printf("level '%s', debug mode %d, stackscope %d, seed %s, below %s, in %s\n", level.c_str(), debug,
              current_session().stackscope, variable("TRACTOR_SEED").c_str(), parent.c_str(),
              network.c_str());
}

// In the cell that APP_BREAKS names it fails, by default; with APP_HOW=once it does so until it has made the
// file APP_MARK, with APP_HOW=hang it never ends.
TRACTOR_TEST(app, breaks_where_it_is_told,
             (start_method how, tpt_proto via, loglevel level, debug_mode debug),
             timeout(std::chrono::seconds(10))) {
  tell_of_the_run(level, debug);
  if (variable("APP_BREAKS") != how.key() + "+" + via.key()) co_return;
  const std::string what = variable("APP_HOW");
  if (what == "hang") co_await sleep_forever();
  const bool again = what == "once" && std::filesystem::exists(variable("APP_MARK"));
  if (what == "once") std::ofstream(variable("APP_MARK")) << "it was here\n";
  CO_ASSERT_TRUE(again);
}

}  // namespace

int main(int argc, char** argv) { return tractor::harness::main(argc, argv); }
