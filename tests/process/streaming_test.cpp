// Streams at work: two ways, one way, requests among items, many readers, subscriptions, and interrupts.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <set>
#include <tractor/tractor.hpp>

#include "program.hpp"

namespace streaming_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;

constexpr int rounds = 10;

// The same server twice: as a loop, and by explicit receives.
task<int> loop_server(context<starts<int>, receives<std::string>, sends<std::string>>& ctx, int data) {
  co_await ctx.started(data + 1);
  auto& stream = co_await ctx.open_stream();
  int pings = 0;
  while (auto item = co_await stream.next()) {
    EXPECT_EQ(*item, "ping");
    co_await stream.send("pong");
    ++pings;
  }
  co_return pings;
}
task<int> receive_server(context<starts<int>, receives<std::string>, sends<std::string>>& ctx, int data) {
  co_await ctx.started(data + 1);
  auto& stream = co_await ctx.open_stream();
  int pings = 0;
  try {
    for (;; ++pings) {
      std::string item = co_await stream.receive();
      EXPECT_EQ(item, "ping");
      co_await stream.send("pong");
    }
  } catch (const end_of_channel&) {
  }
  co_return pings;
}

template <auto Server> task<> ping(portal kid, bool by_loop) {
  int pings = co_await kid.open_context<Server>(10, [&](auto& ctx, int first) -> task<int> {
    EXPECT_EQ(first, 11);
    auto& stream = co_await ctx.open_stream();
    co_await stream.send("ping");
    if (by_loop) {
      int pongs = 0;
      while (auto item = co_await stream.next()) {
        EXPECT_EQ(*item, "pong");
        if (++pongs == rounds) break;
        co_await stream.send("ping");
      }
    } else {
      for (int pongs = 1; pongs < rounds; ++pongs) {
        EXPECT_EQ(co_await stream.receive(), "pong");
        co_await stream.send("ping");
      }
      EXPECT_EQ(co_await stream.receive(), "pong");
    }
    co_await stream.aclose();
    co_return co_await ctx.wait_for_result();
  });
  EXPECT_EQ(pings, rounds);
}

// Streams numbers all the while, and answers what is asked in between.
task<> counts_and_answers(context<receives<std::string>, sends<int, std::string>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      for (int i = 0;; ++i) {
        co_await stream.send(i);
        co_await sleep(1ms);
      }
    });
    while (auto question = co_await stream.next()) co_await stream.send("re: " + *question);
    tn.scope().cancel();
  });
}

task<> numbers(send_stream<int>& out) {
  for (int i = 0;; ++i) co_await out.send(i);
}
task<> echo_numbers(context<receives<int>, sends<int>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  while (auto item = co_await stream.next()) co_await stream.send(*item);
}
task<> count_to(send_stream<int>& out, int count) {
  for (int i = 0; i < count; ++i) co_await out.send(i);
}

// A publisher: each subscriber's stream says which topics it wants from now on, and gets the numbers of
// those.
struct update {
  std::string topic;
  int number = 0;
};
task<> publishes(context<receives<std::vector<std::string>>, sends<update>>& ctx) {
  std::set<std::string> wanted;
  auto& stream = co_await ctx.open_stream();
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      for (int number = 0;; ++number) {
        const std::string topic = number % 2 == 0 ? "even" : "odd";
        if (wanted.contains(topic)) co_await stream.send(topic, number);
        co_await checkpoint();
      }
    });
    while (auto topics = co_await stream.next())
      wanted = std::set<std::string>(topics->begin(), topics->end());
    tn.scope().cancel();
  });
}

// Changes its subscription three times; yields how often an item came that was not asked for.
task<int> subscribes(std::string publisher) {
  int strangers = 0;
  portal source = co_await wait_for_actor(publisher);
  co_await source.open_context<&publishes>([&](auto& ctx) -> task<> {
    auto& stream = co_await ctx.open_stream();
    for (const std::string topic : {"even", "odd", "even"}) {
      const std::vector<std::string> topics = {topic};
      co_await stream.send(topics);
      int in_a_row = 0;
      // What was on its way before the change may still come; then only the new topic does.
      for (int item = 0; in_a_row < 30; ++item) {
        update got = co_await stream.receive();
        if ((got.number % 2 == 0) != (got.topic == "even")) ++strangers;
        in_a_row = got.topic == topic ? in_a_row + 1 : 0;
        if (item > 100'000) co_return;
      }
    }
    const std::vector<std::string> none;
    co_await stream.send(none);
  });
  co_return strangers;
}

TRACTOR_TEST(streaming, ten_pings_are_ten_pongs_whatever_either_side_reads_with) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&loop_server, &receive_server>());
    for (const bool by_loop : {true, false}) {
      co_await fail_after(roomy(2s), ping<&loop_server>(kid, by_loop));
      co_await fail_after(roomy(2s), ping<&receive_server>(kid, by_loop));
    }
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(streaming, requests_are_answered_among_the_items_of_one_stream) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&counts_and_answers>());
    co_await fail_after(roomy(1s), kid.open_context<&counts_and_answers>([&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      int next = 0;
      bool answered = false;
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        channel<std::string> answers(1);
        tn.start_soon([&]() -> task<> {
          while (auto item = co_await stream.next()) {
            if (auto* text = std::get_if<std::string>(&*item)) {
              co_await answers.send(*text);
            } else {
              EXPECT_EQ(std::get<int>(*item), next);
              ++next;
            }
          }
        });
        while (next < 3) co_await sleep(1ms);
        co_await stream.send("ping");
        EXPECT_EQ(co_await answers.receive(), "re: ping");
        answered = true;
        tn.scope().cancel();
      });
      EXPECT_TRUE(answered);
    }));
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(streaming, every_local_reader_of_one_stream_can_have_every_item) {
  constexpr int readers = 5;
  constexpr int count = 200;
  std::vector<std::vector<int>> got(readers);
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&count_to>());
    auto body = [&](receive_stream<int>& in) -> task<> {
      std::vector<std::unique_ptr<channel<int>>> outlets;
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        for (int i = 0; i < readers; ++i) {
          outlets.push_back(std::make_unique<channel<int>>(4));
          tn.start_soon([&, i]() -> task<> {
            while (auto item = co_await outlets[static_cast<std::size_t>(i)]->next()) {
              got[static_cast<std::size_t>(i)].push_back(*item);
              // Each in a time of its own.
              for (int turn = 0; turn < i; ++turn) co_await checkpoint();
            }
          });
        }
        while (auto item = co_await in.next())
          for (auto& outlet : outlets) co_await outlet->send(*item);
        for (auto& outlet : outlets) outlet->close();
      });
    };
    co_await fail_after(roomy(3s), kid.stream_from<&count_to>(count, body));
    co_await kid.cancel_actor();
  });
  std::vector<int> all(count);
  for (int i = 0; i < count; ++i) all[static_cast<std::size_t>(i)] = i;
  for (const auto& seen : got) EXPECT_EQ(seen, all);
}

TRACTOR_TEST(streaming, a_deadline_cuts_an_endless_stream_and_its_nursery) {
  bool cancelled = false;
  co_await fail_after(roomy(2s), [&](cancel_scope&) -> task<> {
    auto cut = co_await with_cancel_scope([&](cancel_scope& scope) -> task<> {
      co_await open_nursery([&](actor_nursery& an) -> task<> {
        portal kid = co_await an.start_actor("kid", expose<&numbers>());
        try {
          co_await kid.stream_from<&numbers>([&](receive_stream<int>& in) -> task<> {
            co_await in.receive();
            scope.set_deadline(current_time() + 100ms);
            for (;;) co_await in.receive();
          });
        } catch (...) {
          // From outside; the nursery's own flag says so, once it is told.
          cancelled = true;
          throw;
        }
      });
    });
    EXPECT_TRUE(cut.cancelled_caught());
  });
  EXPECT_TRUE(cancelled);
}

namespace {

// Boots a tree that streams both ways at once, and is interrupted in the midst of it.
void interrupted_tree(int signo, const run_options& options) {
  bool both_cut[2] = {false, false};
  auto body = [&]() -> task<> {
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      portal kid = co_await an.start_actor("kid", expose<&numbers, &echo_numbers>());
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([&]() -> task<> {
          try {
            co_await kid.stream_from<&numbers>([&](receive_stream<int>& in) -> task<> {
              for (;;) co_await in.receive();
            });
          } catch (...) {
            both_cut[0] = true;
            throw;
          }
        });
        try {
          co_await kid.open_context<&echo_numbers>([&](auto& ctx) -> task<> {
            auto& stream = co_await ctx.open_stream();
            for (int i = 0;; ++i) {
              co_await stream.send(i);
              EXPECT_EQ(co_await stream.receive(), i);
              if (i == 20) ::kill(::getpid(), signo);
            }
          });
        } catch (...) {
          both_cut[1] = true;
          throw;
        }
      });
    });
  };
  try {
    run_tree(options, body);
    ADD_FAILURE() << "the interrupt is not raised";
  } catch (const interrupted& error) {
    EXPECT_EQ(error.signo(), signo);
  }
  EXPECT_TRUE(both_cut[0]);
  EXPECT_TRUE(both_cut[1]);
}

}  // namespace

TRACTOR_CELL_TEST(streaming, an_interrupt_ends_one_way_and_two_way_streams,
                  (start_method method, tpt_proto proto, reg_addr addr), timeout(10s)) {
  for (const int signo : {SIGINT, SIGTERM}) {
    run_options options;
    options.start_method(method).enable_transports(proto.key()).registry_addrs(addr.text());
    const auto before = std::chrono::steady_clock::now();
    interrupted_tree(signo, options);
    EXPECT_LT(std::chrono::steady_clock::now() - before, roomy(2s));
  }
}

}  // namespace streaming_test
