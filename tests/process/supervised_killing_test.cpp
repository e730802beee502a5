// Signals from outside to trees whose supervisors restart what dies all the time.
#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "program.hpp"

namespace supervised_killing_test {

using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;

// What a tree left on disk is gone after the next boot: the harness looks once the test is over.
void boot_again(const std::string& method, const std::string& proto, const std::string& registry) {
  subprocess next(program("once", method, proto, registry));
  const auto status = next.wait(roomy(10s));
  ASSERT_TRUE(status.has_value()) << next.err();
  EXPECT_TRUE(status->ok()) << status->text() << "\n" << next.err();
}

TRACTOR_CELL_TEST(supervised_killing, of_the_root_ends_all_that_restarts_and_is_restarted,
                  (start_method method, tpt_proto proto, reg_addr addr), timeout(200s)) {
  std::mt19937_64 random(seed());
  for (int round = 0; round < count(3, 30); ++round) {
    subprocess run(program("supervised", method, proto, addr));
    ASSERT_TRUE(run.wait_for_output("all crews are up", roomy(10s))) << run.err();
    run.wait(std::chrono::microseconds(random() % 50'000));
    ::kill(run.pid(), SIGKILL);
    ASSERT_TRUE(run.wait(roomy(5s)).has_value());
    EXPECT_TRUE(run.wait_for_descendants(roomy(6s))) << "round " << round << "\n" << run.err();
  }
  boot_again(method, proto, addr);
}

TRACTOR_CELL_TEST(supervised_killing, of_any_other_process_is_survived,
                  (start_method method, tpt_proto proto, reg_addr addr), timeout(200s)) {
  std::mt19937_64 random(seed());
  subprocess run(program("supervised", method, proto, addr));
  ASSERT_TRUE(run.wait_for_output("all crews are up", roomy(10s))) << run.err();
  for (int round = 0; round < count(5, 30); ++round) {
    const auto below = run.descendants();
    if (!below.empty()) ::kill(below[random() % below.size()], SIGKILL);
    EXPECT_FALSE(run.wait(std::chrono::milliseconds(50)).has_value()) << run.err();
  }
  run.signal(SIGINT);
  const auto status = run.wait(roomy(8s));
  ASSERT_TRUE(status.has_value()) << "the root does not end\n" << run.err();
  EXPECT_EQ(status->code(), 130) << status->text() << "\n" << run.err();
  EXPECT_TRUE(run.wait_for_descendants(roomy(5s))) << run.err();
  boot_again(method, proto, addr);
}

}  // namespace supervised_killing_test
