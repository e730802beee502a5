// The connections that discovery makes: one for each pair of actors, closed when nobody uses it.
#include "registry.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/transport.hpp"

namespace connections_test {

using namespace process_tests;
using process_program::hello;

task<int> sockets() { co_return static_cast<int>(open_sockets()); }

// Finds an actor many times, one after another; yields how many sockets more than before are open at last,
// and were at most.
task<std::pair<int, int>> finds_often(std::string name, int times) {
  const std::size_t before = open_sockets();
  std::size_t most = before;
  for (int i = 0; i < times; ++i) {
    auto found = co_await find_actor(name);
    CO_ASSERT_TRUE(found.has_value());
    auto text = co_await found->run<&hello>("you");
    CO_ASSERT_EQ(text, "hello you, says " + name);
    most = std::max(most, open_sockets());
  }
  auto after = co_await sockets_at_most(before);
  co_return std::pair(static_cast<int>(after - before), static_cast<int>(most - before));
}

// Finds an actor in many tasks at once and holds all portals: yields how many sockets they need.
task<int> finds_at_once(std::string name, int tasks) {
  const std::size_t before = open_sockets();
  std::vector<portal> held;
  auto all = [&](task_nursery& tn) -> task<> {
    for (int i = 0; i < tasks; ++i)
      tn.start_soon([&]() -> task<> {
        auto found = co_await find_actor(name);
        if (found) held.push_back(*found);
      });
    co_return;
  };
  co_await open_task_nursery(all);
  CO_ASSERT_EQ(held.size(), static_cast<std::size_t>(tasks));
  const int more = static_cast<int>(open_sockets() - before);
  held.clear();
  co_await sockets_at_most(before);
  co_return more;
}

// Holds a portal from one call to another.
std::optional<portal>& held() {
  static std::optional<portal> one;
  return one;
}
task<std::string> holds(std::string name) {
  held() = co_await find_actor(name);
  co_return held() ? held()->peer().name() : std::string();
}
task<std::string> uses() {
  if (!held() || !held()->connected()) co_return "not connected";
  co_return co_await held()->run<&hello>("you");
}
task<> drops() {
  held().reset();
  co_return;
}
// How many sockets are open once they are not more than so many, or a bound has passed.
task<int> sockets_down_to(int wanted) {
  auto left = co_await sockets_at_most(static_cast<std::size_t>(wanted));
  co_return static_cast<int>(left);
}
task<std::string> finds_parent_and_root() {
  const std::size_t before = open_sockets();
  portal root = co_await get_root();
  auto by_name = co_await find_actor("root");
  if (!by_name) co_return "not found";
  const bool same = by_name->peer() == root.peer() && get_parent().peer() == root.peer();
  co_return std::to_string(open_sockets() - before) + (same ? " more" : " more, to others");
}

// The transport over which an actor is reached that was not connected before; of one in particular, unless
// that is empty.
task<std::string> reached_by(std::string name, std::string only) {
  find_options options;
  if (!only.empty()) options.enable_transports(only);
  auto found = co_await find_actor(name, options);
  CO_ASSERT_TRUE(found.has_value());
  auto text = co_await found->run<&hello>("you");
  CO_ASSERT_EQ(text, "hello you, says " + name);
  co_return found->remote().transport();
}

actor_options all_of_it() {
  return expose<&hello, &sockets, &finds_often, &finds_at_once, &holds, &uses, &drops, &sockets_down_to,
                &finds_parent_and_root, &reached_by>();
}

TRACTOR_TEST(connections, of_a_hundred_lookups_leave_no_descriptor) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto finder = co_await an.start_actor("finder", all_of_it());
    auto target = co_await an.start_actor("target", all_of_it());
    co_await wait_for_actor("target");
    co_await finder.run<&holds>("nobody");  // registered and settled
    const int before = co_await target.run<&sockets>();
    auto [left, most] = co_await finder.run<&finds_often>("target", 100);
    EXPECT_EQ(left, 0);
    // One that is about to be closed may still be open while the next is made.
    EXPECT_LE(most, 3);
    const int after = co_await target.run<&sockets_down_to>(before);
    EXPECT_EQ(after, before);
    an.cancel();
  });
}

TRACTOR_TEST(connections, of_lookups_at_once_are_one) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto finder = co_await an.start_actor("finder", all_of_it());
    co_await an.start_actor("target", all_of_it());
    co_await wait_for_actor("target");
    const int needed = co_await finder.run<&finds_at_once>("target", 20);
    EXPECT_EQ(needed, 1);
    an.cancel();
  });
}

TRACTOR_TEST(connections, of_parents_and_children_serve_lookups_as_well) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", all_of_it());
    co_await wait_for_actor("kid");
    const std::size_t before = open_sockets();
    {
      auto found = co_await find_actor("kid");
      CO_ASSERT_TRUE(found.has_value());
      EXPECT_EQ(open_sockets(), before);
    }
    auto text = co_await kid.run<&hello>("you");  // which is not closed with the portal
    EXPECT_EQ(text, "hello you, says kid");
    auto upwards = co_await kid.run<&finds_parent_and_root>();
    EXPECT_EQ(upwards, "0 more");
    an.cancel();
  });
}

TRACTOR_TEST(connections, are_shared_by_both_ends_and_live_as_long_as_one_of_them_wants) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto ann = co_await an.start_actor("ann", all_of_it());
    auto bob = co_await an.start_actor("bob", all_of_it());
    co_await wait_for_actor("ann");
    co_await wait_for_actor("bob");
    const int anns = co_await ann.run<&sockets>(), bobs = co_await bob.run<&sockets>();
    auto found = co_await ann.run<&holds>("bob");
    CO_ASSERT_EQ(found, "bob");
    found = co_await bob.run<&holds>("ann");
    CO_ASSERT_EQ(found, "ann");
    EXPECT_EQ(co_await bob.run<&sockets>(), bobs + 1);

    co_await ann.run<&drops>();  // who has made it
    auto text = co_await bob.run<&uses>();
    EXPECT_EQ(text, "hello you, says ann");
    found = co_await ann.run<&holds>("bob");
    EXPECT_EQ(co_await ann.run<&sockets>(), anns + 1);
    co_await bob.run<&drops>();
    text = co_await ann.run<&uses>();
    EXPECT_EQ(text, "hello you, says bob");

    co_await ann.run<&drops>();
    EXPECT_EQ(co_await ann.run<&sockets_down_to>(anns), anns);
    EXPECT_EQ(co_await bob.run<&sockets_down_to>(bobs), bobs);
    an.cancel();
  });
}

TRACTOR_TEST(connections, that_both_make_at_the_same_time_work_for_both) {
  const int rounds = count(10, 100);
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto ann = co_await an.start_actor("ann", all_of_it());
    auto bob = co_await an.start_actor("bob", all_of_it());
    co_await wait_for_actor("ann");
    co_await wait_for_actor("bob");
    const int anns = co_await ann.run<&sockets>(), bobs = co_await bob.run<&sockets>();
    for (int round = 0; round < rounds; ++round) {
      auto both = [&](task_nursery& tn) -> task<> {
        for (auto* who : {&ann, &bob})
          tn.start_soon([&, who]() -> task<> {
            co_await who->run<&holds>(who == &ann ? "bob" : "ann");
            auto text = co_await who->run<&uses>();
            EXPECT_EQ(text, who == &ann ? "hello you, says bob" : "hello you, says ann");
            co_await who->run<&drops>();
          });
        co_return;
      };
      co_await open_task_nursery(both);
    }
    EXPECT_EQ(co_await ann.run<&sockets_down_to>(anns), anns);
    EXPECT_EQ(co_await bob.run<&sockets_down_to>(bobs), bobs);
    an.cancel();
  });
}

TRACTOR_TEST(connections, of_a_call_under_way_outlive_the_portal) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto finder = co_await an.start_actor("finder", all_of_it());
    auto target = co_await an.start_actor("target", all_of_it());
    co_await wait_for_actor("target");
    const int before = co_await finder.run<&sockets>();
    auto found = co_await finder.run<&holds>("target");
    CO_ASSERT_EQ(found, "target");
    // The portal is gone before its call has even been sent.
    auto both = [&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        auto text = co_await finder.run<&uses>();
        EXPECT_EQ(text, "hello you, says target");
      });
      tn.start_soon([&]() -> task<> { co_await finder.run<&drops>(); });
      co_return;
    };
    co_await open_task_nursery(both);
    EXPECT_EQ(co_await finder.run<&sockets_down_to>(before), before);
    an.cancel();
  });
}

TRACTOR_TEST(connections, made_to_a_registrar_of_others_are_closed_again,
             (start_method method, tpt_proto proto, more_addresses more)) {
  const std::string where = more.fresh();
  subprocess registrar(program("member:registrar", method, proto, where));
  const bool said = co_await has_said(registrar, "registrar\n");
  CO_ASSERT_TRUE(said);
  const std::size_t before = open_sockets();
  for (int i = 0; i < 20; ++i) {
    auto table = co_await get_registry(at(where));
    EXPECT_EQ(table.size(), 1u);
  }
  auto after = co_await sockets_at_most(before);
  EXPECT_EQ(after, before);
  co_await end_in_order(registrar);
}

TRACTOR_TEST(connections, prefer_the_nearer_of_several_addresses, (),
             root([](run_options& options, test_context& context) {
               for (const std::string& key : current_session().transports)
                 if (key != context.where().transport) options.enable_transports(key);
             })) {
  auto& plugins = plugin::registry::instance();
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.start_actor("kid", all_of_it());
    auto kid = co_await wait_for_actor("kid");
    auto all = co_await query_actor("kid");
    CO_ASSERT_EQ(all.size(), current_actor().transports().size());
    for (std::size_t i = 1; i < all.size(); ++i)
      EXPECT_LE(plugins.transport(all[i - 1].transport()).distance(all[i - 1]),
                plugins.transport(all[i].transport()).distance(all[i]));
    // Each asker is a fresh one: who is connected already is not dialled again.
    auto asker = co_await an.start_actor("asker", all_of_it());
    auto nearest = co_await asker.run<&reached_by>("kid", "");
    EXPECT_EQ(nearest, all.front().transport());
    for (const address& each : all) {
      const std::string key = each.transport();
      auto only = co_await query_actor("kid", find_options().enable_transports(key));
      CO_ASSERT_EQ(only.size(), 1u);
      EXPECT_EQ(only.front(), each);
      auto chooser = co_await an.start_actor("chooser of " + key, all_of_it());
      auto chosen = co_await chooser.run<&reached_by>("kid", key);
      EXPECT_EQ(chosen, key);
      auto options = all_of_it().enable_transports(key);
      auto speaker = co_await an.start_actor("speaker of " + key, options);
      auto spoken = co_await speaker.run<&reached_by>("kid", "");
      EXPECT_EQ(spoken, key);
    }
    an.cancel();
  });
}

}  // namespace connections_test
