// A root actor over a transport within one process.
#include <gmock/gmock.h>

#include <tractor/harness/harness.hpp>

#include "program.hpp"

namespace mem_test {

using namespace process_tests;
using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::HasSubstr;

TRACTOR_CELL_TEST(mem, carries_a_root_but_no_child_which_one_line_says, (start_method method)) {
  subprocess root(program("bound", method, "mem", "/mem/here"));
  EXPECT_TRUE(root.wait(roomy(10s)).value().ok()) << root.err();
  EXPECT_EQ(root.out(), "/mem/here\n");
  subprocess parent(program("once", method, "mem", "/mem/here"));
  EXPECT_EQ(parent.wait(roomy(10s)).value().code(), 1);
  EXPECT_EQ(parent.out(), "");
  EXPECT_THAT(parent.err(), HasSubstr("cannot start actor 'kid': its parent listens on 'mem', a transport "
                                      "within one process; enable another one, as by --tpt-proto\n"));
}

TRACTOR_CELL_TEST(mem, beside_another_transport_leaves_the_children_to_that_one,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  command line = program("once", method, "mem," + proto.key(), addr);
  subprocess root(line);
  EXPECT_TRUE(root.wait(roomy(10s)).value().ok()) << root.err();
  EXPECT_EQ(root.out(), "hello root, says kid\n");
}

TEST(mem_axis, is_left_out_of_the_matrix_with_a_reason_unless_it_is_asked_for) {
  const auto probe = [](const std::string& flag) {
    const auto folder = std::filesystem::read_symlink("/proc/self/exe").parent_path();
    subprocess run(command(folder / "tractor_harness_probe").arg("--gtest_filter=fault.none/*", flag));
    run.wait(60s);
    return run.out();
  };
  EXPECT_THAT(probe("--seed=1"), HasSubstr("the transport mem is left out: no child is reached over it; "
                                           "--tpt-proto mem runs over it\n"));
  EXPECT_THAT(probe("--tpt-proto=mem"), AllOf(HasSubstr(" x mem, seed"), HasSubstr("[  PASSED  ]")));
}

}  // namespace mem_test
