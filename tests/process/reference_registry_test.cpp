// The registrar's calls as the Python reference makes and answers them, byte for byte.
#include "reference_peer.hpp"
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
auto list_of(address where) {
  return [where](msg::writer& to) {
    to.array_header(1);
    pair_or_text(where)(to);
  };
}
const auto nil = [](msg::writer& to) { to.nil(); };

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

// A registrar of the reference: knows one address for every name, and keeps what it was asked.
class reference_registrar {
 public:
  reference_registrar(address at, address known) : at_(std::move(at)), known_(std::move(known)) {}

  task<> serve() {
    auto door = co_await plugin::registry::instance().transport(at_.transport()).listen(at_);
    up.set();
    auto all = [&](task_nursery& tn) -> task<> {
      for (;;) {
        auto stream = co_await door->accept();
        tn.start_soon([this](std::shared_ptr<reference_peer> peer) { return serve_one(std::move(peer)); },
                      std::make_shared<reference_peer>(std::move(stream)));
      }
    };
    co_await open_task_nursery(all);
  }

  event up;
  std::vector<std::string> asked;  // frames
  int connections = 0;             // open ones

 private:
  task<> serve_one(std::shared_ptr<reference_peer> peer) {
    co_await peer->introduce(aid_of("root", "9a62e17a-b552-43af-a6d8-3bf24536c186", true));
    ++connections;
    for (;;) {
      auto frame = co_await peer->receive();
      if (frame.empty()) break;
      asked.push_back(frame);
      const auto message = message_in(frame);
      const auto* call = std::get_if<msg::start>(&message);
      if (!call) continue;
      const std::string id(call->cid), func(call->func);
      co_await peer->send(start_ack_of(id));
      const bool finds = func == "find_actor" || func == "wait_for_actor";
      auto table = [&](msg::writer& to) {
        to.map_header(1);
        to.str("dotted.name." + uuid);
        list_of(known_)(to);
      };
      std::string answer = return_of(id, nil);
      if (finds) answer = return_of(id, list_of(known_));
      if (func == "get_registry") answer = return_of(id, table);
      co_await peer->send(answer);
    }
    --connections;
    peer->close();
  }
  address at_, known_;
};

// The frame that it was asked with, for a call of that name; the id is ours to choose.
std::string asked_for(const reference_registrar& by, const std::string& func, std::string& id) {
  for (const std::string& frame : by.asked) {
    const auto message = message_in(frame);
    const auto* call = std::get_if<msg::start>(&message);
    if (!call || call->func != func) continue;
    id = call->cid;
    return frame;
  }
  return {};
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
    reference_registrar by(parse_address(where), known.front());
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

}  // namespace reference_registry_test
