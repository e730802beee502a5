// Publishers and subscribers in different actors.
#include <gmock/gmock.h>

#include <tractor/tractor.hpp>

#include "program.hpp"

namespace topics_across_actors {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;

using names = std::vector<std::string>;

// What the publishing actor publishes, as long as it lives.
topics<int>& feed() {
  static topics<int> hub(1000);
  return hub;
}
task<> subscribe(topics_context<int>& ctx) { co_await serve_topics(feed(), ctx, on_lag::count); }
task<names> wanted() {
  const std::set<std::string> all = feed().wanted();
  co_return names(all.begin(), all.end());
}
// Publishes only what somebody wants.
task<> publish(context<starts<>>& ctx) {
  co_await ctx.started();
  for (int i = 0;; ++i) {
    co_await feed().wait_wanted();
    const std::string topic = i % 2 == 0 ? "even" : "odd";
    if (feed().wanted(topic)) feed().publish(topic, i);
    co_await checkpoint();
  }
}

// A hub of its own for each subscriber, which ends after three items.
task<> subscribe_briefly(topics_context<int>& ctx) {
  topics<int> hub;
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      co_await hub.wait_wanted();
      for (int i = 0; i < 3; ++i) hub.publish("few", i);
      hub.close();
    });
    co_await serve_topics(hub, ctx);
  });
}

// Takes `count` items of one topic from the actor of that name; yields how many were of another one.
task<int> take(std::string publisher, std::string topic, int count) {
  int strangers = 0;
  portal source = co_await wait_for_actor(publisher);
  co_await source.open_context<&subscribe>([&](auto& ctx) -> task<> {
    auto& stream = co_await ctx.open_stream();
    const names mine = {topic};
    co_await stream.send(mine);
    for (int last = -1, i = 0; i < count; ++i) {
      topic_item<int> got = co_await stream.receive();
      if (got.topic != topic || got.item <= last || (got.item % 2 == 0) != (topic == "even")) ++strangers;
      last = got.item;
    }
  });
  co_return strangers;
}

TRACTOR_TEST(topics_across_actors, reach_the_actors_that_want_them_while_they_want_them) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal source = co_await an.start_actor("publisher", expose<&subscribe, &publish, &wanted>());
    co_await fail_after(roomy(5s), source.open_context<&publish>([&](auto& ctx) -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        for (const std::string topic : {"even", "odd"})
          tn.start_soon([&, topic]() -> task<> {
            portal reader = co_await an.start_actor("wants_" + topic, expose<&take>());
            EXPECT_EQ(co_await reader.run<&take>("publisher", topic, 100), 0);
            co_await reader.cancel_actor();
          });
        // Two tasks of one actor are two subscribers.
        for (int i = 0; i < 2; ++i)
          tn.start_soon([&]() -> task<> { EXPECT_EQ(co_await take("publisher", "even", 100), 0); });
        co_return;
      });
      // Whoever has left wants nothing any more.
      names left = co_await source.run<&wanted>();
      while (!left.empty()) {
        co_await sleep(1ms);
        left = co_await source.run<&wanted>();
      }
      co_await ctx.cancel();
    }));
    co_await source.cancel_actor();
  });
}

TRACTOR_TEST(topics_across_actors, that_end_are_the_end_of_the_stream_after_their_last_item) {
  std::vector<int> got;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal source = co_await an.start_actor("publisher", expose<&subscribe_briefly>());
    co_await fail_after(roomy(5s), source.open_context<&subscribe_briefly>([&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      const names mine = {"few"};
      co_await stream.send(mine);
      while (auto item = co_await stream.next()) got.push_back(item->item);
    }));
    co_await source.cancel_actor();
  });
  EXPECT_EQ(got, (std::vector<int>{0, 1, 2}));
}

}  // namespace topics_across_actors
