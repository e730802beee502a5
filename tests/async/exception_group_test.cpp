#include <gmock/gmock.h>

#include "support.hpp"

namespace exception_group_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(std::is_base_of_v<std::exception, exception_group>);
static_assert(!std::is_base_of_v<std::exception, base_exception_group>);
static_assert(std::is_base_of_v<base_exception_group, exception_group>);

namespace {
std::exception_ptr runtime(const char* what) { return std::make_exception_ptr(std::runtime_error(what)); }
std::exception_ptr invalid(const char* what) { return std::make_exception_ptr(std::invalid_argument(what)); }
std::exception_ptr a_cancellation() {
  std::exception_ptr kept;
  run([&]() -> task<> {
    co_await with_cancel_scope([&](cancel_scope& s) -> task<> {
      s.cancel();
      try {
        co_await checkpoint();
      } catch (const cancelled&) {
        kept = std::current_exception();
        throw;
      }
    });
  });
  return kept;
}
std::exception_ptr tree() {
  return join_errors("outer",
                     {runtime("a"), join_errors("inner", {invalid("b"), runtime("c")}), invalid("d")});
}
const base_exception_group& group_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const base_exception_group& group) {
    return group;
  }
}
}  // namespace

TEST(exception_group, of_no_error_is_none_and_of_one_is_that_one) {
  EXPECT_EQ(join_errors("x", {}), nullptr);
  auto one = runtime("a");
  EXPECT_EQ(join_errors("x", {one}), one);
}

TEST(exception_group, is_an_ordinary_error_unless_a_cancellation_is_inside) {
  EXPECT_TRUE(is_error<std::exception>(tree()));
  auto mixed = join_errors("mixed", {runtime("a"), join_errors("in", {runtime("b"), a_cancellation()})});
  EXPECT_FALSE(is_error<std::exception>(mixed));
  EXPECT_TRUE(is_error<base_exception_group>(mixed));
}

TEST(exception_group, prints_a_tree) {
  EXPECT_EQ(describe(tree()),
            "exception_group: outer (3 errors)\n"
            "  - std::runtime_error: a\n"
            "  - exception_group: inner (2 errors)\n"
            "      - std::invalid_argument: b\n"
            "      - std::runtime_error: c\n"
            "  - std::invalid_argument: d");
  EXPECT_EQ(describe(nullptr), "no error");
}

TEST(exception_group, describes_errors_that_are_no_std_exception) {
  EXPECT_EQ(describe(std::make_exception_ptr(3)), "int");
  EXPECT_EQ(describe(a_cancellation()), "tractor::cancelled");
}

TEST(exception_group, counts_and_visits_its_leaves) {
  std::vector<std::string> seen;
  for_each_leaf(tree(), [&](const std::exception_ptr& leaf) { seen.push_back(describe(leaf)); });
  EXPECT_EQ(seen.size(), 4u);
  EXPECT_EQ(seen[1], "std::invalid_argument: b");
  EXPECT_EQ(group_of(tree()).leaf_count(), 4u);
}

TEST(exception_group, splits_by_type_and_keeps_the_place_in_the_tree) {
  const std::exception_ptr whole = tree();
  auto [matching, rest] = group_of(whole).split<std::invalid_argument>();
  EXPECT_EQ(describe(matching),
            "exception_group: outer (2 errors)\n"
            "  - std::invalid_argument: b\n"
            "  - std::invalid_argument: d");
  EXPECT_EQ(describe(rest),
            "exception_group: outer (2 errors)\n"
            "  - std::runtime_error: a\n"
            "  - std::runtime_error: c");
  EXPECT_EQ(group_of(whole).filter<std::out_of_range>(), nullptr);
}

TEST(exception_group, splitting_all_or_nothing_keeps_the_object) {
  auto whole = tree();
  auto all = [](const std::exception_ptr&) { return true; };
  EXPECT_EQ(split_error(whole, all).first, whole);
  EXPECT_EQ(split_error(whole, all).second, nullptr);
  EXPECT_EQ(split_error(nullptr, all).first, nullptr);
}

TEST(exception_group, handle_offers_each_leaf_to_the_first_handler_that_fits) {
  std::string log;
  auto rest = handle(
      tree(), [&](const std::invalid_argument& e) { log += std::string("i:") + e.what(); },
      [&](const std::logic_error&) { log += "never"; });
  EXPECT_EQ(log, "i:bi:d");
  EXPECT_EQ(describe(rest).find("invalid"), std::string::npos);
  EXPECT_EQ(handle(rest, [](const std::exception&) {}), nullptr);
}

TEST(exception_group, handle_works_alike_on_a_bare_error) {
  int taken = 0;
  EXPECT_EQ(handle(runtime("x"), [&](const std::runtime_error&) { ++taken; }), nullptr);
  EXPECT_NE(handle(runtime("x"), [&](const std::invalid_argument&) { ++taken; }), nullptr);
  EXPECT_EQ(handle(nullptr, [&](const std::exception&) { ++taken; }), nullptr);
  EXPECT_EQ(taken, 1);
}

TEST(exception_group, what_a_handler_throws_ends_the_walk) {
  auto rethrow = [] {
    auto rest = handle(tree(), [](const std::runtime_error&) { throw std::out_of_range("from a handler"); });
    FAIL() << describe(rest);
  };
  EXPECT_THROW(rethrow(), std::out_of_range);
}

TEST(exception_group, is_cheap_to_copy_and_outlives_its_first_holder) {
  std::exception_ptr kept;
  try {
    std::rethrow_exception(tree());
  } catch (const exception_group& group) {
    kept = std::make_exception_ptr(group);
  }
  EXPECT_EQ(group_of(kept).leaf_count(), 4u);
}

TEST(collapse_group, unwraps_groups_of_one_at_every_depth) {
  auto single = [](std::exception_ptr member) {
    return std::make_exception_ptr(exception_group("single", {std::move(member)}));
  };
  const auto leaf = runtime("a");
  EXPECT_EQ(collapse_group(single(single(leaf))), leaf);
  EXPECT_EQ(describe(collapse_group(join_errors("outer", {single(leaf), single(single(invalid("b")))}))),
            "exception_group: outer (2 errors)\n"
            "  - std::runtime_error: a\n"
            "  - std::invalid_argument: b");
}

TEST(collapse_group, leaves_alone_what_has_nothing_to_unwrap) {
  const auto whole = tree();
  EXPECT_EQ(collapse_group(whole), whole);
  const auto leaf = runtime("a");
  EXPECT_EQ(collapse_group(leaf), leaf);
  EXPECT_EQ(collapse_group(nullptr), nullptr);
}

TEST(collapse_group, keeps_a_cancellation_what_it_is) {
  const auto cancel = a_cancellation();
  EXPECT_EQ(collapse_group(std::make_exception_ptr(base_exception_group("x", {cancel}))), cancel);
}

TEST(is_multi_cancelled, tells_whether_an_error_is_nothing_but_cancels) {
  const auto cancel = a_cancellation();
  auto pair = join_errors("x", {cancel, join_errors("y", {cancel, cancel})});
  EXPECT_TRUE(is_multi_cancelled(cancel));
  EXPECT_TRUE(is_multi_cancelled(pair));
  EXPECT_FALSE(is_multi_cancelled(join_errors("z", {pair, runtime("a")})));
  EXPECT_FALSE(is_multi_cancelled(tree()));
  EXPECT_FALSE(is_multi_cancelled(runtime("a")));
  EXPECT_FALSE(is_multi_cancelled(nullptr));
}

TEST(is_multi_cancelled, counts_errors_of_the_types_that_are_given_as_cancels) {
  const auto mixed = join_errors("z", {a_cancellation(), invalid("a")});
  EXPECT_TRUE(is_multi_cancelled<std::invalid_argument>(mixed));
  EXPECT_TRUE((is_multi_cancelled<std::out_of_range, std::logic_error>(mixed)));
  EXPECT_FALSE(is_multi_cancelled<std::out_of_range>(mixed));
}

TEST(maybe_raise_from_masking_error, digs_out_the_errors_that_stand_beside_a_cancel) {
  const auto cancel = a_cancellation();
  EXPECT_EQ(error_of([&] { maybe_raise_from_masking_error(join_errors("x", {cancel, runtime("a")})); }), "a");
  EXPECT_EQ(error_of([&] {
              maybe_raise_from_masking_error(
                  join_errors("x", {runtime("a"), join_errors("y", {cancel, invalid("b")})}));
            }),
            "x (2 errors)\n  - std::runtime_error: a\n  - std::invalid_argument: b");
}

TEST(maybe_raise_from_masking_error, leaves_alone_what_hides_nothing) {
  for (const auto& error : {std::exception_ptr(), a_cancellation(), runtime("a"), tree(),
                            join_errors("x", {a_cancellation(), a_cancellation()})})
    EXPECT_EQ(error_of([&] { maybe_raise_from_masking_error(error); }), "");
}

namespace {

template <class F> std::exception_ptr thrown_by(F call) {
  try {
    call();
  } catch (...) {
    return std::current_exception();
  }
  return nullptr;
}

class says_nothing final : public std::exception {
 public:
  const char* what() const noexcept override { return nullptr; }
};

}  // namespace

TEST(describe, has_the_causes_of_an_error_below_it_and_the_type_that_was_thrown) {
  const auto chain = thrown_by([] {
    try {
      try {
        throw std::out_of_range("third");
      } catch (...) {
        std::throw_with_nested(std::logic_error("second"));
      }
    } catch (...) {
      std::throw_with_nested(std::runtime_error("first"));
    }
  });
  EXPECT_EQ(type_name(chain), "std::runtime_error");
  EXPECT_EQ(
      describe(chain),
      "std::runtime_error: first\ncaused by std::logic_error: second\ncaused by std::out_of_range: third");
  const auto without_cause = thrown_by([] { std::throw_with_nested(std::runtime_error("alone")); });
  EXPECT_EQ(describe(without_cause), "std::runtime_error: alone");
}

TEST(describe, has_the_text_of_a_string_and_nothing_of_a_null) {
  EXPECT_EQ(describe(thrown_by([] { throw "a literal"; })), "char const*: a literal");
  EXPECT_THAT(describe(thrown_by([] { throw std::string("a string"); })), ::testing::EndsWith(">: a string"));
  EXPECT_THAT(describe(thrown_by([] { throw says_nothing(); })), ::testing::EndsWith("says_nothing"));
  EXPECT_EQ(describe(thrown_by([] { throw static_cast<const char*>(nullptr); })), "char const*");
  EXPECT_EQ(describe(thrown_by([] { throw 7; })), "int");
}

TEST(nursery_errors, that_two_tasks_have_met_are_one_also_beside_a_cancel) {
  const auto met = runtime("met");
  run([&]() -> task<> {
    auto outer = capture(open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        // Its group holds the error and the cancel that comes of the body's.
        co_await open_task_nursery([&](task_nursery& inner) -> task<> {
          inner.start_soon([]() -> task<> { co_await sleep_forever(); });
          try {
            co_await sleep_forever();
          } catch (const cancelled&) {
          }
          std::rethrow_exception(met);
        });
      });
      co_await checkpoint();
      co_await checkpoint();
      std::rethrow_exception(met);
    }));
    const auto result = co_await std::move(outer);
    EXPECT_EQ(describe(result.error()), "std::runtime_error: met");
  });
}

TEST(without_repeats, keeps_each_error_where_it_is_met_first) {
  const auto a = runtime("a"), b = runtime("b");
  EXPECT_EQ(detail::without_repeats(nullptr), nullptr);
  EXPECT_EQ(detail::without_repeats(a), a);
  const auto distinct = join_errors("x", {a, b});
  EXPECT_EQ(detail::without_repeats(distinct), distinct);
  EXPECT_EQ(detail::without_repeats(join_errors("x", {a, a})), a);
  EXPECT_EQ(describe(detail::without_repeats(join_errors("x", {a, join_errors("y", {a, b}), b}))),
            describe(join_errors("x", {a, b})));
}

}  // namespace exception_group_test
