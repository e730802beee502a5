// Connections that end, or are about to, while calls run over them: nobody is kept waiting, nothing is lost.
#include <gmock/gmock.h>
#include <signal.h>

#include <tractor/async/exception_group.hpp>
#include <tractor/async/task_tree.hpp>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "fake_actor.hpp"

namespace broken_links_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

task<> waits_for_good() { co_await sleep_forever(); }

// What the root serves for its children, with what the tests have to do with it.
event* served = nullptr;
event* may_end = nullptr;

task<> ends_late() {
  co_await with_cleanup(
      [&]() -> task<> {
        served->set();
        co_await sleep_forever();
      },
      [&]() -> task<> { co_await may_end->wait(); }, 1h);
}

task<> says_goodbye(context<starts<int>, sends<int>>& ctx) {
  co_await ctx.started(1);
  auto& stream = co_await ctx.open_stream();
  co_await with_cleanup(
      [&]() -> task<> {
        served->set();
        co_await sleep_forever();
      },
      [&]() -> task<> { co_await stream.send(5); }, 1h);
}

task<> calls_its_parent() {
  portal up = current_actor().parent();
  co_await up.run<&ends_late>();
}

task<> listens_to_its_parent() {
  portal up = current_actor().parent();
  co_await up.open_context<&says_goodbye>([](auto& ctx, int) -> task<> {
    auto& stream = co_await ctx.open_stream();
    while (auto item = co_await stream.next()) static_cast<void>(*item);
  });
}

template <auto* Fn> auto serves() {
  return root([](run_options& options) { options.expose<Fn>(); });
}

bool names_the_dead(const std::exception_ptr& error) {
  return describe(error).find("was killed by signal 9") != std::string::npos ||
         describe(error).find("SIGKILL") != std::string::npos;
}

// What is behind a shield is no member of a peer's tree any more: its send fails, and does not wait for ever.
TRACTOR_TEST(broken_link, ends_a_goodbye_behind_a_shield, (), serves<&says_goodbye>()) {
  event up;
  served = &up;
  std::exception_ptr error;
  try {
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      portal kid = co_await an.start_actor("kid", expose<&listens_to_its_parent>());
      an.tasks().start_soon([&]() -> task<> { co_await kid.run<&listens_to_its_parent>(); });
      co_await up.wait();
      ::kill(kid.peer().pid(), SIGKILL);
      co_await sleep_forever();
    });
  } catch (const std::exception&) {
    error = std::current_exception();
  }
  CO_ASSERT_TRUE(error != nullptr);
  EXPECT_TRUE(names_the_dead(error)) << describe(error);
}

TRACTOR_TEST(broken_link, fails_pending_calls_before_those_it_serves_have_ended, (), serves<&ends_late>()) {
  event up, end;
  served = &up;
  may_end = &end;
  std::string told;
  try {
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      portal kid = co_await an.start_actor("kid", expose<&calls_its_parent, &waits_for_good>());
      cancel_scope apart(time_point::max(), true);
      co_await apart.run([&]() -> task<> {
        co_await open_task_nursery([&](task_nursery& tasks) -> task<> {
          tasks.start_soon([&]() -> task<> {
            try {
              co_await kid.run<&calls_its_parent>();
            } catch (const std::exception&) {
            }
          });
          co_await up.wait();
          ::kill(kid.peer().pid(), SIGKILL);
          try {
            co_await kid.run<&waits_for_good>();
          } catch (const std::exception& failure) {
            told = failure.what();
          }
          // Only now may what the child had called here come to its end.
          end.set();
        });
      });
    });
  } catch (const std::exception&) {
  }
  EXPECT_THAT(told, HasSubstr("kid@"));
}

// Of the actor that runs `ends_slowly`.
event& begun() {
  static event it;
  return it;
}
task<> ends_slowly() {
  co_await with_cleanup(
      [&]() -> task<> {
        begun().set();
        co_await sleep_forever();
      },
      [&]() -> task<> { co_await sleep(1s); }, 1h);
}
task<> has_begun() { co_await begun().wait(); }

// Nobody would end it: the cancel of the actor has been handed to those that ran by then.
TRACTOR_TEST(ending_actor, refuses_a_call_that_comes_late, ()) {
  std::exception_ptr late;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ends_slowly, &has_begun, &waits_for_good>());
    an.tasks().start_soon([&]() -> task<> {
      try {
        co_await kid.run<&ends_slowly>();
      } catch (const context_cancelled&) {
      }
    });
    co_await kid.run<&has_begun>();
    an.tasks().start_soon([&]() -> task<> {
      co_await sleep(100ms);
      try {
        co_await kid.run<&waits_for_good>();
      } catch (const std::exception&) {
        late = std::current_exception();
      }
    });
    const bool acknowledged = co_await kid.cancel_actor();
    EXPECT_TRUE(acknowledged);
  });
  CO_ASSERT_TRUE(late != nullptr);
  EXPECT_TRUE(is_error<context_cancelled>(late)) << describe(late);
}

// More of them come while the first are being answered.
TRACTOR_TEST(ending_actor, acknowledges_a_crowd_that_cancels_it, ()) {
  int asked = 0, answered = 0;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&ends_slowly, &has_begun>());
    an.tasks().start_soon([&]() -> task<> {
      try {
        co_await kid.run<&ends_slowly>();
      } catch (const std::exception&) {
      }
    });
    co_await kid.run<&has_begun>();
    co_await open_task_nursery([&](task_nursery& tasks) -> task<> {
      for (int i = 0; i < 3000; ++i)
        tasks.start_soon([&, i]() -> task<> {
          if (i > 0) co_await sleep(960ms + 30us * i);
          if (!kid.connected()) co_return;
          ++asked;
          const bool acknowledged = co_await kid.cancel_actor(5s);
          answered += acknowledged ? 1 : 0;
        });
      co_return;
    });
  });
  EXPECT_GT(asked, 0);
  EXPECT_GT(answered, 0);
}

task<> pours(context<starts<int>, sends<std::string>>& ctx) {
  co_await ctx.started(1);
  auto& stream = co_await ctx.open_stream();
  const std::string item(60'000, 'x');
  for (;;) co_await stream.send(item);
}

task<int> watchers_of_room() {
  const std::string tree = dump_task_tree();
  int count = 0;
  for (std::size_t at = 0; (at = tree.find("task room", at)) != tree.npos; ++at) ++count;
  co_return count;
}

TRACTOR_TEST(full_connection, has_one_task_that_waits_for_room_whatever_the_number_of_streams, ()) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&pours, &watchers_of_room>());
    channel<int> seen(64);
    for (int i = 0; i < 8; ++i)
      an.tasks().start_soon([&]() -> task<> {
        co_await kid.open_context<&pours>([&](auto& ctx, int) -> task<> {
          auto& stream = co_await ctx.open_stream();
          for (int item = 0;; ++item) {
            co_await stream.receive();
            if (item % 100 == 0) co_await seen.send(item);
          }
        });
      });
    for (int i = 0; i < 80; ++i) co_await seen.receive();
    const int watchers = co_await kid.run<&watchers_of_room>();
    EXPECT_LE(watchers, 1);
    an.cancel();
  });
}

task<> fails_in_depth(int levels) {
  std::exception_ptr error = std::make_exception_ptr(std::runtime_error("the innermost"));
  for (int i = 0; i < levels; ++i)
    error = std::make_exception_ptr(
        exception_group("level", {error, std::make_exception_ptr(std::runtime_error("beside"))}));
  co_await checkpoint();
  std::rethrow_exception(error);
}
task<int> twice(int n) { co_return 2 * n; }

TRACTOR_TEST(error_on_the_wire, that_is_too_deep_comes_shortened_and_the_actor_lives_on, ()) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&fails_in_depth, &twice>());
    for (const int levels : {40, 200}) {
      std::string told;
      try {
        co_await kid.run<&fails_in_depth>(levels);
      } catch (const remote_actor_error& error) {
        told = error.what();
      }
      EXPECT_THAT(told, HasSubstr("level")) << levels;
      EXPECT_LT(told.size(), 1u << 20);
    }
    const int four = co_await kid.run<&twice>(2);
    EXPECT_EQ(four, 4);
    an.cancel();
  });
}

TRACTOR_TEST(actor_options, that_cannot_be_met_are_told_at_the_start_and_cost_no_other_child, ()) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal good = co_await an.start_actor("good", expose<&twice>());
    const std::vector<actor_options> all{expose<&twice>().enable_transports("nosuch"),
                                         expose<&twice>().loglevel("lowd")};
    for (const actor_options& bad : all) {
      std::string told;
      try {
        co_await an.start_actor("bad", bad);
      } catch (const std::invalid_argument& error) {
        told = error.what();
      }
      EXPECT_THAT(told, HasSubstr("cannot start 'bad': "));
    }
    const int four = co_await good.run<&twice>(2);
    EXPECT_EQ(four, 4);
    an.cancel();
  });
}

task<> takes_items(context<starts<int>, receives<int>>& ctx) {
  co_await ctx.started(1);
  auto& stream = co_await ctx.open_stream();
  while (auto item = co_await stream.next()) static_cast<void>(*item);
}

// A peer that hangs up at the border of two messages.
TRACTOR_TEST(broken_link, of_a_peer_that_hangs_up_fails_the_call_under_way_and_each_one_after_it, (),
             keyless()) {
  auto lines = [](wire_peer& peer, std::string cid) -> task<> {
    co_await peer.send(wire_peer::ack(cid, "asyncfunc"));
    peer.close();
    co_await sleep_forever();
  };
  co_await with_fake(lines, [](portal fake) -> task<> {
    for (int call = 0; call < 3; ++call) {
      auto error = co_await raises<transport_closed>(fake.run<&twice>(1));
      EXPECT_EQ(error.why(), transport_closed::cause::end_of_stream) << error.what();
      EXPECT_THAT(error.what(), HasSubstr("'fake@"));
      EXPECT_FALSE(fake.connected());
    }
    auto body = [](auto&, int) -> task<> { co_return; };
    auto error = co_await raises<transport_closed>(fake.open_context<&takes_items>(body));
    EXPECT_THAT(error.what(), HasSubstr("'fake@"));
  });
}

TRACTOR_TEST(broken_link, of_a_peer_that_hangs_up_fails_each_send_after_it, (), keyless()) {
  auto lines = [](wire_peer& peer, std::string cid) -> task<> {
    co_await peer.send(wire_peer::ack(cid, "context"));
    co_await peer.send(wire_peer::message("Started", cid, 1));
    co_await peer.expect("Yield");
    peer.close();
    co_await sleep_forever();
  };
  int failed = 0;
  co_await with_fake(lines, [&](portal fake) -> task<> {
    auto body = [&](auto& ctx, int) -> task<> {
      auto& stream = co_await ctx.open_stream();
      co_await stream.send(1);
      auto sends = [&]() -> task<> { co_await stream.send(2); };
      // The body is cut off as soon as that is noticed; what it does behind a shield is told all the same.
      co_await shielded([&]() -> task<> {
        co_await raises<transport_closed>(ctx.wait_for_result());
        for (int send = 0; send < 3; ++send) {
          auto error = co_await raises<transport_closed>(sends());
          EXPECT_EQ(error.why(), transport_closed::cause::end_of_stream) << error.what();
          EXPECT_THAT(error.what(), HasSubstr("'fake@"));
          ++failed;
        }
      });
      co_await checkpoint();
    };
    auto error = co_await raises<transport_closed>(fake.open_context<&takes_items>(body));
    EXPECT_EQ(error.why(), transport_closed::cause::end_of_stream) << error.what();
  });
  EXPECT_EQ(failed, 3);
}

}  // namespace broken_links_test
