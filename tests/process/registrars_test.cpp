// Registrars in other programs: several at once, gone, back again, and how long what they know is true.
#include <signal.h>

#include <tractor/discovery/multiaddr.hpp>
#include <tractor/plugin/registry.hpp>
#include <tractor/plugin/transport.hpp>

#include "registry.hpp"

namespace registrars_test {

using namespace process_tests;
using process_program::greeting_of;
using process_program::hello;
using process_program::uuid_of;
using testing::HasSubstr;

command member(const std::string& name, const start_method& method, const tpt_proto& proto,
               const std::string& registrar, const std::string& second = {}) {
  command line = program("member:" + name, method, proto, registrar);
  if (!second.empty()) line.arg(second);
  return line;
}

task<> started(subprocess& run, std::string standing = "joined\n") {
  const bool said = co_await has_said(run, standing);
  if (!said) CO_FAIL("the program said '" + run.out() + "' and '" + run.err() + "'");
}

// How this actor stands with its registrar.
task<std::string> standing() {
  try {
    co_await wait_registered();
  } catch (const name_taken_error& error) {
    co_return error.what();
  }
  co_return "registered";
}

task<std::vector<std::string>> names_like(std::string beginning) {
  std::vector<std::string> out;
  auto all = co_await find_actors(beginning, find_options().prefix());
  for (const portal& each : all) out.push_back(each.peer().name());
  co_return out;
}

task<> blocks_for_good() {
  std::this_thread::sleep_for(60s);
  co_return;
}
task<> sleeps() { co_await sleep_forever(); }

// Enters somebody in the registry of the parent, as nobody does who keeps a connection open.
task<> enters(std::string name, std::string where, std::uint32_t lease_ms) {
  msg::buffer kwargs;
  msg::writer to(kwargs);
  to.map_header(3);
  to.str("uid");
  msg::encode(to, msg::uid(name, "00000000-0000-4000-8000-000000000000"));
  to.str("addr");
  to.str(where);
  to.str("lease_ms");
  to.unsigned_integer(lease_ms);
  co_await get_parent().run_from_ns("self", "register_actor", std::move(kwargs));
}

// Waits, with a bound, until nobody of that name is registered; yields whether that came to be.
task<bool> is_gone(std::string name, find_options where = {}) {
  auto in_time = co_await move_on_after(roomy(5s), [&](cancel_scope&) -> task<> {
    for (;;) {
      auto left = co_await query_actor(name, where);
      if (left.empty()) break;
      co_await sleep(2ms);
    }
  });
  co_return static_cast<bool>(in_time);
}

TRACTOR_TEST(registrars, in_two_programs_are_both_registered_with_and_asked,
             (start_method method, tpt_proto proto, more_addresses more), timeout(60s)) {
  const std::string one = more.fresh(), two = more.fresh();
  subprocess first(member("first", method, proto, one)), second(member("second", method, proto, two));
  co_await started(first, "registrar\n");
  co_await started(second, "registrar\n");
  subprocess both(member("both", method, proto, one, two));
  co_await started(both);
  for (const std::string& where : {one, two}) {
    auto entered = co_await registry_of(2, where);
    EXPECT_EQ(entered, 2u) << where;
  }
  find_options everywhere;
  everywhere.registry_addrs(one, two).only_first(false);
  auto there = co_await find_actors("both", everywhere);
  EXPECT_EQ(there.size(), 1u);  // known twice, found once
  auto each = co_await find_actors("", everywhere.prefix());
  EXPECT_EQ(each.size(), 3u);
  auto table = co_await get_registry(everywhere);
  EXPECT_EQ(table.size(), 3u);
  auto greeting = co_await there.front().run<&greeting_of>("second");
  EXPECT_EQ(greeting, "hello both, says second");
  for (subprocess* program : {&both, &first, &second}) co_await end_in_order(*program);
}

TRACTOR_TEST(registrars, the_answer_of_one_is_enough_while_another_hangs,
             (start_method method, tpt_proto proto, more_addresses more), timeout(60s)) {
  const std::string one = more.fresh(), two = more.fresh();
  subprocess first(member("first", method, proto, one)), second(member("second", method, proto, two));
  co_await started(first, "registrar\n");
  co_await started(second, "registrar\n");
  find_options everywhere;
  everywhere.registry_addrs(one, two);
  first.signal(SIGSTOP);
  auto found = co_await fail_after(roomy(2s), find_actor("second", everywhere));
  CO_ASSERT_TRUE(found.has_value());
  EXPECT_EQ(found->peer().name(), "second");
  auto waited = co_await fail_after(roomy(2s), wait_for_actor("second", everywhere));
  EXPECT_EQ(waited.peer(), found->peer());
  first.signal(SIGCONT);
  for (subprocess* program : {&first, &second}) co_await end_in_order(*program);
}

TRACTOR_TEST(registrars, one_that_is_not_there_does_not_hide_what_another_knows,
             (reg_addr ours, more_addresses more)) {
  const std::string nobody = more.fresh();
  co_await registry_of(1);
  find_options everywhere;
  everywhere.registry_addrs(nobody, ours);
  auto found = co_await query_actor("root", everywhere);
  EXPECT_EQ(found.size(), 1u);
  auto none = co_await find_actor("somebody", everywhere);
  EXPECT_FALSE(none.has_value());
}

TRACTOR_TEST(registrars, that_are_all_gone_are_a_named_error_at_once, (more_addresses more)) {
  const std::string one = more.fresh(), two = more.fresh();
  find_options nowhere;
  nowhere.registry_addrs(one, two);
  auto error = co_await raises<registrar_unreachable>(fail_after(roomy(2s), find_actor("anybody", nowhere)));
  EXPECT_THAT(error.what(), HasSubstr(parse_address(one).text()));
  EXPECT_THAT(error.what(), HasSubstr(parse_address(two).text()));
  co_await raises<registrar_unreachable>(fail_after(roomy(2s), wait_for_actor("anybody", nowhere)));
  co_await raises<registrar_unreachable>(fail_after(roomy(2s), query_actor("anybody", nowhere)));
  co_await raises<registrar_unreachable>(fail_after(roomy(2s), find_actors("anybody", nowhere)));
  co_await raises<registrar_unreachable>(fail_after(roomy(2s), get_registry(nowhere)));
}

TRACTOR_TEST(registrars, that_start_again_are_registered_with_again_by_whole_trees,
             (start_method method, tpt_proto proto, more_addresses more), timeout(60s)) {
  const std::string where = more.fresh();
  auto old = std::make_unique<subprocess>(member("registrar", method, proto, where));
  co_await started(*old, "registrar\n");
  std::list<subprocess> members;
  for (int i = 0; i < 3; ++i) members.emplace_back(member("m" + std::to_string(i), method, proto, where));
  for (subprocess& each : members) co_await started(each);
  auto worker = co_await find_actor("m0", at(where));
  CO_ASSERT_TRUE(worker.has_value());

  old->kill_tree();
  old.reset();
  co_await raises<registrar_unreachable>(find_actor("m1", at(where)));
  // The members cannot find each other meanwhile, and say why.
  auto error = co_await raises<remote_actor_error>(fail_after(roomy(2s), worker->run<&uuid_of>("m1")));
  EXPECT_TRUE(error.boxed_type_is<registrar_unreachable>()) << error.what();

  subprocess fresh(member("registrar", method, proto, where));
  co_await started(fresh, "registrar\n");
  auto back = co_await registry_of(4, where);
  EXPECT_EQ(back, 4u);
  auto greeting = co_await worker->run<&greeting_of>("m2");
  EXPECT_EQ(greeting, "hello m0, says m2");
  for (subprocess& each : members) co_await end_in_order(each);
  auto alone = co_await registry_of(1, where);
  EXPECT_EQ(alone, 1u);
  co_await end_in_order(fresh);
}

TRACTOR_TEST(registrars, who_is_killed_is_off_the_registry_of_another_program,
             (start_method method, tpt_proto proto, more_addresses more), timeout(60s)) {
  const std::string where = more.fresh();
  subprocess registrar(member("registrar", method, proto, where)),
      victim(member("victim", method, proto, where));
  std::list<subprocess*> both = {&registrar, &victim};
  for (subprocess* each : both) {
    const bool said = co_await has_said(*each, "\n");
    CO_ASSERT_TRUE(said);
  }
  // Either may have become the registrar; the other is the one to kill.
  if (victim.out() == "registrar\n") std::swap(both.front(), both.back());
  auto two = co_await registry_of(2, where);
  EXPECT_EQ(two, 2u);
  both.back()->kill_tree();
  auto one = co_await registry_of(1, where);
  EXPECT_EQ(one, 1u);
  // What it had bound is for the next one that boots.
  subprocess next(program("once", method, proto, where));
  auto [code, err] = co_await end_of(next);
  EXPECT_EQ(code, 0) << err;
  co_await end_in_order(*both.front());
}

TRACTOR_TEST(registrars, when_cancelled_listen_no_more_and_end_in_order,
             (start_method method, tpt_proto proto, more_addresses more)) {
  const std::string where = more.fresh();
  subprocess registrar(member("registrar", method, proto, where));
  co_await started(registrar, "registrar\n");
  auto there = co_await find_actor("registrar", at(where));
  CO_ASSERT_TRUE(there.has_value());
  const bool acknowledged = co_await there->cancel_actor();
  EXPECT_TRUE(acknowledged);
  auto [code, err] = co_await end_of(registrar);
  EXPECT_EQ(code, 0) << err;
  auto& via = plugin::registry::instance().transport(proto.key());
  co_await raises<boost::system::system_error>(via.connect(parse_address(where)));
}

TRACTOR_TEST(registrars, a_child_of_a_root_that_is_none_finds_its_parent_and_its_root,
             (start_method method, tpt_proto proto, reg_addr ours)) {
  subprocess second(program("child_finds", method, proto, ours));
  auto [code, err] = co_await end_of(second);
  EXPECT_EQ(code, 0) << err;
  EXPECT_EQ(second.out(), "parent second, root second, found second\n");
}

TRACTOR_TEST(names, that_are_taken_are_refused_where_the_registrar_says_so_until_they_are_free, (),
             root([](run_options& o) { o.duplicate_names(name_policy::refuse); })) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto first = co_await an.start_actor("only", expose<&standing>());
    auto granted = co_await first.run<&standing>();
    EXPECT_EQ(granted, "registered");
    auto second = co_await an.start_actor("only", expose<&standing>());
    auto refused = co_await second.run<&standing>();
    EXPECT_THAT(refused, HasSubstr("the name 'only' is taken by '" + first.peer().short_form() + "'"));
    auto found = co_await find_actors("only");
    CO_ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found.front().peer(), first.peer());
    co_await first.cancel_actor();
    // The one that stood by has it now.
    auto next = co_await fail_after(roomy(5s), wait_for_actor("only"));
    EXPECT_EQ(next.peer(), second.peer());
    an.cancel();
  });
}

TRACTOR_TEST(names, go_to_the_newest_where_the_registrar_says_so, (),
             root([](run_options& o) { o.duplicate_names(name_policy::replace); })) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    for (int i = 0; i < 3; ++i) {
      auto newest = co_await an.start_actor("only", expose<&standing>());
      auto granted = co_await newest.run<&standing>();
      EXPECT_EQ(granted, "registered");
      auto found = co_await find_actors("only");
      CO_ASSERT_EQ(found.size(), 1u);
      EXPECT_EQ(found.front().peer(), newest.peer());
    }
    an.cancel();
  });
}

TRACTOR_TEST(names, are_found_by_their_beginning) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    for (const char* name : {"web-1", "web-2", "db-1"}) co_await an.start_actor(name, expose<&hello>());
    auto asker = co_await an.start_actor("asker", expose<&names_like>());
    for (const char* name : {"web-1", "web-2", "db-1"}) co_await wait_for_actor(name);
    auto web = co_await asker.run<&names_like>("web-");
    EXPECT_THAT(web, testing::UnorderedElementsAre("web-1", "web-2"));
    auto none = co_await asker.run<&names_like>("mail-");
    EXPECT_TRUE(none.empty());
    auto late = co_await fail_after(roomy(5s), wait_for_actor("db", find_options().prefix()));
    EXPECT_EQ(late.peer().name(), "db-1");
    an.cancel();
  });
}

TRACTOR_TEST(names, that_nobody_has_can_be_an_error) {
  find_options strict;
  strict.raise_on_none();
  auto error = co_await raises<actor_not_found>(find_actor("nobody", strict));
  EXPECT_THAT(error.what(), HasSubstr("'nobody'"));
  co_await raises<actor_not_found>(find_actors("nobody", strict));
  co_await raises<actor_not_found>(query_actor("nobody", strict));
}

TRACTOR_TEST(names, of_many_that_end_together_are_all_gone, (), timeout(60s)) {
  for (int twins : {2, 4, 8}) {
    // Half of them block their thread, so that the ladder has to reach its end.
    auto life = open_nursery([&](actor_nursery& an) -> task<> {
      for (int i = 0; i < twins; ++i)
        if (i % 2)
          co_await an.run_in_actor<&blocks_for_good>("twin");
        else
          co_await an.run_in_actor<&sleeps>("twin");
      co_await fail_after(roomy(5s), wait_for_actor("twin"));
      an.cancel();
    });
    co_await fail_after(roomy(10s), std::move(life));
    auto left = co_await registry_of(1);
    EXPECT_EQ(left, 1u) << twins << " twins";
  }
}

TRACTOR_TEST(leases, end_when_they_are_not_renewed, (more_addresses more)) {
  const std::string where = more.fresh();
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto clerk = co_await an.start_actor("clerk", expose<&enters>());
    co_await clerk.run<&enters>("tenant", where, 60'000u);
    auto there = co_await query_actor("tenant");
    EXPECT_EQ(there.size(), 1u);
    co_await clerk.run<&enters>("tenant", where, 50u);
    const bool gone = co_await is_gone("tenant");
    EXPECT_TRUE(gone);
    // And not with the connection that it was entered over.
    co_await clerk.run<&enters>("tenant", where, 60'000u);
    co_await clerk.cancel_actor();
    co_await is_gone("clerk");
    auto still = co_await query_actor("tenant");
    EXPECT_EQ(still.size(), 1u);
  });
}

}  // namespace registrars_test
