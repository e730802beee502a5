// Calls and their cancels, message by message, from peers that leave early, lie, or ask for what is not
// theirs.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <thread>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "wire_peer.hpp"

namespace rpc_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

task<int> answer() { co_return 42; }
task<> never_answers() { co_await sleep_forever(); }

task<> leaves_traces(std::string file) {
  std::ofstream(file + ".begun") << "x";
  try {
    co_await sleep_forever();
  } catch (...) {
    std::ofstream(file + ".ended") << "x";
    throw;
  }
}
// Ends by an error of its own, whatever ends it.
task<> fails_at_its_end(std::string file) {
  try {
    co_await sleep_forever();
  } catch (...) {
  }
  std::ofstream(file + ".failing") << "x";
  throw std::range_error("nobody hears this");
}
task<> runs(context<starts<void>>& ctx) {
  co_await ctx.started();
  co_await sleep_forever();
}
task<> runs_on(context<starts<void>>& ctx, int milliseconds) {
  co_await ctx.started();
  co_await shielded(sleep(std::chrono::milliseconds(milliseconds)));
  co_await sleep_forever();
}

actor_options exposed() {
  return expose_as<&answer>("rpc:answer")
      .expose_as<&never_answers>("rpc:never_answers")
      .expose_as<&leaves_traces>("rpc:leaves_traces", "file")
      .expose_as<&fails_at_its_end>("rpc:fails_at_its_end", "file")
      .expose_as<&runs>("rpc:runs")
      .expose_as<&runs_on>("rpc:runs_on", "milliseconds")
      .expose<&answer>();
}

root keyless() {
  return root([](run_options& options) { options.allow_keyless_peers(); });
}

task<> appears(std::string file) {
  co_await fail_after(10s, [&](cancel_scope&) -> task<> {
    while (!std::filesystem::exists(file)) co_await sleep(1ms);
  });
}

// Sends a cancel of the task `target`; yields the call's id.
task<std::string> cancel_task(wire_peer& peer, std::string target) {
  co_return co_await peer.start("self", "_cancel_task", map_of("cid", target));
}

TRACTOR_TEST(rpc, a_call_whose_caller_leaves_at_once_begins_and_is_cancelled_in_order, (tmp_dir & tmp),
             keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    for (const std::string name : {"one", "two"}) {
      const std::string file = tmp / name;
      auto peer = co_await wire_peer::dial_actor("kid", "caller");
      co_await peer->send(peer->start_message(fresh_uuid(), "rpc", "leaves_traces", map_of("file", file)));
      // Before its StartAck can be sent, or after it.
      if (name == "two") co_await peer->expect("StartAck");
      peer->close();
      co_await appears(file + ".begun");
      co_await appears(file + ".ended");
    }
    EXPECT_EQ(co_await kid.run<&answer>(), 42);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(rpc, an_error_that_nobody_can_be_told_harms_nobody, (tmp_dir & tmp), keyless()) {
  const std::string file = tmp / "call";
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto peer = co_await wire_peer::dial_actor("kid", "caller");
    co_await peer->start("rpc", "fails_at_its_end", map_of("file", file));
    peer->close();
    co_await appears(file + ".failing");
    EXPECT_EQ(co_await kid.run<&answer>(), 42);
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(rpc, serves_what_is_exposed_and_refuses_the_rest_by_name, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto peer = co_await wire_peer::dial_actor("kid", "caller");
    co_await peer->start("rpc", "answer", msg::value::map());
    EXPECT_EQ((co_await peer->expect("Return")).find("pld")->as<int>(), 42);
    const std::vector<std::pair<std::string, std::string>> refused = {
        {"rpc", "no_such"}, {"no_such", "answer"}, {"rpc_test", "runs"}, {"self", "exit"}, {"self", ""}};
    for (const auto& [ns, func] : refused) {
      const std::string cid = fresh_uuid();
      co_await peer->send(peer->start_message(cid, ns, func, msg::value::map()));
      const msg::value error = co_await peer->expect("Error");
      EXPECT_EQ(text_of(error, "cid"), cid);
      EXPECT_EQ(text_of(error, "boxed_type_str"), "ModuleNotExposed");
      EXPECT_THAT(text_of(error, "message"), HasSubstr(ns + ":" + func));
    }
    peer->close();
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(rpc, a_call_in_the_name_of_another_costs_the_caller_its_connection_and_no_more, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto honest = co_await wire_peer::dial_actor("kid", "honest");
    auto liar = co_await wire_peer::dial_actor("kid", "liar");
    msg::value call = liar->start_message(fresh_uuid(), "rpc", "answer", msg::value::map());
    call = with(call, "uid", uid_of(honest->self()));
    co_await liar->send(call);
    EXPECT_THAT(co_await liar->read_to_end(), ElementsAre("Error"));
    co_await honest->start("rpc", "answer", msg::value::map());
    co_await honest->expect("Return");
    EXPECT_EQ(co_await kid.run<&answer>(), 42);
    honest->close();
    liar->close();
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(rpc, messages_of_dialogs_that_are_not_there_are_dropped, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto peer = co_await wire_peer::dial_actor("kid", "caller");
    const std::string cid = fresh_uuid();
    for (const char* type : {"Started", "Yield", "Return"})
      co_await peer->send(wire_peer::message(type, cid, 1));
    co_await peer->send(wire_peer::message("Stop", cid));
    co_await peer->send(wire_peer::ack(cid, "context"));
    co_await peer->send(wire_peer::message("CancelAck", cid, true));
    co_await peer->send(peer->error("RuntimeError", cid, "not yours"));
    co_await peer->send(with(peer->error("RuntimeError", cid, "of nothing"), "cid", nullptr));
    co_await peer->start("rpc", "answer", msg::value::map());
    co_await peer->expect("Return");
    peer->close();
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(rpc, a_second_call_under_a_running_id_is_refused, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto peer = co_await wire_peer::dial_actor("kid", "caller");
    const std::string cid = co_await peer->start("rpc", "never_answers", msg::value::map());
    co_await peer->send(peer->start_message(cid, "rpc", "answer", msg::value::map()));
    const msg::value error = co_await peer->expect("Error");
    EXPECT_THAT(text_of(error, "message"), HasSubstr("is running already"));
    const std::string request = co_await cancel_task(*peer, cid);
    const msg::value end = co_await peer->expect("Error");
    EXPECT_EQ(text_of(end, "boxed_type_str"), "ContextCancelled");
    peer->close();
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(rpc, only_the_callers_connection_can_cancel_a_task, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto caller = co_await wire_peer::dial_actor("kid", "caller");
    auto other = co_await wire_peer::dial_actor("kid", "other");
    const std::string cid = co_await caller->start("rpc", "runs", msg::value::map());
    co_await caller->expect("Started");
    // An unknown task is as good as ended; so is somebody else's.
    for (const std::string& target : {cid, fresh_uuid()}) {
      const std::string request = co_await cancel_task(*other, target);
      const msg::value done = co_await other->expect("CancelAck");
      EXPECT_EQ(text_of(done, "cid"), request);
      EXPECT_TRUE(done.find("pld")->as<bool>());
    }
    // It runs on: an answer comes first, and no word of its end before that is asked for.
    co_await caller->start("rpc", "answer", msg::value::map());
    co_await caller->expect("Return");
    const std::string request = co_await cancel_task(*caller, cid);
    const msg::value end = co_await caller->expect("Error");
    EXPECT_EQ(text_of(end, "cid"), cid);
    EXPECT_TRUE(*end.find("canceller") == uid_of(caller->self()));
    const msg::value done = co_await caller->expect("CancelAck");
    EXPECT_EQ(text_of(done, "cid"), request);
    caller->close();
    other->close();
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(rpc, a_cancel_is_not_cancelled, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto peer = co_await wire_peer::dial_actor("kid", "caller");
    const std::string cid = co_await peer->start("rpc", "runs_on", map_of("milliseconds", 100));
    co_await peer->expect("Started");
    const std::string first = co_await cancel_task(*peer, cid);
    const std::string second = co_await cancel_task(*peer, first);
    // There is nothing to cancel; and the task that was cancelled ends as it would have.
    EXPECT_EQ(text_of(co_await peer->expect("CancelAck"), "cid"), second);
    EXPECT_EQ(text_of(co_await peer->expect("Error"), "boxed_type_str"), "ContextCancelled");
    EXPECT_EQ(text_of(co_await peer->expect("CancelAck"), "cid"), first);
    peer->close();
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(rpc, the_end_of_an_actor_tells_every_caller_then_acknowledges_then_closes, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.start_actor("kid", exposed());
    auto caller = co_await wire_peer::dial_actor("kid", "caller");
    auto bystander = co_await wire_peer::dial_actor("kid", "bystander");
    auto canceller = co_await wire_peer::dial_actor("kid", "canceller");
    for (wire_peer* each : {caller.get(), canceller.get()}) {
      co_await each->start("rpc", "runs", msg::value::map());
      co_await each->expect("Started");
    }
    const std::string request = co_await canceller->start("self", "cancel", msg::value::map());
    for (wire_peer* each : {caller.get(), canceller.get()}) {
      const msg::value end = co_await each->expect("Error");
      EXPECT_EQ(text_of(end, "boxed_type_str"), "ContextCancelled");
      EXPECT_TRUE(*end.find("canceller") == uid_of(canceller->self()));
    }
    const msg::value done = co_await canceller->expect("CancelAck");
    EXPECT_EQ(text_of(done, "cid"), request);
    for (wire_peer* each : {caller.get(), bystander.get(), canceller.get()}) {
      EXPECT_THAT(co_await each->read_to_end(), testing::IsEmpty());
      each->close();
    }
    // The registrar hears of it over another connection: soon, not at once.
    co_await fail_after(5s, [&](cancel_scope&) -> task<> {
      std::vector<address> where = co_await query_actor("kid");
      while (!where.empty()) {
        co_await checkpoint();
        where = co_await query_actor("kid");
      }
    });
  });
}

}  // namespace rpc_test
