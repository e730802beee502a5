// A spawn backend that strands processes: what the harness makes of the tests that run over it.
#include <gmock/gmock.h>

#include <tractor/harness/harness.hpp>

#include "finished_run.hpp"
#include "program.hpp"

namespace half_broken_backend_test {

using namespace tractor::harness;
using test::finished_run;
using testing::HasSubstr;

command probe_over_it(const std::string& isolation) {
  command probe(test::program("tractor_harness_probe"));
  return probe.arg("--gtest_filter=sound.with_an_actor/*", "--isolate", isolation, "--plugin-path",
                   test::program("../tests/plugins/stranding"), "--spawn-backend", "stranding");
}

// Nothing of it outlives the run, which `finished_run` looks at.
void expect_leak(const std::string& isolation) {
  const finished_run run(probe_over_it(isolation));
  EXPECT_EQ(run.verdict_of("sound.with_an_actor/stranding+"), "LEAK") << run.text;
  EXPECT_THAT(run.text, HasSubstr("_subactor[stray@00000000]"));
  EXPECT_EQ(run.code, 1);
}

TEST(half_broken_backend, is_a_leak_that_names_the_process_it_stranded) { expect_leak("process"); }

TEST(half_broken_backend, is_a_leak_in_a_sandbox_too) { expect_leak("sandbox"); }

}  // namespace half_broken_backend_test
