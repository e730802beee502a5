// Finding actors by name, within a tree and from another program.
#include <signal.h>

#include "registry.hpp"

namespace discovery_test {

using namespace process_tests;
using process_program::hello;
using testing::HasSubstr;

task<std::string> greet_by_name(std::string whom) {
  auto other = co_await wait_for_actor(whom);
  co_return co_await other.run<&hello>(current_actor().id().name());
}
task<std::vector<std::string>> own_addresses() {
  std::vector<std::string> out;
  for (const address& at : current_actor().addresses()) out.push_back(at.text());
  co_return out;
}
task<> blocks_until_killed() {
  std::this_thread::sleep_for(60s);
  co_return;
}

task<bool> looks_for(std::string name) {
  auto found = co_await find_actor(name);
  co_return found.has_value();
}
// Tells the registrar, which is the parent, of an actor that is not there.
task<> registers_ghost(std::string at) {
  msg::buffer kwargs;
  msg::writer to(kwargs);
  to.map_header(2);
  to.str("uid");
  msg::encode(to, msg::uid("ghost", "00000000-0000-4000-8000-000000000000"));
  to.str("addr");
  to.str(at);
  co_await current_actor().parent().run_from_ns("self", "register_actor", std::move(kwargs));
}

TRACTOR_TEST(discovery, the_root_is_the_registrar_and_stands_in_its_own_table) {
  EXPECT_TRUE(current_actor().is_registrar());
  co_await registry_of(1);
  auto table = co_await get_registry();
  CO_ASSERT_EQ(table.size(), 1u);
  EXPECT_EQ(table.begin()->first, "root." + current_actor().id().uuid());
  EXPECT_FALSE(table.begin()->second.empty());
}

task<std::string> registrar_by_portal() {
  const portal registrar = co_await get_registrar();
  // It can be called like any other.
  const msg::raw table = co_await registrar.run_from_ns("self", "get_registry");
  EXPECT_FALSE(table.view().empty());
  co_return registrar.peer().uuid();
}

TRACTOR_TEST(discovery, the_registrar_is_reached_by_a_portal_but_by_itself) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&registrar_by_portal, &own_addresses>());
    EXPECT_EQ(co_await kid.run<&registrar_by_portal>(), current_actor().id().uuid());
    auto own = co_await raises<runtime_failure>(get_registrar());
    EXPECT_THAT(own.what(), HasSubstr("call its functions directly"));
    // One that is none says so.
    const auto where = co_await kid.run<&own_addresses>();
    auto none = co_await raises<registrar_unreachable>(get_registrar(at(where.front())));
    EXPECT_THAT(none.what(), HasSubstr("who is no registrar"));
    an.cancel();
  });
}

TRACTOR_TEST(discovery, two_actors_find_each_other_and_talk) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto gretchen = co_await an.start_actor("gretchen", expose<&hello, &greet_by_name>());
    auto donny = co_await an.start_actor("donny", expose<&hello, &greet_by_name>());
    auto one = co_await donny.run<&greet_by_name>("gretchen");
    EXPECT_EQ(one, "hello donny, says gretchen");
    auto two = co_await gretchen.run<&greet_by_name>("donny");
    EXPECT_EQ(two, "hello gretchen, says donny");
    an.cancel();
  });
}

TRACTOR_TEST(discovery, wait_for_actor_blocks_until_one_registers) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    bool found = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        auto late = co_await wait_for_actor("late");
        EXPECT_EQ(late.peer().name(), "late");
        found = true;
      });
      co_await sleep(20ms);
      EXPECT_FALSE(found);
      co_await an.start_actor("late", expose<&hello>());
    });
    EXPECT_TRUE(found);
    an.cancel();
  });
}

TRACTOR_TEST(discovery, nobody_of_a_name_is_found_as_nothing) {
  auto nobody = co_await find_actor("nobody");
  EXPECT_FALSE(nobody.has_value());
  auto none = co_await find_actors("nobody");
  EXPECT_TRUE(none.empty());
  auto nowhere = co_await query_actor("nobody");
  EXPECT_TRUE(nowhere.empty());
}

TRACTOR_TEST(discovery, an_ended_actor_is_off_the_registry) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&hello>());
    co_await wait_for_actor("kid");
    auto there = co_await query_actor("kid");
    EXPECT_EQ(there.size(), 1u);
    const bool acknowledged = co_await kid.cancel_actor();
    EXPECT_TRUE(acknowledged);
    // Not later than the acknowledgement.
    auto gone = co_await query_actor("kid");
    EXPECT_TRUE(gone.empty());
  });
}

TRACTOR_TEST(discovery, a_killed_actor_is_off_the_registry_too) {
  auto failing = open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&hello>());
    co_await wait_for_actor("kid");
    auto two = co_await registry_of(2);
    EXPECT_EQ(two, 2u);
    ::kill(kid.peer().pid(), SIGKILL);
    co_await shielded([]() -> task<> {
      auto one = co_await registry_of(1);
      EXPECT_EQ(one, 1u);
      auto found = co_await find_actor("kid");
      EXPECT_FALSE(found.has_value());
    });
  });
  auto error = co_await raises<actor_failure>(std::move(failing));
  EXPECT_EQ(error.who().name(), "kid");
  EXPECT_EQ(error.status().signo(), SIGKILL);
}

TRACTOR_TEST(discovery, a_stale_entry_is_deleted_by_whoever_meets_it) {
  std::string nowhere;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.start_actor("kid", expose<&own_addresses>());
    co_await wait_for_actor("kid");
    auto where = co_await query_actor("kid");
    CO_ASSERT_EQ(where.size(), 1u);
    nowhere = where.front().text();
    an.cancel();
  });
  // It is reaped: nobody listens there any more.
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    // Says what a peer would that died without a word: that somebody listens where nobody does.
    auto reporter = co_await an.start_actor("reporter", expose<&registers_ghost, &looks_for>());
    co_await reporter.run<&registers_ghost>(nowhere);
    auto entered = co_await query_actor("ghost");
    EXPECT_EQ(entered.size(), 1u);
    auto found = co_await reporter.run<&looks_for>("ghost");
    EXPECT_FALSE(found);
    auto left = co_await query_actor("ghost");
    EXPECT_TRUE(left.empty());
    an.cancel();
  });
}

TRACTOR_TEST(discovery, names_may_be_given_twice) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    for (int i = 0; i < 3; ++i) co_await an.start_actor("twin", expose<&hello>());
    auto four = co_await registry_of(4);
    EXPECT_EQ(four, 4u);
    auto twins = co_await find_actors("twin");
    EXPECT_EQ(twins.size(), 3u);
    auto any = co_await find_actor("twin");
    CO_ASSERT_TRUE(any.has_value());
    auto by_uuid = co_await find_actor(any->peer().uuid());
    CO_ASSERT_TRUE(by_uuid.has_value());
    EXPECT_EQ(by_uuid->peer(), any->peer());
    an.cancel();
  });
}

TRACTOR_TEST(discovery, another_program_joins_by_the_registrars_address_and_is_called,
             (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess daemon(program("daemon", method, proto, addr));
  auto there = co_await fail_after(roomy(10s), wait_for_actor("daemon"));
  EXPECT_EQ(there.peer().pid(), daemon.pid());
  auto text = co_await there.run<&hello>("visitor");
  EXPECT_EQ(text, "hello visitor, says daemon");
  daemon.signal(SIGINT);
  auto [code, err] = co_await end_of(daemon);
  EXPECT_EQ(code, 130) << err;
  auto left = co_await registry_of(1);
  EXPECT_EQ(left, 1u);
}

TRACTOR_TEST(discovery, a_root_of_another_program_can_be_cancelled,
             (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess daemon(program("daemon", method, proto, addr));
  auto there = co_await fail_after(roomy(10s), wait_for_actor("daemon"));
  const bool acknowledged = co_await there.cancel_actor();
  EXPECT_TRUE(acknowledged);
  auto [code, err] = co_await end_of(daemon);
  EXPECT_EQ(code, 0) << err;
}

TRACTOR_TEST(discovery, a_second_program_with_children_of_its_own_is_no_registrar,
             (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess second(program("once", method, proto, addr));
  auto [code, err] = co_await end_of(second);
  EXPECT_EQ(code, 0) << err;
  EXPECT_EQ(second.out(), "hello root, says kid\n");
  auto left = co_await registry_of(1);
  EXPECT_EQ(left, 1u);
}

TRACTOR_TEST(discovery, who_must_be_the_registrar_fails_when_there_is_one,
             (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess second(program("ensure", method, proto, addr));
  auto [code, err] = co_await end_of(second);
  EXPECT_EQ(code, 1);
  EXPECT_THAT(err, HasSubstr("a registrar answers already"));
}

TRACTOR_TEST(discovery, a_registry_address_held_by_no_registrar_is_an_error,
             (start_method method, tpt_proto proto)) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&own_addresses>());
    auto where = co_await kid.run<&own_addresses>();
    CO_ASSERT_EQ(where.size(), 1u);
    subprocess second(program("once", method, proto, where.front()));
    auto [code, err] = co_await end_of(second);
    EXPECT_EQ(code, 1);
    EXPECT_THAT(err, HasSubstr("no registrar"));
    an.cancel();
  });
}

TRACTOR_TEST(discovery, a_blocked_actor_does_not_hold_up_lookups_of_others) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    co_await an.run_in_actor<&blocks_until_killed>("deaf");
    co_await an.start_actor("kid", expose<&hello>());
    auto kid = co_await fail_after(5s, wait_for_actor("kid"));
    auto text = co_await kid.run<&hello>("you");
    EXPECT_THAT(text, HasSubstr("says kid"));
    an.cancel_hard();
  });
}

}  // namespace discovery_test
