// Errors that cross processes: what is kept of them, over one hop and over several.
#include <gmock/gmock.h>

#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "program.hpp"

namespace errors_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

class out_of_cheese : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
class never_registered : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
// No std::exception at all.
class alien {};

const bool registered = (register_errors<out_of_cheese>(), true);

task<int> fails(std::string how) {
  if (how == "range") throw std::out_of_range("index 7");
  if (how == "cheese") throw out_of_cheese("no brie");
  if (how == "unknown") throw never_registered("who am I");
  if (how == "alien") throw alien();
  if (how == "number") throw 42;
  if (how == "empty") throw std::runtime_error("");
  if (how == "bytes") throw std::runtime_error("\xff\xfe not utf-8");
  if (how == "long") throw std::runtime_error(std::string(200'000, 'x'));
  throw std::logic_error("no such way to fail: " + how);
}

// Each level calls the next through an actor of its own.
task<int> fails_below(int levels, std::string how) {
  if (levels == 0) co_return co_await fails(how);
  int value = 0;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto child = co_await an.start_actor("level" + std::to_string(levels), expose<&fails_below>());
    value = co_await child.run<&fails_below>(levels - 1, how);
  });
  co_return value;
}

// Two children that fail, at each of so many levels.
task<> fails_twice(int levels) {
  const std::vector<std::string> sides = {"left", "right"};
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    for (const std::string& name : sides) {
      const std::string how = name == "left" ? "cheese" : "range";
      if (levels == 0)
        co_await an.run_in_actor<&fails>(name, how);
      else
        co_await an.run_in_actor<&fails_twice>(name, levels - 1);
    }
  });
}

// An actor of a tree whose leaves fail together: at a word from the root, which is given when all are there.
task<> fails_at_a_word(context<starts<void>, receives<int>>& ctx, int levels, std::string how);

// Two children that fail so; sets `grown` when all below them are there, and waits until the word is `given`.
// The shields keep one side from cancelling the other: each error comes out.
task<> both_sides_fail(int levels, event& grown, event& given) {
  const std::vector<std::string> sides = {"left", "right"};
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    std::vector<portal> kids;
    for (const std::string& name : sides) {
      portal kid = co_await an.start_actor(name, expose<&fails_at_a_word>());
      kids.push_back(kid);
    }
    int there = 0;
    auto body = [&](auto& ctx) -> task<> {
      if (++there == 2) grown.set();
      co_await given.wait();
      auto& stream = co_await ctx.open_stream();
      co_await stream.send(1);
      co_await ctx.wait_for_result();
    };
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (const portal& kid : kids)
        tn.start_soon(
            [&](portal at) -> task<> {
              const std::string how = at.peer().name() == "left" ? "cheese" : "range";
              co_await shielded(at.open_context<&fails_at_a_word>(levels, how, body));
            },
            kid);
      co_return;
    });
  });
}

task<> fails_at_a_word(context<starts<void>, receives<int>>& ctx, int levels, std::string how) {
  event grown, given;
  auto hears = [&]() -> task<> {
    co_await grown.wait();
    co_await ctx.started();
    auto& stream = co_await ctx.open_stream();
    co_await stream.receive();
    given.set();
  };
  if (levels == 0) {
    grown.set();
    co_await hears();
    co_await fails(how);
    co_return;
  }
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon(hears);
    co_await both_sides_fail(levels - 1, grown, given);
  });
}

// Checks one side of such a tree, down to its two leaves.
void expect_full_side(const remote_actor_error& side, int levels) {
  EXPECT_TRUE(side.boxed_type_is<exception_group>()) << side.what();
  ASSERT_EQ(side.exceptions().size(), 2u) << side.what();
  std::vector<std::string> texts;
  for (const remote_actor_error& member : side.exceptions()) {
    if (levels > 1) {
      expect_full_side(member, levels - 1);
      continue;
    }
    texts.push_back(member.message());
    EXPECT_TRUE(member.exceptions().empty()) << member.what();
    const bool left = member.src_uid().name() == "left";
    EXPECT_TRUE(left ? member.boxed_type_is<out_of_cheese>() : member.boxed_type_is<std::out_of_range>())
        << member.what();
  }
  if (levels == 1) {
    EXPECT_THAT(texts, testing::UnorderedElementsAre("no brie", "index 7"));
  }
}

// What two tasks of one actor throw together, without children.
task<> throws_group() {
  co_await open_task_nursery([](task_nursery& tn) -> task<> {
    tn.start_soon([]() -> task<> { co_await fails("cheese"); });
    tn.start_soon([]() -> task<> { co_await fails("range"); });
    co_return;
  });
}

// Yields the error of a call in a fresh child; the child stays whole.
template <auto Fn, class... A> task<remote_actor_error> error_of(A... args) {
  std::optional<remote_actor_error> caught;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<Fn>());
    for (int round = 0; round < 2; ++round) {
      auto error = co_await raises<remote_actor_error>(kid.run<Fn>(args...));
      caught.emplace(error);
    }
    co_await kid.cancel_actor();
  });
  co_return *caught;
}

template <class E> std::string text_of(const std::exception_ptr& error) {
  try {
    if (error) std::rethrow_exception(error);
  } catch (const E& it) {
    return it.what();
  } catch (...) {
    return "another type: " + describe(error);
  }
  return "(null)";
}

TRACTOR_TEST(errors, a_standard_error_keeps_its_type_its_text_and_its_source) {
  auto error = co_await error_of<&fails>(std::string("range"));
  EXPECT_TRUE(error.boxed_type_is<std::out_of_range>());
  EXPECT_FALSE(error.boxed_type_is<std::logic_error>());
  EXPECT_EQ(error.message(), "index 7");
  EXPECT_EQ(error.src_uid().name(), "kid");
  EXPECT_EQ(error.relay_path().size(), 1u);
  EXPECT_FALSE(error.is_inception());
  EXPECT_THAT(error.tb_str(), HasSubstr("index 7"));
  EXPECT_THAT(error.what(), HasSubstr("'kid@"));
  EXPECT_EQ(text_of<std::out_of_range>(error.unwrap()), "index 7");
}

TRACTOR_TEST(errors, registered_types_come_back_as_themselves) {
  auto error = co_await error_of<&fails>(std::string("cheese"));
  EXPECT_TRUE(error.boxed_type_is<out_of_cheese>());
  EXPECT_EQ(text_of<out_of_cheese>(error.unwrap()), "no brie");
}

TRACTOR_TEST(errors, unknown_types_survive_as_text) {
  auto error = co_await error_of<&fails>(std::string("unknown"));
  EXPECT_TRUE(error.boxed_type_is<never_registered>());
  EXPECT_THAT(error.src_type_str(), HasSubstr("never_registered"));
  EXPECT_EQ(error.message(), "who am I");
  EXPECT_EQ(error.unwrap(), nullptr);
}

TRACTOR_TEST(errors, what_is_no_std_exception_arrives_by_its_type) {
  auto strange = co_await error_of<&fails>(std::string("alien"));
  EXPECT_THAT(strange.src_type_str(), HasSubstr("alien"));
  auto number = co_await error_of<&fails>(std::string("number"));
  EXPECT_EQ(number.src_type_str(), "int");
}

TRACTOR_TEST(errors, texts_may_be_empty_long_or_no_utf_8) {
  auto empty = co_await error_of<&fails>(std::string("empty"));
  EXPECT_EQ(empty.message(), "");
  auto bytes = co_await error_of<&fails>(std::string("bytes"));
  EXPECT_THAT(bytes.message(), HasSubstr("not utf-8"));
  auto long_text = co_await error_of<&fails>(std::string("long"));
  EXPECT_GE(long_text.message().size(), 1000u);
}

TRACTOR_TEST(errors, the_origin_is_kept_over_three_hops_and_the_path_names_each) {
  auto error = co_await raises<remote_actor_error>(fails_below(3, "unknown"));
  EXPECT_TRUE(error.boxed_type_is<never_registered>());
  EXPECT_EQ(error.src_uid().name(), "level1");
  EXPECT_EQ(error.relay_uid().name(), "level3");
  EXPECT_TRUE(error.is_inception());
  std::vector<std::string> names;
  for (const actor_id& hop : error.relay_path()) names.push_back(hop.name());
  EXPECT_THAT(names, testing::ElementsAre("level1", "level2", "level3"));
  EXPECT_EQ(error.message(), "who am I");
  EXPECT_EQ(error.boxed_type_str(), "RemoteActorError");
}

TRACTOR_TEST(errors, a_group_travels_as_a_tree) {
  auto error = co_await error_of<&throws_group>();
  EXPECT_TRUE(error.boxed_type_is<exception_group>());
  CO_ASSERT_EQ(error.exceptions().size(), 2u);
  std::vector<std::string> texts;
  for (const remote_actor_error& member : error.exceptions()) {
    texts.push_back(member.message());
    EXPECT_EQ(member.src_uid().name(), "kid");
  }
  EXPECT_THAT(texts, testing::UnorderedElementsAre("no brie", "index 7"));
  const std::exception_ptr local = error.unwrap();
  CO_ASSERT_TRUE(is_error<exception_group>(local));
  int cheese = 0, range = 0;
  const auto rest = handle(
      local, [&](const out_of_cheese&) { ++cheese; }, [&](const std::out_of_range&) { ++range; });
  EXPECT_EQ(rest, nullptr);
  EXPECT_EQ(cheese, 1);
  EXPECT_EQ(range, 1);
}

// One child may fail so much sooner that it cancels its sibling: each leaf is a real error all the same.
TRACTOR_TEST(errors, nested_failures_hold_real_errors_and_no_bare_cancels) {
  std::exception_ptr error;
  try {
    co_await fails_twice(2);
  } catch (const std::exception&) {
    error = std::current_exception();
  }
  CO_ASSERT_NE(error, nullptr);
  int leaves = 0;
  std::function<void(const remote_actor_error&)> visit = [&](const remote_actor_error& one) {
    for (const remote_actor_error& member : one.exceptions()) visit(member);
    if (!one.exceptions().empty()) return;
    ++leaves;
    const std::exception_ptr local = one.unwrap();
    EXPECT_TRUE(local && (is_error<out_of_cheese>(local) || is_error<std::out_of_range>(local)))
        << one.what();
  };
  const auto rest = handle(error, [&](const remote_actor_error& one) { visit(one); });
  EXPECT_EQ(rest, nullptr) << describe(error);
  EXPECT_GE(leaves, 1);
  EXPECT_LE(leaves, 8);
}

TRACTOR_TEST(errors, of_all_leaves_of_a_tree_at_once_are_groups_in_groups_whatever_the_depth, (),
             timeout(120s)) {
  // Below the root there are 14 actors, then 62.
  for (const int depth : {1, 3}) {
    const time_point before = current_time();
    time_point word = before;
    std::exception_ptr error;
    event grown, given;
    try {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([&]() -> task<> {
          co_await grown.wait();
          word = current_time();
          given.set();
        });
        co_await both_sides_fail(depth + 1, grown, given);
      });
    } catch (const std::exception&) {
      error = std::current_exception();
    }
    const time_point after = current_time();
    EXPECT_LT(after - before, roomy(depth == 1 ? 6s : 12s)) << "depth " << depth;
    EXPECT_LT(after - word, roomy(1s)) << "depth " << depth;
    CO_ASSERT_TRUE(is_error<exception_group>(error));
    int sides = 0;
    try {
      std::rethrow_exception(error);
    } catch (const exception_group& group) {
      EXPECT_EQ(group.exceptions().size(), 2u) << describe(error);
    }
    const auto rest = handle(error, [&](const remote_actor_error& side) {
      ++sides;
      expect_full_side(side, depth + 1);
    });
    EXPECT_EQ(rest, nullptr) << describe(error);
    EXPECT_EQ(sides, 2);
  }
}

TRACTOR_TEST(errors, an_error_of_a_run_once_child_is_the_nurserys) {
  auto failing = open_nursery([](actor_nursery& an) -> task<> {
    co_await an.run_in_actor<&fails>("kid", "cheese");
    co_await sleep_forever();
  });
  auto error = co_await raises<remote_actor_error>(std::move(failing));
  EXPECT_TRUE(error.boxed_type_is<out_of_cheese>());
}

TRACTOR_TEST(errors, an_error_in_the_body_ends_idle_children_and_comes_out_bare) {
  auto failing = open_nursery([](actor_nursery& an) -> task<> {
    co_await an.start_actor("idle", expose<&fails>());
    co_await an.start_actor("idle too", expose<&fails>());
    throw out_of_cheese("ours");
  });
  auto error = co_await raises<out_of_cheese>(std::move(failing));
  EXPECT_STREQ(error.what(), "ours");
}

}  // namespace errors_test
