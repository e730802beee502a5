#include "tractor/harness/assertions.hpp"

#include <gtest/gtest-spi.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <tractor/async/checkpoint.hpp>
#include <tractor/async/loop.hpp>

namespace assertions_test {

using namespace tractor;
using namespace tractor::harness;

namespace {

/// What a body reported, and whether it was cut off.
class run_outcome {
 public:
  explicit run_outcome(const std::function<task<>()>& body) {
    testing::TestPartResultArray results;
    const testing::ScopedFakeTestPartResultReporter intercept(&results);
    try {
      run_loop([&]() -> task<> { return body(); });
    } catch (const testing::AssertionException&) {
      cut_off = true;
    }
    for (int at = 0; at < results.size(); ++at) text += results.GetTestPartResult(at).message();
    count = results.size();
  }
  bool cut_off = false;
  int count = 0;
  std::string text;
};

task<int> number(int value) {
  co_await checkpoint();
  co_return value;
}
task<std::string> word(std::string value) {
  co_await checkpoint();
  co_return value;
}
task<int> failing() {
  co_await checkpoint();
  throw std::out_of_range("too far");
}

}  // namespace

TEST(co_assert, passes_with_awaited_operands_of_class_type) {
  const run_outcome seen([]() -> task<> {
    CO_ASSERT_EQ(co_await word("a long word that is no short string"),
                 co_await word("a long word that is no short string"));
    CO_ASSERT_NE(co_await number(1), 2);
    CO_ASSERT_LT(co_await number(1), co_await number(2));
    CO_ASSERT_LE(1, co_await number(1));
    CO_ASSERT_GT(co_await number(3), 2);
    CO_ASSERT_GE(co_await number(3), 3);
    CO_ASSERT_TRUE(co_await number(1) == 1);
    CO_ASSERT_FALSE(co_await number(0));
  });
  EXPECT_FALSE(seen.cut_off);
  EXPECT_EQ(seen.count, 0) << seen.text;
}

TEST(co_assert, failure_ends_the_body_with_one_report_of_both_values) {
  bool went_on = false;
  const run_outcome seen([&]() -> task<> {
    CO_ASSERT_EQ(co_await number(1), co_await number(2));
    went_on = true;
  });
  EXPECT_TRUE(seen.cut_off);
  EXPECT_FALSE(went_on);
  EXPECT_EQ(seen.count, 1);
  EXPECT_NE(seen.text.find("co_await number(2)"), std::string::npos) << seen.text;
}

TEST(co_assert, each_comparison_can_fail) {
  const std::function<task<>()> failing_bodies[] = {[]() -> task<> { CO_ASSERT_NE(co_await number(1), 1); },
                                                    []() -> task<> { CO_ASSERT_LT(co_await number(1), 1); },
                                                    []() -> task<> { CO_ASSERT_LE(co_await number(2), 1); },
                                                    []() -> task<> { CO_ASSERT_GT(co_await number(1), 1); },
                                                    []() -> task<> { CO_ASSERT_GE(co_await number(0), 1); },
                                                    []() -> task<> { CO_ASSERT_TRUE(co_await number(0)); },
                                                    []() -> task<> { CO_ASSERT_FALSE(co_await number(1)); }};
  for (const auto& body : failing_bodies) {
    const run_outcome seen(body);
    EXPECT_TRUE(seen.cut_off);
    EXPECT_EQ(seen.count, 1);
  }
}

TEST(co_assert, takes_more_words) {
  const run_outcome compared(
      []() -> task<> { CO_ASSERT_EQ(co_await number(1), co_await number(2)) << "after " << 3 << " tries"; });
  EXPECT_NE(compared.text.find("after 3 tries"), std::string::npos) << compared.text;
  const run_outcome asked([]() -> task<> { CO_ASSERT_TRUE(co_await number(0)) << "why"; });
  EXPECT_TRUE(asked.cut_off);
  EXPECT_NE(asked.text.find("is not true\nwhy"), std::string::npos) << asked.text;
  int made = 0;
  run_outcome([&]() -> task<> { CO_ASSERT_EQ(co_await number(1), 1) << ++made; });
  EXPECT_EQ(made, 0) << "words of an assertion that holds";
}

TEST(co_assert, is_one_statement) {
  bool other = false;
  const run_outcome seen([&]() -> task<> {
    if (other)
      CO_ASSERT_EQ(1, 2);
    else
      other = true;
    co_return;
  });
  EXPECT_FALSE(seen.cut_off);
  EXPECT_TRUE(other);
}

TEST(co_assert_throw, wants_an_error_of_its_type) {
  EXPECT_FALSE(
      run_outcome([]() -> task<> { CO_ASSERT_THROW(co_await failing(), std::out_of_range); }).cut_off);
  EXPECT_FALSE(run_outcome([]() -> task<> { CO_ASSERT_THROW(co_await failing(), std::exception); }).cut_off);
  const run_outcome quiet([]() -> task<> { CO_ASSERT_THROW(co_await number(1), std::out_of_range); });
  EXPECT_TRUE(quiet.cut_off);
  EXPECT_NE(quiet.text.find("did not throw std::out_of_range"), std::string::npos) << quiet.text;
}

TEST(co_assert_throw, lets_other_errors_pass) {
  EXPECT_THROW(run_outcome([]() -> task<> { CO_ASSERT_THROW(co_await failing(), std::bad_alloc); }),
               std::out_of_range);
}

TEST(raises, yields_the_error) {
  const run_outcome seen([]() -> task<> {
    const auto error = co_await raises<std::out_of_range>(failing());
    CO_ASSERT_EQ(std::string(error.what()), "too far");
  });
  EXPECT_FALSE(seen.cut_off) << seen.text;
  EXPECT_TRUE(run_outcome([]() -> task<> {
                static_cast<void>(co_await raises<std::out_of_range>(number(1)));
              }).cut_off);
}

TEST(co_fail, ends_the_body_with_its_message) {
  const run_outcome seen([]() -> task<> {
    CO_FAIL("no way");
    co_return;
  });
  EXPECT_TRUE(seen.cut_off);
  EXPECT_NE(seen.text.find("no way"), std::string::npos);
}

}  // namespace assertions_test
