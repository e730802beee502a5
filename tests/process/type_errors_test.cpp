// Values whose wrong part lies deep inside: the error says where, what was expected there, and what came.
#include <gmock/gmock.h>

#include <boost/describe.hpp>
#include <map>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>
#include <vector>

#include "fake_actor.hpp"

namespace type_errors_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using testing::HasSubstr;

struct crate {
  std::string label;
  int count = 0;
};
BOOST_DESCRIBE_STRUCT(crate, (), (label, count))

struct load {
  std::vector<crate> crates;
};
BOOST_DESCRIBE_STRUCT(load, (), (crates))

task<load> ships(context<starts<load>, receives<load>, sends<load>>& ctx, load first) {
  co_await ctx.started(first);
  auto& stream = co_await ctx.open_stream();
  while (auto item = co_await stream.next()) co_await stream.send(*item);
  co_return first;
}
task<load> weighs(load what) { co_return what; }

actor_options exposed() {
  return expose_as<&ships>("depot:ships", "first").expose_as<&weighs>("depot:weighs", "what");
}

// Where the wrong part of `spoilt` is.
const std::string complaint = "load.crates[1].count: expected an integer, found a string";

msg::value load_of(msg::value second_count) {
  const msg::value::map one{{"label", "left"}, {"count", 1}},
      two{{"label", "right"}, {"count", second_count}};
  return map_of("crates", msg::value::list{one, two});
}
msg::value good() { return load_of(2); }
msg::value spoilt() { return load_of("two"); }

// What our caller of `ships` raises when the peer says these lines.
template <class Body>
task<std::string> told_by(std::function<task<>(wire_peer&, std::string cid)> lines, Body body) {
  std::string told;
  co_await with_fake(lines, [&](portal fake) -> task<> {
    const load first;
    auto error = co_await raises<msg_type_error>(fake.open_context<&ships>(first, body));
    told = error.what();
  });
  co_return told;
}

TRACTOR_TEST(type_errors, of_a_started_value_an_item_and_a_result_name_the_field_and_both_types, (),
             keyless()) {
  auto waits = [](auto& ctx, load) -> task<> { co_await ctx.wait_for_result(); };
  auto reads = [](auto& ctx, load) -> task<> {
    auto& stream = co_await ctx.open_stream();
    co_await stream.receive();
  };
  auto wrong_start = [](wire_peer& peer, std::string cid) -> task<> {
    co_await peer.send(wire_peer::ack(cid, "context"));
    co_await peer.send(wire_peer::message("Started", cid, spoilt()));
    co_await take_cancel(peer, cid);
  };
  auto wrong_item = [](wire_peer& peer, std::string cid) -> task<> {
    co_await peer.send(wire_peer::ack(cid, "context"));
    co_await peer.send(wire_peer::message("Started", cid, good()));
    co_await peer.send(wire_peer::message("Yield", cid, spoilt()));
    co_await take_cancel(peer, cid);
  };
  auto wrong_result = [](wire_peer& peer, std::string cid) -> task<> {
    co_await peer.send(wire_peer::ack(cid, "context"));
    co_await peer.send(wire_peer::message("Started", cid, good()));
    co_await peer.send(wire_peer::message("Return", cid, spoilt()));
  };
  const auto start = co_await told_by(wrong_start, waits);
  EXPECT_EQ(start, "the started value of 'ships' is not of the endpoint's type: " + complaint);
  const auto item = co_await told_by(wrong_item, reads);
  EXPECT_EQ(item, "an item of the stream of 'ships' is not of its type: " + complaint);
  const auto result = co_await told_by(wrong_result, waits);
  EXPECT_EQ(result, "the result of 'ships' is not of the endpoint's type: " + complaint);
}

TRACTOR_TEST(type_errors, of_the_result_of_a_call_name_the_field_and_both_types, (), keyless()) {
  auto lines = [](wire_peer& peer, std::string cid) -> task<> {
    co_await peer.send(wire_peer::ack(cid, "asyncfunc"));
    co_await peer.send(wire_peer::message("Return", cid, spoilt()));
  };
  co_await with_fake(lines, [&](portal fake) -> task<> {
    const load what;
    auto error = co_await raises<msg_type_error>(fake.run<&weighs>(what));
    EXPECT_THAT(error.what(), HasSubstr("the result from 'fake@"));
    EXPECT_THAT(error.what(), HasSubstr(": " + complaint));
  });
}

TRACTOR_TEST(type_errors, of_an_argument_name_the_field_and_both_types_to_the_caller, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto peer = co_await wire_peer::dial_actor("kid", "caller");
    const std::map<std::string, std::string> calls = {{"ships", "first"}, {"weighs", "what"}};
    for (const auto& [func, parameter] : calls) {
      const std::string cid = fresh_uuid();
      co_await peer->send(peer->start_message(cid, "depot", func, map_of(parameter, spoilt())));
      const msg::value error = co_await peer->expect("Error");
      EXPECT_EQ(text_of(error, "cid"), cid);
      EXPECT_EQ(text_of(error, "src_type_str"), "MsgTypeError");
      EXPECT_THAT(text_of(error, "message"), HasSubstr(parameter));
      EXPECT_THAT(text_of(error, "message"), HasSubstr("depot:" + func + "("));
      EXPECT_THAT(text_of(error, "message"), HasSubstr(" must be a type_errors_test::load: " + complaint));
    }
    peer->close();
    co_await kid.cancel_actor();
  });
}

// An item that the caller sends is the endpoint's error, and comes back with its text.
TRACTOR_TEST(type_errors, of_an_item_of_the_caller_come_back_to_it, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto peer = co_await wire_peer::dial_actor("kid", "caller");
    const std::string cid = co_await peer->start("depot", "ships", map_of("first", good()));
    co_await peer->expect("Started");
    co_await peer->send(wire_peer::message("Yield", cid, spoilt()));
    const msg::value error = co_await peer->expect("Error");
    EXPECT_EQ(text_of(error, "src_type_str"), "MsgTypeError");
    EXPECT_EQ(text_of(error, "message"), "an item of the stream of 'ships' is not of its type: " + complaint);
    peer->close();
    co_await kid.cancel_actor();
  });
}

}  // namespace type_errors_test
