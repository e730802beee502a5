// Publishers and subscribers in different actors.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

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

TRACTOR_TEST(topics_across_actors, of_the_registrar_reach_its_children_by_its_name, (),
             root([](run_options& options) { options.expose<&subscribe>(); })) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    an.tasks().start_soon([]() -> task<> {
      for (int i = 0;; ++i) {
        feed().publish(i % 2 == 0 ? "even" : "odd", i);
        co_await checkpoint();
      }
    });
    const std::string ours = current_actor().id().name();
    portal reader = co_await an.start_actor("reader", expose<&take>());
    const int strangers = co_await fail_after(roomy(5s), reader.run<&take>(ours, "odd", 100));
    EXPECT_EQ(strangers, 0);
    an.cancel();
  });
}

// Wants the one topic, then the other, and so on without an end; tells each change.
task<> changes_its_mind(send_stream<int>& changes, std::string publisher) {
  portal source = co_await wait_for_actor(publisher);
  co_await source.open_context<&subscribe>([&](auto& ctx) -> task<> {
    auto& stream = co_await ctx.open_stream();
    for (int turn = 0;; ++turn) {
      const std::string topic = turn % 2 == 0 ? "even" : "odd";
      const names mine = {topic};
      co_await stream.send(mine);
      for (int got = 0; got < 5;) {
        // What was on its way when it changed its mind is still of the other one.
        topic_item<int> item = co_await stream.receive();
        if (item.topic == topic) ++got;
      }
      co_await changes.send(turn);
    }
  });
}

// A publisher and three such subscribers, for ever; says when each has changed its mind ten times.
task<> market(event& busy) {
  int still_new = 3;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal source = co_await an.start_actor("publisher", expose<&subscribe, &publish>());
    an.tasks().start_soon([source]() -> task<> {
      co_await source.open_context<&publish>([](auto&) -> task<> { co_await sleep_forever(); });
    });
    for (int i = 0; i < 3; ++i) {
      portal reader = co_await an.start_actor("reader" + std::to_string(i), expose<&changes_its_mind>());
      an.tasks().start_soon([&, reader]() -> task<> {
        co_await reader.stream_from<&changes_its_mind>("publisher", [&](receive_stream<int>& in) -> task<> {
          while (auto turn = co_await in.next())
            if (*turn == 10 && --still_new == 0) busy.set();
        });
      });
    }
    co_await sleep_forever();
  });
}

TRACTOR_TEST(topics_across_actors, whose_subscribers_change_their_minds_all_the_time_end_by_a_cancel) {
  event busy;
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&] { return market(busy); });
    co_await fail_after(roomy(10s), [&]() -> task<> { co_await busy.wait(); });
    tn.scope().cancel();
  });
}

TRACTOR_CELL_TEST(topics_across_actors, whose_subscribers_change_their_minds_all_the_time_end_by_an_interrupt,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  run_options options;
  options.start_method(method).enable_transports(proto.key()).registry_addrs(addr.text());
  auto body = []() -> task<> {
    event busy;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&] { return market(busy); });
      co_await busy.wait();
      ::kill(::getpid(), SIGINT);
      co_await sleep_forever();
    });
  };
  EXPECT_THROW(run_tree(options, body), interrupted);
}

}  // namespace topics_across_actors
