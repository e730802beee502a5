// Items by topic, for those who asked for them.
#include "tractor/async/topics.hpp"

#include <gmock/gmock.h>

#include "support.hpp"

namespace topics_test {

using namespace tractor;
using namespace tractor::testing;
using ::testing::ElementsAre;

static_assert(!std::is_copy_constructible_v<topics<int>> && !std::is_move_constructible_v<topics<int>>);
static_assert(!std::is_copy_constructible_v<topic_subscription<int>>);
static_assert(std::is_nothrow_move_constructible_v<topic_subscription<int>>);

using names = std::set<std::string>;

std::string text(const topic_item<int>& got) { return got.topic + std::to_string(got.item); }

task<std::vector<std::string>> all_of(topic_subscription<int>& sub) {
  std::vector<std::string> got;
  while (auto item = co_await sub.next()) got.push_back(text(*item));
  co_return got;
}

TEST(topics, reach_those_who_want_them_and_nobody_else) {
  run([]() -> task<> {
    topics<int> hub;
    auto even = hub.subscribe(names{"even"}), both = hub.subscribe(names{"even", "odd"});
    for (int i = 0; i < 4; ++i) EXPECT_EQ(hub.publish(i % 2 ? "odd" : "even", i), i % 2 ? 1u : 2u);
    EXPECT_EQ(hub.publish("prime", 7), 0u);
    hub.close();
    EXPECT_THAT(co_await all_of(even), ElementsAre("even0", "even2"));
    EXPECT_THAT(co_await all_of(both), ElementsAre("even0", "odd1", "even2", "odd3"));
  });
}

TEST(topics, that_change_count_from_then_on) {
  run([]() -> task<> {
    topics<int> hub;
    auto sub = hub.subscribe(names{"a", "b"});
    hub.publish("a", 1);
    hub.publish("b", 2);
    sub.set(names{"b", "c"});
    hub.publish("a", 3);
    hub.publish("c", 4);
    hub.close();
    EXPECT_THAT(co_await all_of(sub), ElementsAre("b2", "c4"));
  });
}

TEST(topics, never_hold_up_who_publishes_and_say_what_was_missed) {
  run([]() -> task<> {
    topics<int> hub(2);
    auto told = hub.subscribe(names{"a"}), counts = hub.subscribe(names{"a"}, on_lag::count);
    for (int i = 0; i < 5; ++i) hub.publish("a", i);
    hub.close();
    std::uint64_t missed = 0;
    try {
      co_await told.next();
    } catch (const lagged& error) {
      missed = error.missed();
    }
    EXPECT_EQ(missed, 3u);
    EXPECT_THAT(co_await all_of(told), ElementsAre("a3", "a4"));
    EXPECT_THAT(co_await all_of(counts), ElementsAre("a3", "a4"));
    EXPECT_EQ(counts.missed(), 3u);
  });
}

TEST(topics, know_what_is_wanted_and_wake_who_waits_for_it) {
  run([]() -> task<> {
    topics<int> hub;
    bool woken = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await hub.wait_wanted();
        woken = true;
      });
      co_await sleep(1s);
      auto sub = hub.subscribe({});
      co_await sleep(1s);
      EXPECT_FALSE(woken) << "nobody wants anything yet";
      sub.set(names{"a"});
      EXPECT_TRUE(hub.wanted("a"));
      EXPECT_FALSE(hub.wanted("b"));
      co_await sleep(1s);
      EXPECT_TRUE(woken);
      sub.close();
      EXPECT_EQ(hub.wanted(), names{});
      EXPECT_EQ(hub.subscribers(), 0u);
    });
  });
}

TEST(topics, a_cancelled_wait_loses_no_item) {
  run([]() -> task<> {
    topics<int> hub;
    auto sub = hub.subscribe(names{"a"});
    auto in_time = co_await move_on_after(1s, [&](cancel_scope&) -> task<> { co_await sub.next(); });
    EXPECT_TRUE(in_time.cancelled_caught());
    hub.publish("a", 1);
    hub.close();
    EXPECT_THAT(co_await all_of(sub), ElementsAre("a1"));
  });
}

TEST(topics, of_a_hub_that_is_gone_end_and_closed_ones_say_so) {
  run([]() -> task<> {
    auto hub = std::make_unique<topics<int>>();
    auto sub = hub->subscribe(names{"a"});
    hub->publish("a", 1);
    hub->close();
    EXPECT_THROW(hub->publish("a", 2), closed_resource);
    EXPECT_THROW(static_cast<void>(hub->subscribe(names{"a"})), closed_resource);
    hub.reset();
    EXPECT_THAT(co_await all_of(sub), ElementsAre("a1"));
    sub.close();
    EXPECT_THROW(sub.set(names{"b"}), closed_resource);
    bool refused = false;
    try {
      co_await sub.next();
    } catch (const closed_resource&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
    EXPECT_THROW(topics<int>(0), std::invalid_argument);
  });
}

}  // namespace topics_test
