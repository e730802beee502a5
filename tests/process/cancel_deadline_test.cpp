// How long a cancel is waited for: told with the request, handed on as what is left, and what the answer
// says.
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>
#include <tractor/harness/harness.hpp>
#include <tractor/ipc/channel.hpp>
#include <tractor/tractor.hpp>

#include "wire_peer.hpp"

namespace cancel_deadline_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;

constexpr int native = static_cast<int>(ipc::capability::native);

task<> waits(context<starts<void>>& ctx) {
  co_await ctx.started();
  co_await sleep_forever();
}

// Is in the middle of something with somebody else.
task<> keeps_far(context<starts<void>>& ctx) {
  portal far = co_await wait_for_actor("far");
  auto body = [&](auto&) -> task<> {
    co_await ctx.started();
    co_await sleep_forever();
  };
  co_await far.open_context<&waits>(body);
}

// Ends, once it is cancelled, when the file is there.
task<> ends_with_the_file(context<starts<void>>& ctx, std::string file) {
  co_await ctx.started();
  co_await shielded([&]() -> task<> {
    while (!std::filesystem::exists(file)) co_await sleep(1ms);
  });
  co_await sleep_forever();
}

task<int> pid() { co_return ::getpid(); }
task<> blocks() {
  std::this_thread::sleep_for(60s);
  co_return;
}

// Has a child that answers nothing any more.
task<> keeps_a_stuck_child(context<starts<int>>& ctx) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal child = co_await an.start_actor("child", expose<&pid, &blocks>());
    const int number = co_await child.run<&pid>();
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { co_await child.run<&blocks>(); });
      co_await ctx.started(number);
      co_await sleep_forever();
    });
  });
}

actor_options exposed() {
  return expose_as<&waits>("deadline:waits")
      .expose_as<&keeps_far>("deadline:keeps_far")
      .expose_as<&ends_with_the_file>("deadline:ends_with_the_file", "file")
      .expose_as<&keeps_a_stuck_child>("deadline:keeps_a_stuck_child");
}

root keyless() {
  return root([](run_options& options) { options.allow_keyless_peers(); });
}

// Asks for the end of the actor, or of one call of ours; yields the request's id.
task<std::string> ask_for_the_end(wire_peer& peer, std::string of_call, int deadline_ms) {
  const std::string cid = fresh_uuid();
  const msg::value of = of_call.empty() ? msg::value(msg::value::map()) : map_of("cid", of_call);
  msg::value request = peer.start_message(cid, "self", of_call.empty() ? "cancel" : "_cancel_task", of);
  if (deadline_ms >= 0) request = with(request, "x_deadline_ms", deadline_ms);
  co_await peer.send(request);
  const msg::value ack = co_await peer.expect("StartAck");
  CO_ASSERT_EQ(text_of(ack, "cid"), cid);
  co_return cid;
}

// What an actor in between asks of those that it works with, when it has so long itself.
task<> expect_handed_on(bool whole_actor, int given_ms, int least_ms, int most_ms) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto host = co_await wire_host::open("far");
    auto near = co_await wire_peer::dial_actor("kid", "near");
    const std::string call = co_await near->start("deadline", "keeps_far", msg::value::map());
    auto far = co_await host->accept();
    const msg::value begun = co_await far->expect("Start");
    const std::string cid = text_of(begun, "cid");
    co_await far->send(wire_peer::ack(cid, "context"));
    co_await far->send(wire_peer::message("Started", cid, nullptr));
    co_await near->expect("Started");

    const std::string of_call = whole_actor ? std::string() : call;
    const std::string request = co_await ask_for_the_end(*near, of_call, given_ms);
    const msg::value further = co_await far->expect("Start");
    EXPECT_EQ(text_of(further, "func"), "_cancel_task");
    CO_ASSERT_TRUE(further.find("x_deadline_ms") != nullptr);
    const int left = further.find("x_deadline_ms")->as<int>();
    EXPECT_LE(left, most_ms);
    EXPECT_GE(left, least_ms);
    CO_ASSERT_TRUE(further.find("x_origin") != nullptr);
    EXPECT_TRUE(*further.find("x_origin") == uid_of(near->self()));

    const std::string own = text_of(further, "cid");
    co_await far->send(wire_peer::ack(own, "asyncfunc"));
    co_await far->send(far->cancelled(cid, far->other()));
    co_await far->send(wire_peer::message("CancelAck", own, true));
    EXPECT_EQ(text_of(co_await near->expect("Error"), "cid"), call);
    EXPECT_EQ(text_of(co_await near->expect("CancelAck"), "cid"), request);
    far->close();
    near->close();
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(cancel_deadline, of_a_task_is_handed_on_as_what_is_left_of_it, (), keyless()) {
  co_await expect_handed_on(false, 300, 100, 300);
}

TRACTOR_TEST(cancel_deadline, of_a_whole_actor_is_handed_on_as_what_is_left_of_it, (), keyless()) {
  co_await expect_handed_on(true, 300, 100, 300);
}

TRACTOR_TEST(cancel_deadline, that_has_passed_leaves_time_for_an_orderly_end, (), keyless()) {
  co_await expect_handed_on(false, 0, 100, 100);
}

TRACTOR_TEST(cancel_deadline, longer_than_the_own_bound_changes_nothing, (), keyless()) {
  co_await expect_handed_on(false, 3'000'000, 500, 500);
}

TRACTOR_TEST(cancel_deadline, that_has_passed_leaves_no_child_behind, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", exposed());
    auto peer = co_await wire_peer::dial_actor("kid", "caller");
    const std::string call = co_await peer->start("deadline", "keeps_a_stuck_child", msg::value::map());
    const int child = (co_await peer->expect("Started")).find("pld")->as<int>();
    EXPECT_EQ(::kill(child, 0), 0);
    co_await ask_for_the_end(*peer, call, 0);
    EXPECT_EQ(text_of(co_await peer->expect("Error"), "cid"), call);
    EXPECT_NE(::kill(child, 0), 0);
    peer->close();
    co_await kid.cancel_actor();
  });
}

/// A config file with bounds that no test waits for, for the trees that this process boots meanwhile.
class patient {
 public:
  explicit patient(const std::string& file) {
    std::ofstream(file) << "timeouts: {cancel_ack: 200s}\n";
    ::setenv("TRACTOR_CONFIG", file.c_str(), 1);
  }
  ~patient() { ::unsetenv("TRACTOR_CONFIG"); }
};

run_options tree_of(const std::string& method, const std::string& proto, const std::string& registry) {
  run_options options;
  options.start_method(method).enable_transports(proto).registry_addrs(registry).allow_keyless_peers();
  return options;
}

// Of an actor with a call that is slow to end: the answer comes ahead of that, to all who have asked so far.
task<> expect_answered_ahead(std::string file, std::vector<int> deadlines_ms) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.start_actor("kid", exposed());
    auto caller = co_await wire_peer::dial_actor("kid", "caller");
    const msg::value arguments = map_of("file", file);
    const std::string call = co_await caller->start("deadline", "ends_with_the_file", arguments);
    co_await caller->expect("Started");
    auto canceller = co_await wire_peer::dial_actor("kid", "canceller", native);
    std::vector<std::string> requests;
    for (const int each : deadlines_ms) {
      const std::string request = co_await ask_for_the_end(*canceller, "", each);
      requests.push_back(request);
    }
    for (const std::string& request : requests) {
      const msg::value answer = co_await canceller->expect("CancelAck");
      EXPECT_EQ(text_of(answer, "cid"), request);
      EXPECT_EQ(text_of(answer, "x_done"), "ending");
    }
    std::ofstream(file) << "x";
    EXPECT_EQ(text_of(co_await caller->expect("Error"), "cid"), call);
    caller->close();
    canceller->close();
  });
}

TRACTOR_CELL_TEST(cancel_deadline, is_when_the_end_of_an_actor_is_answered_at_the_latest,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp)) {
  const patient config(tmp / "config.yaml");
  run_tree(tree_of(method, proto, addr),
           [&]() -> task<> { co_await expect_answered_ahead(tmp / "file", std::vector<int>(1, 200)); });
}

TRACTOR_CELL_TEST(cancel_deadline, of_one_who_asks_later_holds_as_well,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp)) {
  const patient config(tmp / "config.yaml");
  std::vector<int> deadlines = {-1, 100'000, 200};
  run_tree(tree_of(method, proto, addr),
           [&]() -> task<> { co_await expect_answered_ahead(tmp / "file", deadlines); });
}

TRACTOR_TEST(cancel_answer, says_to_peers_of_our_make_what_was_done, (), keyless()) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.start_actor("kid", exposed());
    auto ours = co_await wire_peer::dial_actor("kid", "ours", native);
    auto other = co_await wire_peer::dial_actor("kid", "other");
    for (wire_peer* each : {ours.get(), other.get()}) {
      const bool told = each == ours.get();
      auto expect_answer = [&](std::string request, std::string done) -> task<> {
        const msg::value answer = co_await each->expect("CancelAck");
        EXPECT_EQ(text_of(answer, "cid"), request);
        EXPECT_TRUE(answer.find("pld")->as<bool>());
        EXPECT_EQ(answer.find("x_done") != nullptr, told);
        EXPECT_EQ(text_of(answer, "x_done"), told ? done : "");
      };
      const std::string call = co_await each->start("deadline", "waits", msg::value::map());
      co_await each->expect("Started");
      const std::string first = co_await ask_for_the_end(*each, call, -1);
      co_await each->expect("Error");
      co_await expect_answer(first, "ended");
      // There is nothing to end any more.
      const std::string second = co_await ask_for_the_end(*each, call, -1);
      co_await expect_answer(second, "unknown");
    }
    const std::string whole = co_await ask_for_the_end(*ours, "", -1);
    EXPECT_EQ(text_of(co_await ours->expect("CancelAck"), "x_done"), "ended");
    ours->close();
    other->close();
  });
}

}  // namespace cancel_deadline_test
