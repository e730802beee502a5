// Streams: order, ends, flow control and what is done with items that come too fast.
#include <gmock/gmock.h>
#include <signal.h>

#include <numeric>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace stream_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::HasSubstr;

task<> ticks(send_stream<int>& out, int count) {
  for (int i = 0; i < count; ++i) co_await out.send(i);
}

task<> endless(send_stream<std::string>& out) {
  for (;;) co_await out.send("and another one");
}

task<> fails_third(send_stream<int>& out) {
  co_await out.send(1);
  co_await out.send(2);
  throw std::range_error("out of numbers");
}

// Sends numbers as long as it may; says how many once it is told to stop.
task<int> floods(context<receives<std::string>, sends<int>>& ctx, int count) {
  auto& stream = co_await ctx.open_stream();
  int sent = 0;
  auto flood = [&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      for (; sent < count; ++sent) co_await stream.send(sent);
    });
    co_await stream.receive();
    tn.scope().cancel();
  };
  co_await open_task_nursery(flood);
  co_return sent;
}

task<int> adds_up(context<receives<int>>& ctx, int buffer) {
  stream_options options;
  if (buffer > 0) options.buffer(static_cast<std::size_t>(buffer));
  auto& stream = co_await ctx.open_stream(options);
  int sum = 0;
  while (auto item = co_await stream.next()) sum += *item;
  co_return sum;
}

task<> never_opens(context<receives<int>>&) { co_await sleep_forever(); }

task<> pingpong(context<receives<std::string>, sends<std::string>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  while (auto item = co_await stream.next()) {
    EXPECT_EQ(*item, "ping");
    co_await stream.send("pong");
  }
}

task<std::size_t> reads_with(context<receives<int>, sends<int>>& ctx, int policy, int buffer, int until) {
  auto& stream = co_await ctx.open_stream(
      stream_options().overrun(static_cast<overrun_policy>(policy)).buffer(static_cast<std::size_t>(buffer)));
  // All of them have come before the first is taken.
  while (stream.statistics().received < static_cast<std::uint64_t>(until)) co_await sleep(1ms);
  while (auto item = co_await stream.next()) co_await stream.send(*item);
  co_return stream.statistics().dropped;
}

task<> closes_at_once(context<receives<int>, sends<int>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  co_await stream.aclose();
  co_await sleep_forever();
}

task<> dies(context<sends<int>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  co_await stream.send(1);
  co_await sleep(10ms);
  ::raise(SIGKILL);
}

task<> mixes(context<sends<int, std::string>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  co_await stream.send(1);
  co_await stream.send("two");
  co_await stream.send(3);
  co_await stream.send("four");
}

TRACTOR_TEST(stream, a_generator_yields_its_items_in_order_and_ends) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ticks>());
    for (int count : {0, 1, 5000}) {
      int next = 0;
      co_await kid.stream_from<&ticks>(count, [&](receive_stream<int>& in) -> task<> {
        while (auto item = co_await in.next()) {
          CO_ASSERT_EQ(*item, next);
          ++next;
        }
        CO_ASSERT_THROW(co_await in.receive(), end_of_channel);
      });
      EXPECT_EQ(next, count);
    }
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, leaving_a_generator_early_ends_it) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&endless>());
    std::string last =
        co_await kid.stream_from<&endless>([&](receive_stream<std::string>& in) -> task<std::string> {
          for (int i = 0; i < 10; ++i) co_await in.receive();
          co_return co_await in.receive();
        });
    EXPECT_EQ(last, "and another one");
    EXPECT_THAT(current_actor().state(), HasSubstr("1 children"));
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, an_error_of_a_generator_follows_its_items) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&fails_third>());
    auto body = [&](receive_stream<int>& in) -> task<> {
      while (auto item = co_await in.next()) EXPECT_LT(*item, 3);
      ADD_FAILURE() << "an end in place of an error";
    };
    auto error = co_await raises<remote_actor_error>(kid.stream_from<&fails_third>(body));
    EXPECT_TRUE(error.boxed_type_is<std::range_error>());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, ten_pings_and_pongs_then_an_early_end) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&pingpong>());
    co_await kid.open_context<&pingpong>([&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      for (int i = 0; i < 10; ++i) {
        co_await stream.send("ping");
        CO_ASSERT_EQ(co_await stream.receive(), "pong");
      }
    });
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, several_streams_share_one_portal) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ticks, &adds_up>());
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int which = 0; which < 4; ++which) {
        tn.start_soon([&]() -> task<> {
          int sum = 0;
          co_await kid.stream_from<&ticks>(1000, [&](receive_stream<int>& in) -> task<> {
            while (auto item = co_await in.next()) sum += *item;
          });
          EXPECT_EQ(sum, 999 * 1000 / 2);
        });
        tn.start_soon([&]() -> task<> {
          int sum = co_await kid.open_context<&adds_up>(0, [&](auto& ctx) -> task<int> {
            auto& stream = co_await ctx.open_stream();
            for (int i = 0; i < 1000; ++i) co_await stream.send(i);
            co_await stream.aclose();
            co_return co_await ctx.wait_for_result();
          });
          EXPECT_EQ(sum, 999 * 1000 / 2);
        });
      }
      co_return;
    });
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, a_slow_receiver_slows_its_sender) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&floods>());
    int sent = co_await kid.open_context<&floods>(1'000'000, [&](auto& ctx) -> task<int> {
      auto& stream = co_await ctx.open_stream(stream_options().buffer(64));
      // The sender stands still: what it may send is here, and what is here nobody takes.
      while (stream.statistics().received < 64) co_await sleep(1ms);
      EXPECT_EQ(stream.statistics().queued, 64u);
      EXPECT_EQ(co_await stream.receive(), 0);
      co_await stream.send("stop");
      co_return co_await ctx.wait_for_result();
    });
    EXPECT_GE(sent, 64);
    EXPECT_LE(sent, 64 + 64);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, a_fast_receiver_gets_all_whatever_its_buffer) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&adds_up>());
    for (int buffer : {0, 1, 2, 7, 1000}) {
      int sum = co_await kid.open_context<&adds_up>(buffer, [&](auto& ctx) -> task<int> {
        auto& stream = co_await ctx.open_stream();
        for (int i = 0; i < 3000; ++i) co_await stream.send(i);
        co_await stream.aclose();
        co_return co_await ctx.wait_for_result();
      });
      EXPECT_EQ(sum, 2999 * 3000 / 2) << "buffer " << buffer;
    }
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, the_end_does_not_wait_for_an_endpoint_whose_items_nobody_takes) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ticks, &floods>());
    co_await kid.stream_from<&ticks>(100'000,
                                     [&](receive_stream<int>& in) -> task<> { co_await in.receive(); });
    // Neither opened nor read here; the result is waited for all the same.
    co_await fail_after(20s, kid.open_context<&floods>(10'000, [&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      co_await stream.send("stop");
      co_await ctx.wait_for_result();
    }));
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, overrun_by_policy_is_an_error_of_the_sender) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&reads_with>());
    auto body = [&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      for (int i = 0;; ++i) co_await stream.send(i);
    };
    auto error = co_await raises<remote_actor_error>(
        kid.open_context<&reads_with>(static_cast<int>(overrun_policy::error), 8, 1'000'000'000, body));
    EXPECT_TRUE(error.boxed_type_is<stream_overrun>());
    EXPECT_THAT(error.message(), HasSubstr("too slow"));
    EXPECT_EQ(error.record().sender, current_actor().id());
    EXPECT_TRUE(kid.connected());
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, drop_oldest_and_conflate_count_what_they_drop) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&reads_with>());
    for (overrun_policy policy : {overrun_policy::drop_oldest, overrun_policy::conflate}) {
      const int kept = policy == overrun_policy::conflate ? 1 : 8;
      std::vector<int> got;
      std::size_t dropped = co_await kid.open_context<&reads_with>(
          static_cast<int>(policy), 8, 200, [&](auto& ctx) -> task<std::size_t> {
            auto& stream = co_await ctx.open_stream();
            for (int i = 0; i < 200; ++i) co_await stream.send(i);
            for (int i = 0; i < kept; ++i) got.push_back(co_await stream.receive());
            co_await stream.aclose();
            co_return co_await ctx.wait_for_result();
          });
      EXPECT_EQ(dropped, 200u - static_cast<std::size_t>(kept));
      std::vector<int> newest(static_cast<std::size_t>(kept));
      std::iota(newest.begin(), newest.end(), 200 - kept);
      EXPECT_EQ(got, newest);
    }
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, an_item_that_is_there_can_be_taken_without_waiting) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ticks>());
    co_await kid.stream_from<&ticks>(2, [&](receive_stream<int>& in) -> task<> {
      for (int wanted = 0; wanted < 2; ++wanted) {
        std::optional<int> got;
        while (!got) {
          try {
            got = in.receive_nowait();
          } catch (const would_block&) {
          }
          if (!got) co_await sleep(1ms);
        }
        EXPECT_EQ(got, wanted);
      }
      EXPECT_FALSE(co_await in.next());
    });
    an.cancel();
  });
}

TRACTOR_TEST(stream, a_closed_end_says_so_to_both_sides) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&closes_at_once>());
    co_await kid.open_context<&closes_at_once>([&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      EXPECT_FALSE(co_await stream.next());
      CO_ASSERT_THROW(co_await stream.receive(), end_of_channel);
      CO_ASSERT_THROW(co_await stream.send(1), end_of_channel);
      EXPECT_TRUE(stream.peer_closed());
      co_await stream.aclose();
      CO_ASSERT_THROW(co_await stream.receive(), closed_resource);
      CO_ASSERT_THROW(co_await stream.send(1), closed_resource);
      EXPECT_THROW(stream.receive_nowait(), closed_resource);
      bool refused = false;
      try {
        co_await ctx.open_stream();
      } catch (const closed_resource&) {
        refused = true;
      }
      EXPECT_TRUE(refused);
      co_await ctx.cancel();
    });
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, the_death_of_the_peer_ends_it_with_the_childs_name) {
  auto tree = open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&dies>());
    co_await kid.open_context<&dies>([&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      EXPECT_EQ(co_await stream.receive(), 1);
      co_await stream.receive();
    });
  });
  auto error = co_await raises<actor_failure>(std::move(tree));
  EXPECT_EQ(error.who().name(), "kid");
}

TRACTOR_TEST(stream, a_cancelled_receive_loses_nothing) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ticks>());
    co_await kid.stream_from<&ticks>(2000, [&](receive_stream<int>& in) -> task<> {
      int next = 0;
      bool more = true;
      auto read = [&]() -> task<> {
        while (more) {
          auto item = co_await in.next();
          if (!item) more = false;
          if (item) CO_ASSERT_EQ(*item, next);
          if (item) ++next;
        }
      };
      // Cut off at one turn of the loop after the other.
      int turns = 0;
      while (more) {
        co_await open_task_nursery([&](task_nursery& tn) -> task<> {
          tn.start_soon([&]() -> task<> { co_await read(); });
          for (int i = 0; i < turns; ++i) co_await checkpoint();
          tn.scope().cancel();
        });
        turns = (turns + 1) % 7;
        co_await sleep(1us);
      }
      EXPECT_EQ(next, 2000);
    });
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(stream, a_limit_refuses_other_alternatives_while_it_stands) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&mixes>());
    co_await kid.open_context<&mixes>([&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      {
        auto only = stream.template limit<int>();
        auto first = co_await stream.receive();
        EXPECT_EQ(std::get<int>(first), 1);
        CO_ASSERT_THROW(co_await stream.receive(), msg_type_error);
        auto third = co_await stream.receive();
        EXPECT_EQ(std::get<int>(third), 3);
      }
      auto last = co_await stream.receive();
      EXPECT_EQ(std::get<std::string>(last), "four");
    });
    co_await kid.cancel_actor();
  });
}

}  // namespace stream_test
