// The recorded dialogs of the reference, replayed against a living actor: once it is the one that is called,
// and once the one that calls.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>
#include <tractor/async/thread.hpp>
#include <tractor/plugin/actor_id.hpp>

#include "program.hpp"
#include "raw_peer.hpp"
#include "recorded.hpp"

namespace dialogs_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;

/// One connection of a recording, against an actor that plays one of its two ends.
class replay {
 public:
  replay(std::vector<recorded_frame> frames, std::string theirs, address stand_in)
      : frames_(std::move(frames)), theirs_(std::move(theirs)), stand_in_(std::move(stand_in)) {}

  task<> run(std::string transport, std::string where) {
    raw_peer peer = co_await raw_peer::reach(transport, where);
    const std::string recorded_uuid = uuid_of(frames_, theirs_);
    std::string uuid = recorded_uuid;
    for (const recorded_frame& each : frames_) {
      if (each.from != theirs_) {
        const msg::value patched = with_addresses(each.message, stand_in_);
        msg::buffer frame = patched == each.message ? each.frame : frame_of(patched);
        co_await peer.send_frame(std::move(frame));
        continue;
      }
      const std::optional<std::string> body = co_await peer.next();
      if (!(body.has_value())) CO_FAIL(std::string() + each.where + ": the actor closed the connection");
      const auto ours = msg::decode_all<msg::value>(msg::as_bytes(*body));
      if (each.name == "Aid") uuid = text_at(ours, "uuid");
      const msg::value wanted = with_text(each.message, recorded_uuid, uuid);
      if (each.name == "Aid" || each.name == "Error") {
        // Texts and processes differ, and who is registrar; all else is as it was recorded.
        std::vector<std::string> free{"pid", "is_registrar", "message", "tb_str"};
        if (theirs_ == "root") free.push_back("name");  // the worker answers as its own registrar
        expect_like(wanted, ours, each.where, free);
      } else {  // byte for byte
        EXPECT_EQ(tractor::test::to_hex(msg::as_bytes(*body)), tractor::test::to_hex(each.body()))
            << each.where;
      }
    }
  }

 private:
  std::vector<recorded_frame> frames_;
  std::string theirs_;
  address stand_in_;
};

// All connections of one dialog; the one that ends the actor comes last.
task<> replay_all(std::string dialog, std::string transport, std::string where) {
  const std::vector<recorded_frame> frames = frames_of(dialog);
  CO_ASSERT_FALSE(frames.empty());
  const address stand_in = plugin::registry::instance().transport(transport).random_bind(
      actor_id("worker", "u" + std::to_string(::getpid())));
  std::set<int> connections;
  for (const recorded_frame& each : frames) connections.insert(each.connection);
  std::vector<std::vector<recorded_frame>> order;
  for (const int connection : connections) order.push_back(over(frames, connection));
  std::stable_partition(order.begin(), order.end(),
                        [](const auto& each) { return !has_func(each, "cancel"); });
  for (const auto& each : order) {
    // Over some the root is asked, as the registrar; over the others the worker is.
    const bool of_registrar = has_func(each, "register_actor") || has_func(each, "unregister_actor");
    replay one(each, of_registrar ? "root" : "worker", stand_in);
    co_await one.run(transport, where);
  }
}

void answer(const std::string& dialog, const std::string& mode, const std::string& method,
            const std::string& transport, const std::string& registry) {
  subprocess actor(program(mode, method, transport, registry));
  run_loop([&]() -> task<> { co_await replay_all(dialog, transport, registry); });
  const auto status = actor.wait(roomy(10s));
  ASSERT_TRUE(status.has_value()) << "it was cancelled, and runs on\n" << actor.err();
  EXPECT_TRUE(status->ok()) << status->text();
  EXPECT_EQ(actor.err(), "");
}

/// The two actors of a recording, played for a root that takes them for its registrar and its worker.
class stage {
 public:
  stage(std::string dialog, std::string transport, std::string registry)
      : frames_(frames_of(dialog)),
        over_(plugin::registry::instance().transport(transport)),
        registry_(registry) {}

  /// Plays until cancelled.
  task<> play(event& ready) {
    std::unique_ptr<listener> registrar = co_await over_.listen(over_.parse(registry_).value());
    const actor_id worker("worker", uuid_of(frames_, "worker") + std::to_string(::getpid()), ::getpid());
    std::unique_ptr<listener> door = co_await over_.listen(over_.random_bind(worker));
    worker_at_.emplace(door->bound());
    ready.set();
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { co_await serve_all(tn, *registrar, "root"); });
      tn.start_soon([&]() -> task<> { co_await serve_all(tn, *door, "worker"); });
      co_return;
    });
  }

  /// The calls that came, by their names.
  std::vector<std::string> calls;

 private:
  task<> serve_all(task_nursery& tn, listener& door, std::string who) {
    for (;;) {
      auto from = std::make_shared<raw_peer>(co_await door.accept());
      tn.start_soon(
          [this](std::shared_ptr<raw_peer> peer, std::string as) { return serve(std::move(peer), as); },
          std::move(from), who);
    }
  }

  task<> serve(std::shared_ptr<raw_peer> peer, std::string who) {
    const auto hello = std::find_if(frames_.begin(), frames_.end(), [&](const recorded_frame& each) {
      return each.name == "Aid" && each.from == who;
    });
    co_await peer->send_frame(msg::buffer(hello->frame));
    const std::optional<msg::value> aid = co_await peer->next_value();
    if (!aid) co_return;
    expect_like(hello->message, *aid, "the Aid", {"name", "uuid", "pid", "is_registrar", "is_probe"});
    for (;;) {
      const std::optional<msg::value> call = co_await peer->next_value();
      if (!call) break;
      EXPECT_EQ(text_at(*call, "msg_type"), "Start");
      calls.push_back(text_at(*call, "func"));
      co_await answer(*peer, *call, *aid);
    }
  }

  task<> answer(raw_peer& peer, const msg::value& call, const msg::value& aid) {
    const std::string func = text_at(call, "func");
    const auto recorded = std::find_if(frames_.begin(), frames_.end(), [&](const recorded_frame& each) {
      return each.name == "Start" && text_at(each.message, "func") == func;
    });
    // The reference's registrar was in the same process: these calls were made, but not recorded.
    if (recorded == frames_.end()) {
      EXPECT_TRUE(func == "find_actor" || func == "wait_for_actor") << func;
      msg::value::list places;
      places.push_back(wire_of(*worker_at_));
      co_await acknowledge(peer, call, msg::value(std::move(places)));
      co_return;
    }
    const bool of_registrar = func.ends_with("register_actor");
    std::vector<std::string> free{"cid", "uid"};
    if (of_registrar) free.push_back("kwargs");
    expect_like(recorded->message, call, recorded->where, free);
    const msg::value uid = msg::value::list{*aid.find("name"), *aid.find("uuid")};
    EXPECT_EQ(*call.find("uid"), uid);
    if (of_registrar) {
      expect_like(*recorded->message.find("kwargs"), *call.find("kwargs"), recorded->where, {"uid", "addr"});
      EXPECT_EQ(*call.find("kwargs")->find("uid"), uid);
    }
    const std::string cid = text_at(recorded->message, "cid");
    for (const recorded_frame& each : frames_)
      if (each.from != recorded->from && text_at(each.message, "cid") == cid)
        co_await peer.send_frame(frame_of(with_text(each.message, cid, text_at(call, "cid"))));
  }

  task<> acknowledge(raw_peer& peer, const msg::value& call, msg::value result) {
    const std::string cid = text_at(call, "cid");
    msg::start_ack ack;
    ack.cid = cid;
    co_await peer.send(ack);
    const msg::buffer encoded = msg::encoded(result);
    msg::return_value value;
    value.cid = cid;
    value.pld = encoded.view();
    co_await peer.send(value);
  }

  std::vector<recorded_frame> frames_;
  tractor::transport& over_;
  std::string registry_;
  std::optional<address> worker_at_;
};

// What a living root prints that makes the calls of the recorded one.
std::string call(const std::string& dialog, std::vector<std::string> words, const std::string& method,
                 const std::string& transport, const std::string& registry) {
  std::string out;
  run_loop([&]() -> task<> {
    stage actors(dialog, transport, registry);
    event ready;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { co_await actors.play(ready); });
      co_await ready.wait();
      command line = program("caller", method, transport, registry);
      for (const std::string& word : words) line.arg(word);
      subprocess root(line);
      co_await run_in_thread([&] { root.wait(roomy(10s)); });
      EXPECT_TRUE(root.status() && root.status()->ok()) << root.err();
      EXPECT_EQ(root.err(), "");
      out = root.out();
      tn.scope().cancel();
    });
    EXPECT_THAT(actors.calls,
                testing::IsSupersetOf({std::string("register_actor"), std::string("cancel"), words[0]}));
  });
  return out;
}

TRACTOR_CELL_TEST(recorded_dialog, rpc_is_answered_as_recorded,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  answer("rpc", "worker", method, proto, addr);
}

TRACTOR_CELL_TEST(recorded_dialog, error_is_answered_as_recorded,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  answer("error", "worker", method, proto, addr);
}

TRACTOR_CELL_TEST(recorded_dialog, badargs_is_answered_as_recorded,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  answer("badargs", "worker", method, proto, addr);
}

TRACTOR_CELL_TEST(recorded_dialog, notexposed_is_answered_as_recorded,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  answer("notexposed", "bare_worker", method, proto, addr);
}

TRACTOR_CELL_TEST(recorded_dialog, discovery_is_answered_as_recorded,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  answer("discovery", "worker", method, proto, addr);
}

TRACTOR_CELL_TEST(recorded_dialog, rpc_is_called_as_recorded,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  EXPECT_EQ(call("rpc", {"add", "a=1", "b=2"}, method, proto, addr), "result 3\ncancelled\n\n");
}

TRACTOR_CELL_TEST(recorded_dialog, discovery_is_called_as_recorded,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  EXPECT_EQ(call("discovery", {"add", "a=4", "b=5"}, method, proto, addr), "result 9\ncancelled\n\n");
}

TRACTOR_CELL_TEST(recorded_dialog, error_is_called_as_recorded,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  EXPECT_EQ(call("error", {"boom"}, method, proto, addr),
            "error ValueError boxed ValueError from worker over worker\n"
            "Traceback (text of the sender, shown verbatim)\ncancelled\n\n");
}

TRACTOR_CELL_TEST(recorded_dialog, notexposed_is_called_as_recorded,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  EXPECT_EQ(call("notexposed", {"add", "a=1", "b=2"}, method, proto, addr),
            "error ModuleNotExposed boxed ModuleNotExposed from worker over worker\n"
            "Traceback (text of the sender, shown verbatim)\ncancelled\n\n");
}

TRACTOR_CELL_TEST(recorded_dialog, badargs_is_called_as_recorded,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  EXPECT_EQ(call("badargs", {"add", "a=1", "zzz=2"}, method, proto, addr),
            "error TypeError boxed TypeError from worker over worker\n"
            "Traceback (text of the sender, shown verbatim)\ncancelled\n\n");
}

}  // namespace dialogs_test
