// The registrar's calls as the Python reference makes and answers them, byte for byte.
#include <set>

#include "reference_registrar.hpp"
#include "registry.hpp"

namespace reference_registry_test {

using namespace process_tests;
using process_program::hello;

const std::string name = "snake", uuid = "f471a76f-2fb5-4338-96f4-5aab93691e7f";
const std::string cid = "501f8f93-9431-4406-9ea8-f285789ea276";

auto nothing() {
  return [](msg::writer& to) { to.map_header(0); };
}
auto name_argument(std::string what) {
  return [what](msg::writer& to) {
    to.map_header(1);
    to.str("name");
    to.str(what);
  };
}
auto uid_argument() {
  return [](msg::writer& to) {
    to.map_header(1);
    to.str("uid");
    uid_of(name, uuid)(to);
  };
}
auto addr_argument(address where) {
  return [where](msg::writer& to) {
    to.map_header(1);
    to.str("addr");
    pair_or_text(where)(to);
  };
}
auto uid_and_addr(std::string who, std::string id, address where) {
  return [=](msg::writer& to) {
    to.map_header(2);
    to.str("uid");
    uid_of(who, id)(to);
    to.str("addr");
    pair_or_text(where)(to);
  };
}
task<std::unique_ptr<reference_peer>> join(address where) {
  auto peer = co_await reference_peer::dial(where);
  auto answer = co_await peer->introduce(aid_of(name, uuid, false));
  const auto hello = message_in(answer);
  const auto* aid = std::get_if<msg::aid>(&hello);
  EXPECT_TRUE(aid && aid->is_registrar == true && aid->is_probe == false);
  co_return peer;
}

// Makes one call and compares both frames of the answer.
template <class Kwargs, class Result>
task<> call(reference_peer& peer, std::string func, Kwargs kwargs, Result result) {
  co_await peer.send(start_of(cid, func, kwargs, name, uuid));
  auto ack = co_await fail_after(roomy(5s), peer.receive());
  EXPECT_EQ(ack, start_ack_of(cid)) << func;
  auto answer = co_await fail_after(roomy(5s), peer.receive());
  EXPECT_EQ(answer, return_of(cid, result)) << func;
}

template <class Kwargs>
void expect_asked(const reference_registrar& by, const std::string& func, Kwargs kwargs) {
  std::string id;
  const std::string frame = asked_for(by, func, id);
  const actor_id& self = current_actor().id();
  EXPECT_EQ(frame, start_of(id, func, kwargs, self.name(), self.uuid())) << func;
}

TRACTOR_TEST(reference_registry, calls_of_a_peer_are_answered_as_the_reference_does,
             (reg_addr ours, more_addresses more), root([](run_options& o) { o.allow_keyless_peers(); })) {
  co_await registry_of(1);
  const address theirs = parse_address(more.fresh()), registry = parse_address(ours.text());
  auto peer = co_await join(registry);
  const actor_id self = current_actor().id();
  co_await call(*peer, "find_actor", name_argument(name), nil);
  co_await call(*peer, "register_actor", uid_and_addr(name, uuid, theirs), nil);
  co_await call(*peer, "find_actor", name_argument(name), list_of(theirs));
  co_await call(*peer, "find_actor", name_argument(uuid), list_of(theirs));
  co_await call(*peer, "wait_for_actor", name_argument(name), list_of(theirs));
  co_await call(*peer, "get_registry", nothing(), [&](msg::writer& to) {
    to.map_header(2);
    to.str("root." + self.uuid());
    list_of(registry)(to);
    to.str(name + "." + uuid);
    list_of(theirs)(to);
  });
  co_await call(*peer, "delete_addr", addr_argument(theirs), uid_of(name, uuid));
  co_await call(*peer, "delete_addr", addr_argument(theirs), nil);
  co_await call(*peer, "register_actor", uid_and_addr(name, uuid, theirs), nil);
  co_await call(*peer, "unregister_actor", uid_argument(), nil);
  co_await call(*peer, "unregister_actor", uid_argument(), nil);
  co_await call(*peer, "find_actor", name_argument(name), nil);
  peer->close();
}

TRACTOR_TEST(reference_registry, a_wait_is_answered_when_somebody_registers, (reg_addr ours),
             root([](run_options& o) { o.allow_keyless_peers(); })) {
  auto peer = co_await join(parse_address(ours.text()));
  co_await peer->send(start_of(cid, "wait_for_actor", name_argument("late"), name, uuid));
  auto ack = co_await fail_after(roomy(5s), peer->receive());
  EXPECT_EQ(ack, start_ack_of(cid));
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.start_actor("late", expose<&hello>());
    auto answer = co_await fail_after(roomy(5s), peer->receive());
    auto where = co_await query_actor("late");
    CO_ASSERT_EQ(where.size(), 1u);
    EXPECT_EQ(answer, return_of(cid, list_of(where.front())));
    an.cancel();
  });
  peer->close();
}

// It registers, hangs up, and never comes back: nothing but the registrar itself can find out that it died.
TRACTOR_TEST(reference_registry, a_peer_that_hung_up_stays_while_somebody_listens_at_its_address,
             (tpt_proto proto, reg_addr ours, more_addresses more),
             root([](run_options& o) { o.allow_keyless_peers().registry_lease(20ms); })) {
  const address theirs = parse_address(more.fresh());
  auto door = co_await plugin::registry::instance().transport(proto.key()).listen(theirs);
  auto watch = watch_actors(name);
  auto peer = co_await join(parse_address(ours.text()));
  co_await call(*peer, "register_actor", uid_and_addr(name, uuid, theirs), nil);
  peer->close();
  auto told = co_await fail_after(roomy(5s), watch.next());
  EXPECT_EQ(told->what, registry_change::kind::appeared);
  // The registrar asks again and again, and gets an identity each time.
  for (int i = 0; i < 3; ++i) {
    auto asked = co_await fail_after(roomy(5s), door->accept());
    reference_peer back(std::move(asked));
    auto question = co_await back.introduce(aid_of(name, uuid, false));
    const auto hello = message_in(question);
    const auto* aid = std::get_if<msg::aid>(&hello);
    EXPECT_TRUE(aid && aid->is_probe);
    back.close();
    auto there = co_await query_actor(name);
    EXPECT_EQ(there.size(), 1u);
  }
  door->close();
  told = co_await fail_after(roomy(5s), watch.next());
  EXPECT_EQ(told->what, registry_change::kind::gone);
  EXPECT_EQ(told->who.id.uuid(), uuid);
}

TRACTOR_TEST(reference_registry, a_registrar_of_the_reference_is_asked_as_the_reference_asks,
             (more_addresses more), root([](run_options& o) { o.allow_keyless_peers(); })) {
  const std::string where = more.fresh();
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&hello>());
    auto known = co_await fail_after(roomy(5s), [&]() -> task<std::vector<address>> {
      co_await wait_for_actor("kid");
      co_return co_await query_actor("kid");
    });
    reference_registrar by(parse_address(where), known.front(), "dotted.name." + uuid);
    an.tasks().start_soon([&] { return by.serve(); });
    co_await by.up.wait();
    auto found = co_await find_actor("kid", at(where));
    CO_ASSERT_TRUE(found.has_value());
    EXPECT_EQ(found->peer(), kid.peer());
    expect_asked(by, "find_actor", name_argument("kid"));
    auto waited = co_await wait_for_actor("kid", at(where));
    EXPECT_EQ(waited.peer(), kid.peer());
    expect_asked(by, "wait_for_actor", name_argument("kid"));
    auto table = co_await get_registry(at(where));
    EXPECT_EQ(table.count("dotted.name." + uuid), 1u);
    expect_asked(by, "get_registry", nothing());
    // Somebody else than who was looked for: the address is stale.
    auto nobody = co_await find_actor("somebody", at(where));
    EXPECT_FALSE(nobody.has_value());
    expect_asked(by, "delete_addr", addr_argument(known.front()));
    // What it does not know by itself is read from its whole table.
    auto watch = watch_actors("dotted.", at(where).prefix());
    auto told = co_await fail_after(roomy(5s), watch.next());
    EXPECT_EQ(told->who.id.name(), "dotted.name");
    EXPECT_EQ(told->who.id.uuid(), uuid);
    watch.close();
    auto closed = co_await move_on_after(roomy(5s), [&](cancel_scope&) -> task<> {
      while (by.connections > 0) co_await sleep(2ms);
    });
    EXPECT_TRUE(closed) << "connections to it were left open";
    an.cancel();
  });
}

// Who was named in the calls of that name, each with a uuid.
std::multiset<std::string> named_in(const reference_registrar& by, const std::string& func) {
  std::multiset<std::string> out;
  for (const std::string& frame : by.asked) {
    const auto message = message_in(frame);
    const auto* call = std::get_if<msg::start>(&message);
    if (!call || call->func != func) continue;
    const auto arguments = msg::decode_all<msg::value>(call->kwargs);
    const msg::value* const uid = arguments.find("uid");
    out.insert(uid ? msg::to_text(*uid) : "nobody");
  }
  return out;
}

TRACTOR_TEST(reference_registry, is_told_of_each_actor_of_a_program_that_ends,
             (start_method method, tpt_proto proto, more_addresses more),
             root([](run_options& o) { o.allow_keyless_peers(); }), timeout(60s)) {
  for (const std::string mode : {"idle_crew", "streaming_crew"}) {
    const std::string where = more.fresh();
    reference_registrar by(parse_address(where), parse_address(where), "nobody");
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&] { return by.serve(); });
      co_await by.up.wait();
      subprocess crew(program(mode, method, proto, where).arg("--allow-keyless-peers"));
      co_await fail_after(roomy(10s), [&]() -> task<> {
        while (named_in(by, "register_actor").size() < 4) co_await sleep(2ms);
      });
      co_await end_in_order(crew);
      EXPECT_EQ(named_in(by, "unregister_actor"), named_in(by, "register_actor")) << mode;
      tn.scope().cancel();
    });
  }
}

}  // namespace reference_registry_test
