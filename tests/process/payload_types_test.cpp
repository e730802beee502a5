// Values of a wrong type, and messages out of order, from a peer that does not keep to what an endpoint
// declares: who raises, what the text names, and what the other end is told.
#include <gmock/gmock.h>

#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "fake_actor.hpp"

namespace payload_types_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

task<std::string> typed(context<starts<int>, receives<int>, sends<int>>& ctx) {
  co_await ctx.started(10);
  auto& stream = co_await ctx.open_stream();
  while (auto item = co_await stream.next()) co_await stream.send(*item + 1);
  co_return "typed";
}
task<int> plain(int value) { co_return value; }
task<> numbers(send_stream<int>& out) {
  for (int i = 0;; ++i) co_await out.send(i);
}

actor_options exposed() {
  return expose_as<&typed>("types:typed")
      .expose_as<&plain>("types:plain", "value")
      .expose_as<&numbers>("types:numbers");
}

task<> start_typed(wire_peer& peer, std::string cid, msg::value first) {
  co_await peer.send(wire_peer::ack(cid, "context"));
  co_await peer.send(wire_peer::message("Started", cid, first));
}

// What our caller raises for a peer that says these lines.
template <class Error, class Body>
task<Error> raised_by(std::function<task<>(wire_peer&, std::string cid)> lines, Body body) {
  std::optional<Error> caught;
  co_await with_fake(lines, [&](portal fake) -> task<> {
    auto error = co_await raises<Error>(fake.open_context<&typed>(body));
    caught.emplace(error);
  });
  co_return *caught;
}

TRACTOR_TEST(payload_types, of_a_wrong_started_value_fail_the_caller_before_its_body, (), keyless()) {
  bool entered = false;
  auto body = [&](auto&, int) -> task<> {
    entered = true;
    co_return;
  };
  auto lines = [](wire_peer& peer, std::string cid) -> task<> {
    co_await start_typed(peer, cid, "ten");
    co_await take_cancel(peer, cid);
  };
  auto error = co_await raised_by<msg_type_error>(lines, body);
  EXPECT_THAT(error.what(), HasSubstr("the started value of 'typed'"));
  EXPECT_THAT(error.what(), HasSubstr("int"));
  EXPECT_FALSE(entered);
}

TRACTOR_TEST(payload_types, of_a_wrong_item_fail_the_receiver_and_end_the_sender, (), keyless()) {
  auto body = [](auto& ctx, int) -> task<> {
    auto& stream = co_await ctx.open_stream();
    EXPECT_EQ(co_await stream.receive(), 1);
    try {
      co_await stream.receive();
    } catch (const msg_type_error&) {
      EXPECT_EQ(ctx.state(), "errored");
      EXPECT_TRUE(ctx.has_outcome());
      EXPECT_EQ(ctx.outcome().error(), std::current_exception());
      throw;
    }
  };
  auto lines = [](wire_peer& peer, std::string cid) -> task<> {
    co_await start_typed(peer, cid, 10);
    co_await peer.send(wire_peer::message("Yield", cid, 1));
    co_await peer.send(wire_peer::message("Yield", cid, "two"));
    co_await take_cancel(peer, cid);
  };
  auto error = co_await raised_by<msg_type_error>(lines, body);
  EXPECT_THAT(error.what(), HasSubstr("an item of the stream of 'typed'"));
}

TRACTOR_TEST(payload_types, of_a_wrong_item_end_a_caller_who_only_waits_for_the_result, (), keyless()) {
  auto body = [](auto& ctx, int) -> task<> { co_await ctx.open_stream(); };
  auto lines = [](wire_peer& peer, std::string cid) -> task<> {
    co_await start_typed(peer, cid, 10);
    // Its Stop says that the body is left; from then on items are not looked at.
    co_await peer.expect("Stop");
    co_await peer.send(wire_peer::message("Yield", cid, "two"));
    co_await peer.send(wire_peer::message("Return", cid, 3));
  };
  auto error = co_await raised_by<msg_type_error>(lines, body);
  EXPECT_THAT(error.what(), HasSubstr("the result of 'typed'"));
}

TRACTOR_TEST(payload_types, of_a_wrong_result_fail_the_caller, (), keyless()) {
  for (const bool nil : {true, false}) {
    auto body = [](auto& ctx, int first) -> task<> {
      EXPECT_EQ(first, 10);
      try {
        co_await ctx.wait_for_result();
      } catch (const msg_type_error&) {
        EXPECT_TRUE(ctx.has_outcome());
        EXPECT_TRUE(ctx.outcome().failed());
        EXPECT_EQ(ctx.outcome().error(), ctx.maybe_error());
        throw;
      }
    };
    auto lines = [&](wire_peer& peer, std::string cid) -> task<> {
      co_await start_typed(peer, cid, 10);
      msg::value result = nil ? msg::value() : msg::value(7);
      co_await peer.send(wire_peer::message("Return", cid, result));
    };
    auto error = co_await raised_by<msg_type_error>(lines, body);
    EXPECT_THAT(error.what(), HasSubstr("the result of 'typed'"));
    EXPECT_THAT(error.what(), HasSubstr("str"));
  }
}

TRACTOR_TEST(payload_types, that_are_right_pass, (), keyless()) {
  auto lines = [](wire_peer& peer, std::string cid) -> task<> {
    co_await start_typed(peer, cid, 10);
    co_await peer.send(wire_peer::message("Return", cid, "yo"));
  };
  co_await with_fake(lines, [&](portal fake) -> task<> {
    auto body = [](auto& ctx, int first) -> task<std::string> {
      EXPECT_EQ(first, 10);
      co_return co_await ctx.wait_for_result();
    };
    EXPECT_EQ(co_await fake.open_context<&typed>(body), "yo");
  });
}

TRACTOR_TEST(payload_types, of_a_wrong_plain_result_or_generator_item_fail_the_caller, (), keyless()) {
  auto result = [](wire_peer& peer, std::string cid) -> task<> {
    co_await peer.send(wire_peer::ack(cid, "asyncfunc"));
    co_await peer.send(wire_peer::message("Return", cid, "one"));
  };
  co_await with_fake(result, [&](portal fake) -> task<> {
    auto error = co_await raises<msg_type_error>(fake.run<&plain>(1));
    EXPECT_THAT(error.what(), HasSubstr("the result from"));
  });
  auto item = [](wire_peer& peer, std::string cid) -> task<> {
    co_await peer.send(wire_peer::ack(cid, "asyncgen"));
    co_await peer.send(wire_peer::message("Yield", cid, "one"));
    co_await take_cancel(peer, cid);
  };
  co_await with_fake(item, [&](portal fake) -> task<> {
    auto body = [](receive_stream<int>& in) -> task<> { co_await in.receive(); };
    auto error = co_await raises<msg_type_error>(fake.stream_from<&numbers>(body));
    EXPECT_THAT(error.what(), HasSubstr("an item of the stream of 'numbers'"));
  });
}

TRACTOR_TEST(payload_types, of_a_wrong_item_end_the_endpoint_which_tells_its_caller, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto peer = co_await wire_peer::dial_actor("kid", "caller");
    const std::string cid = co_await peer->start("types", "typed", msg::value::map());
    co_await peer->expect("Started");
    co_await peer->send(wire_peer::message("Yield", cid, 1));
    const msg::value back = co_await peer->expect("Yield");
    EXPECT_EQ(back.find("pld")->as<int>(), 2);
    co_await peer->send(wire_peer::message("Yield", cid, "two"));
    const msg::value error = co_await peer->expect("Error");
    EXPECT_EQ(text_of(error, "boxed_type_str"), "MsgTypeError");
    EXPECT_EQ(text_of(error, "cid"), cid);
    EXPECT_THAT(text_of(error, "message"), HasSubstr("an item of the stream of 'typed'"));
    peer->close();
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(payload_types, of_wrong_arguments_are_answered_in_place_of_a_start, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto peer = co_await wire_peer::dial_actor("kid", "caller");
    const std::vector<std::pair<std::string, msg::value>> calls = {{"plain", map_of("value", "one")},
                                                                   {"plain", map_of("valu", 1)},
                                                                   {"plain", msg::value::map()},
                                                                   {"typed", map_of("extra", 1)}};
    const std::vector<std::string> texts = {"must be a int", "no parameter named 'valu'", "takes 1 arguments",
                                            "no parameter named 'extra'"};
    for (std::size_t i = 0; i < calls.size(); ++i) {
      const std::string cid = fresh_uuid();
      co_await peer->send(peer->start_message(cid, "types", calls[i].first, calls[i].second));
      const msg::value error = co_await peer->expect("Error");
      EXPECT_EQ(text_of(error, "cid"), cid);
      EXPECT_EQ(text_of(error, "src_type_str"), i == 0 ? "MsgTypeError" : "TypeError");
      EXPECT_THAT(text_of(error, "message"), HasSubstr(texts[i]));
    }
    // The actor and the connection are whole.
    co_await peer->start("types", "plain", map_of("value", 3));
    const msg::value result = co_await peer->expect("Return");
    EXPECT_EQ(result.find("pld")->as<int>(), 3);
    peer->close();
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(payload_types, messages_out_of_order_fail_the_caller_and_not_the_connection, (), keyless()) {
  auto waits = [](auto& ctx, int) -> task<> { co_await ctx.wait_for_result(); };
  auto early_end = [](wire_peer& peer, std::string cid) -> task<> {
    co_await peer.send(wire_peer::ack(cid, "context"));
    co_await peer.send(wire_peer::message("Return", cid, "too early"));
  };
  auto first = co_await raised_by<runtime_failure>(early_end, waits);
  EXPECT_THAT(first.what(), HasSubstr("before it had started"));
  auto twice = [](wire_peer& peer, std::string cid) -> task<> {
    co_await start_typed(peer, cid, 10);
    co_await peer.send(wire_peer::message("Started", cid, 11));
    co_await take_cancel(peer, cid);
  };
  auto second = co_await raised_by<runtime_failure>(twice, waits);
  EXPECT_THAT(second.what(), HasSubstr("a second Started"));
  auto other_kind = [](wire_peer& peer, std::string cid) -> task<> {
    co_await peer.send(wire_peer::ack(cid, "asyncfunc"));
    co_await take_cancel(peer, cid);
  };
  auto third = co_await raised_by<runtime_failure>(other_kind, waits);
  EXPECT_THAT(third.what(), HasSubstr("another kind of endpoint"));
}

TRACTOR_TEST(payload_types, a_caller_with_another_layout_or_signature_is_told_in_words, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto peer = co_await wire_peer::dial_actor("kid", "stranger");
    msg::value call = peer->start_message("c1", "types", "plain", map_of("value", 1));
    co_await peer->send(with(call, "x_layout", std::uint64_t{1}));
    msg::value error = co_await peer->expect("Error");
    EXPECT_THAT(text_of(error, "message"), HasSubstr("built with other definitions of its structs"));
    EXPECT_THAT(text_of(error, "message"), HasSubstr("kid@"));
    call = peer->start_message("c2", "types", "plain", map_of("value", 1));
    co_await peer->send(with(call, "x_sig", "(std::string)"));
    error = co_await peer->expect("Error");
    EXPECT_THAT(text_of(error, "message"),
                HasSubstr("the caller takes types:plain for (std::string), but actor 'kid@"));
    peer->close();
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(payload_types, a_broken_message_is_a_fault_and_no_orderly_end, (), keyless()) {
  std::optional<transport_closed::cause> why;
  co_await with_fake(
      [](wire_peer& peer, std::string cid) -> task<> {
        co_await peer.send(wire_peer::message("NoSuchType", cid));
      },
      [&](portal fake) -> task<> {
        auto error = co_await raises<transport_closed>(fake.run<&plain>(1));
        EXPECT_THAT(error.what(), HasSubstr("broken message"));
        why = error.why();
      });
  EXPECT_EQ(why, transport_closed::cause::fault);
}

TRACTOR_TEST(payload_types, a_lost_connection_fails_all_that_runs_over_it, (), keyless()) {
  co_await fail_after(10s, open_task_nursery([&](task_nursery& tn) -> task<> {
                        auto host = co_await wire_host::open("fake");
                        tn.start_soon([&]() -> task<> {
                          auto peer = co_await host->accept();
                          for (int i = 0; i < 3; ++i) {
                            const msg::value start = co_await peer->expect("Start");
                            co_await start_typed(*peer, text_of(start, "cid"), 10);
                          }
                          for (int i = 0; i < 3; ++i) co_await peer->expect("Yield");
                          peer->close();
                        });
                        std::optional<portal> fake = co_await find_actor("fake");
                        CO_ASSERT_TRUE(fake.has_value());
                        int lost = 0;
                        co_await open_task_nursery([&](task_nursery& callers) -> task<> {
                          for (int i = 0; i < 3; ++i) {
                            callers.start_soon([&]() -> task<> {
                              auto body = [](auto& ctx, int) -> task<> {
                                auto& stream = co_await ctx.open_stream();
                                co_await stream.send(1);
                                try {
                                  co_await stream.receive();
                                } catch (const transport_closed&) {
                                  EXPECT_EQ(ctx.state(), "errored");
                                  EXPECT_EQ(ctx.canceller(), ctx.peer());
                                  EXPECT_TRUE(ctx.has_outcome());
                                  EXPECT_EQ(ctx.outcome().error(), std::current_exception());
                                  throw;
                                }
                              };
                              co_await raises<transport_closed>(fake->open_context<&typed>(body));
                              ++lost;
                            });
                          }
                          co_return;
                        });
                        EXPECT_EQ(lost, 3);
                        EXPECT_FALSE(fake->connected());
                        auto body = [](auto&, int) -> task<> { co_return; };
                        co_await raises<transport_closed>(fake->open_context<&typed>(body));
                      }));
}

}  // namespace payload_types_test
