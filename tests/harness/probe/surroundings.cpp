// Tests without fault, whose suites or whose program fail around them.
#include <fcntl.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string_view>

namespace surroundings {

class suite_fails_before : public testing::Test {
 public:
  static void SetUpTestSuite() {
    std::puts("the server says no");
    ADD_FAILURE() << "no server";
  }
};

TEST_F(suite_fails_before, passes) {}

class suite_throws_before : public testing::Test {
 public:
  static void SetUpTestSuite() { throw std::runtime_error("no server"); }
};

TEST_F(suite_throws_before, passes) {}

class suite_fails_behind : public testing::Test {
 public:
  static void TearDownTestSuite() {
    std::puts("the server stays");
    EXPECT_TRUE(false) << "not put away";
  }
};

TEST_F(suite_fails_behind, passes) {}
TEST_F(suite_fails_behind, skips) { GTEST_SKIP() << "nothing to see"; }
TEST_F(suite_fails_behind, fails) { ADD_FAILURE() << "its own reason"; }
TEST_F(suite_fails_behind, leaves_a_descriptor) { EXPECT_GE(::open("/dev/zero", O_RDONLY | O_CLOEXEC), 0); }

/// Does what `PROBE_ENVIRONMENT` says.
class faulty_environment final : public testing::Environment {
 public:
  void SetUp() override {
    if (wants("fails before")) FAIL() << "no world";
    if (wants("skips")) GTEST_SKIP() << "no world today";
  }
  void TearDown() override {
    if (wants("fails behind")) ADD_FAILURE() << "the world stays";
  }

 private:
  static bool wants(std::string_view what) {
    const char* const told = std::getenv("PROBE_ENVIRONMENT");
    return told && told == what;
  }
};

[[maybe_unused]] testing::Environment* const environment =
    testing::AddGlobalTestEnvironment(new faulty_environment);

TEST(in_an_environment, passes) {}
TEST(in_an_environment, fails) { ADD_FAILURE() << "its own reason"; }

}  // namespace surroundings
