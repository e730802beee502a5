// Watching who comes and goes.
#include <signal.h>

#include "registry.hpp"

namespace watch_test {

using namespace process_tests;
using process_program::hello;

using kind = registry_change::kind;

// The next change as text, `+name` or `-name`; within a bound.
task<std::string> next_of(actor_watch& watch) {
  auto change = co_await fail_after(roomy(5s), watch.next());
  if (!change) co_return "the end";
  co_return (change->what == kind::appeared ? "+" : "-") + change->who.id.name();
}

// Watches for others by name, in another process than the registrar's.
task<> sees(send_stream<std::string>& out, std::string name) {
  auto watch = watch_actors(name, find_options().prefix());
  for (;;) {
    std::string change = co_await next_of(watch);
    co_await out.send(std::move(change));
  }
}

TRACTOR_TEST(watch, begins_with_those_who_are_there_and_tells_who_comes_and_goes) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto first = co_await an.start_actor("kid", expose<&hello>());
    co_await wait_for_actor("kid");
    auto watch = watch_actors("kid");
    auto told = co_await watch.next();
    CO_ASSERT_TRUE(told.has_value());
    EXPECT_EQ(told->what, kind::appeared);
    EXPECT_EQ(told->who.id, first.peer());
    EXPECT_EQ(told->who.id.pid(), first.peer().pid());
    auto where = co_await query_actor("kid");
    EXPECT_EQ(told->who.addresses, where);

    auto second = co_await an.start_actor("kid", expose<&hello>());
    co_await an.start_actor("other", expose<&hello>());
    told = co_await watch.next();
    EXPECT_EQ(told->who.id, second.peer());
    EXPECT_EQ(watch.present().size(), 2u);
    co_await first.cancel_actor();
    told = co_await watch.next();
    EXPECT_EQ(told->what, kind::gone);
    EXPECT_EQ(told->who.id, first.peer());
    EXPECT_EQ(watch.present().size(), 1u);
    an.cancel();
  });
}

TRACTOR_TEST(watch, tells_of_an_actor_that_was_killed) {
  auto failing = open_nursery([](actor_nursery& an) -> task<> {
    auto watch = watch_actors("kid");
    auto kid = co_await an.start_actor("kid", expose<&hello>());
    CO_ASSERT_EQ(co_await next_of(watch), "+kid");
    ::kill(kid.peer().pid(), SIGKILL);
    co_await shielded([&]() -> task<> { EXPECT_EQ(co_await next_of(watch), "-kid"); });
  });
  co_await raises<actor_failure>(std::move(failing));
}

TRACTOR_TEST(watch, of_a_beginning_works_from_any_actor_of_the_tree) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto watcher = co_await an.start_actor("watcher", expose<&sees>());
    auto body = [&](receive_stream<std::string>& seen) -> task<> {
      auto one = co_await an.start_actor("web-1", expose<&hello>());
      EXPECT_EQ(co_await seen.receive(), "+web-1");
      co_await an.start_actor("db", expose<&hello>());
      auto two = co_await an.start_actor("web-2", expose<&hello>());
      EXPECT_EQ(co_await seen.receive(), "+web-2");
      co_await two.cancel_actor();
      EXPECT_EQ(co_await seen.receive(), "-web-2");
      co_await one.cancel_actor();
      EXPECT_EQ(co_await seen.receive(), "-web-1");
    };
    co_await fail_after(roomy(10s), watcher.stream_from<&sees>("web", body));
    an.cancel();
  });
}

TRACTOR_TEST(watch, passes_over_who_came_and_went_before_anybody_asked) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto watch = watch_actors("kid", find_options().prefix());
    for (int i = 0; i < 3; ++i) {
      auto brief = co_await an.start_actor("kid-brief", expose<&hello>());
      co_await wait_for_actor("kid-brief");
      co_await brief.cancel_actor();
    }
    co_await an.start_actor("kid-stays", expose<&hello>());
    EXPECT_EQ(co_await next_of(watch), "+kid-stays");
    an.cancel();
  });
}

TRACTOR_TEST(watch, ends_when_it_is_closed) {
  auto watch = watch_actors("nobody");
  auto both = [&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      auto change = co_await watch.next();
      EXPECT_FALSE(change.has_value());
    });
    co_await sleep(5ms);
    watch.close();
  };
  co_await fail_after(roomy(5s), open_task_nursery(both));
}

TRACTOR_TEST(watch, can_be_left_by_a_deadline_and_loses_nothing) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto watch = watch_actors("kid");
    auto in_time = co_await move_on_after(10ms, watch.next());
    EXPECT_TRUE(in_time.cancelled_caught());
    co_await an.start_actor("kid", expose<&hello>());
    EXPECT_EQ(co_await next_of(watch), "+kid");
    an.cancel();
  });
}

TRACTOR_TEST(watch, of_two_registrars_tells_each_actor_once,
             (start_method method, tpt_proto proto, more_addresses more), timeout(60s)) {
  const std::string one = more.fresh(), two = more.fresh();
  subprocess first(program("member:m-first", method, proto, one)),
      second(program("member:m-second", method, proto, two));
  for (subprocess* each : {&first, &second}) {
    const bool said = co_await has_said(*each, "registrar\n");
    CO_ASSERT_TRUE(said);
  }
  find_options everywhere;
  everywhere.registry_addrs(one, two).prefix();
  auto watch = watch_actors("m-", everywhere);
  std::vector<std::string> told;
  for (int i = 0; i < 2; ++i) told.push_back(co_await next_of(watch));
  EXPECT_THAT(told, testing::UnorderedElementsAre("+m-first", "+m-second"));

  command line = program("member:m-both", method, proto, one);
  subprocess both(line.arg(two));
  EXPECT_EQ(co_await next_of(watch), "+m-both");
  auto entered = co_await registry_of(2, two);
  EXPECT_EQ(entered, 2u);
  // What one of them knew is gone with it, what both knew is not.
  second.kill_tree();
  auto quiet = co_await move_on_after(100ms, watch.next());
  EXPECT_TRUE(quiet.cancelled_caught());
  co_await end_in_order(both);
  subprocess again(program("member:m-again", method, proto, two));
  told.clear();
  for (int i = 0; i < 3; ++i) told.push_back(co_await next_of(watch));
  EXPECT_THAT(told, testing::UnorderedElementsAre("-m-both", "-m-second", "+m-again"));
  for (subprocess* each : {&first, &again}) co_await end_in_order(*each);
}

}  // namespace watch_test
