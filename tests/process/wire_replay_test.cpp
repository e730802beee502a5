// The recorded dialogs of the Python implementation, played to a live actor by a peer that says its lines: as
// the caller of our endpoints, and as the one that our callers call.
#include <gmock/gmock.h>

#include <boost/describe.hpp>
#include <map>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "../msg/wire_vectors.hpp"
#include "wire_peer.hpp"

namespace wire_replay_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using tractor::test::recorded_frame;

// --- what was recorded, written again

struct greeting {
  std::string greeting;
  int n = 0;
};
BOOST_DESCRIBE_STRUCT(greeting, (), (greeting, n))
using reply = std::pair<std::string, msg::value>;

task<std::string> echo(context<starts<greeting>, receives<msg::value>, sends<reply>>& ctx,
                       std::string hello) {
  co_await ctx.started(hello, 1);
  auto& stream = co_await ctx.open_stream();
  while (auto item = co_await stream.next()) co_await stream.send("echo", *item);
  co_return "done";
}
task<> gen(send_stream<int>& out, int n) {
  for (int i = 0; i < n; ++i) co_await out.send(i);
}
task<> forever(context<starts<void>, receives<int>>& ctx) {
  co_await ctx.started();
  co_await sleep_forever();
}
task<int> add(int a, int b) { co_return a + b; }
task<int> hidden() { co_return 0; }

actor_options all_exposed() {
  return expose_as<&echo>("__main__:echo", "hello")
      .expose_as<&gen>("__main__:gen", "n")
      .expose_as<&forever>("__main__:forever")
      .expose_as<&add>("__main__:add", "a", "b");
}
const actor_options exposed = all_exposed();

// --- the player

// The lines of one dialog between parent and child, behind the boot.
std::vector<recorded_frame> lines_of(const std::string& dialog) {
  std::vector<recorded_frame> lines;
  for (const recorded_frame& each : tractor::test::recorded_frames())
    if (each.dialog == dialog && each.connection == 1 && each.name != "Aid" && each.name != "SpawnSpec")
      lines.push_back(each);
  EXPECT_FALSE(lines.empty()) << dialog;
  return lines;
}

// Plays one actor of a recording; the other one is live.
class player {
 public:
  player(wire_peer& at, std::string dialog) : peer_(at), lines_(lines_of(dialog)) {
    for (const recorded_frame& each : tractor::test::recorded_frames()) {
      if (each.dialog != dialog || each.connection != 1 || each.name != "Aid") continue;
      const bool ours = each.from == peer_.self().name();
      bound_[text_of(each.message, "uuid")] = ours ? peer_.self().uuid() : peer_.other().uuid();
    }
  }

  // The line that comes next, and its words as they are now.
  const recorded_frame& next() const { return lines_.at(at_); }
  bool ended() const { return at_ == lines_.size(); }
  std::string cid() const { return text_of(words(next()), "cid"); }

  // Says or hears line after line; stops in front of a line of this type, or a call of this name.
  task<> play(std::string stop_at = {}) {
    while (!ended() &&
           (stop_at.empty() || (next().name != stop_at && text_of(next().message, "func") != stop_at))) {
      if (next().from == peer_.self().name())
        co_await say();
      else
        co_await hear();
    }
  }

 private:
  task<> say() {
    const recorded_frame& line = lines_[at_++];
    if (line.name == "Start") bound_[text_of(line.message, "cid")] = fresh_uuid();
    co_await peer_.send(words(line));
  }
  task<> hear() {
    const recorded_frame& line = lines_[at_++];
    const msg::value heard = co_await peer_.receive();
    if (line.name == "Start") bound_[text_of(line.message, "cid")] = text_of(heard, "cid");
    compare(line, heard);
  }

  // The recorded words with the uuids and ids of this run.
  msg::value words(const recorded_frame& line) const { return replaced(line.message); }
  msg::value replaced(const msg::value& in) const {
    if (const auto* text = in.get_if<std::string>()) {
      const auto at = bound_.find(*text);
      return at == bound_.end() ? in : msg::value(at->second);
    }
    if (const auto* list = in.get_if<msg::value::list>()) {
      msg::value::list out;
      for (const msg::value& each : *list) out.push_back(replaced(each));
      return out;
    }
    if (const auto* map = in.get_if<msg::value::map>()) {
      msg::value::map out;
      for (const auto& [key, value] : *map) out.emplace_back(key, replaced(value));
      return out;
    }
    return in;
  }

  // Every recorded field with its value, in the recorded order; beyond them only extensions.
  void compare(const recorded_frame& line, const msg::value& heard) const {
    const msg::value wanted = words(line);
    std::vector<std::string> keys, wanted_keys;
    bool extended = false;
    for (const auto& [key, value] : *heard.get_if<msg::value::map>()) {
      const std::string name = *key.get_if<std::string>();
      if (name.starts_with("x_"))
        extended = true;
      else
        keys.push_back(name);
    }
    for (const auto& [key, value] : *wanted.get_if<msg::value::map>()) {
      const std::string name = *key.get_if<std::string>();
      wanted_keys.push_back(name);
      // Each implementation words its errors itself.
      const bool free_text = !line.verbatim && (name == "message" || name == "tb_str");
      const msg::value* const got = heard.find(name);
      if (free_text) {
        EXPECT_TRUE(got && got->get_if<std::string>()) << line.where << " " << name;
      } else {
        EXPECT_TRUE(got && *got == value) << line.where << ": another " << name << " in " << type_of(heard);
      }
    }
    EXPECT_EQ(keys, wanted_keys) << line.where;
    if (line.verbatim && !extended) {
      EXPECT_EQ(test::to_hex(peer_.last_body()), test::to_hex(msg::encoded(wanted).view())) << line.where;
    }
  }

  wire_peer& peer_;
  std::vector<recorded_frame> lines_;
  std::size_t at_ = 0;
  std::map<std::string, std::string> bound_;
};

// Plays the parent to a live child; `midway` is done in front of the line `stop_at`.
task<> play_caller(std::string dialog, std::string stop_at,
                   std::function<task<>(wire_peer&, player&)> midway) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.start_actor("worker", exposed);
    auto peer = co_await wire_peer::dial_actor("worker", "root");
    player parent(*peer, dialog);
    if (midway) {
      co_await parent.play(stop_at);
      co_await midway(*peer, parent);
    }
    co_await parent.play();
    // The last line has ended the child: nothing comes behind it.
    EXPECT_THAT(co_await peer->read_to_end(), testing::IsEmpty()) << dialog;
    peer->close();
  });
}

// Plays the child to a live caller, which does `work` with the portal and then ends the child.
task<> play_callee(std::string dialog, std::function<task<>(portal)> work, std::string stop_at = {}) {
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    auto host = co_await wire_host::open("worker");
    tn.start_soon([&]() -> task<> {
      auto peer = co_await host->accept();
      player child(*peer, dialog);
      co_await child.play(stop_at);
      if (!child.ended()) {
        // Three lines that only the reference needs to say: the caller is done with this stream already.
        EXPECT_EQ(text_of(child.next().message, "func"), "_cancel_task");
        const msg::value end = co_await peer->expect("Start");
        EXPECT_EQ(text_of(end, "func"), "cancel");
        co_await peer->send(wire_peer::ack(text_of(end, "cid"), "asyncfunc"));
        co_await peer->send(wire_peer::message("CancelAck", text_of(end, "cid"), true));
      }
      peer->close();
    });
    std::optional<portal> worker = co_await find_actor("worker");
    CO_ASSERT_TRUE(worker.has_value());
    co_await work(*worker);
    EXPECT_TRUE(co_await worker->cancel_actor());
  });
}

std::vector<msg::value> recorded_items() {
  const msg::value::list list{msg::value(5), msg::value(), msg::value(true)};
  const msg::value::bytes bytes{std::byte{'f'}, std::byte{'o'}, std::byte{'u'}, std::byte{'r'}};
  return {msg::value(1),     msg::value("two"), msg::value(3.5),
          msg::value(bytes), msg::value(list),  map_of("six", 6)};
}

root keyless() {
  return root([](run_options& options) { options.allow_keyless_peers(); });
}

TRACTOR_TEST(replay, of_a_callers_lines_gets_the_recorded_answers, (), keyless()) {
  for (const char* dialog : {"rpc", "context", "ctxcancel", "oneway"})
    co_await fail_after(10s, play_caller(dialog, "", nullptr));
}

TRACTOR_TEST(replay, of_a_callers_overrun_gets_one_complaint_for_each_item_too_many, (), keyless()) {
  // How many may wait is the receiver's affair: the recording's had less room.
  auto fill = [](wire_peer& peer, player& parent) -> task<> {
    for (int i = 0; i < 64; ++i) co_await peer.send(wire_peer::message("Yield", parent.cid(), i));
  };
  co_await fail_after(10s, play_caller("overrun", "Yield", fill));
}

TRACTOR_TEST(replay, of_a_childs_lines_gets_the_recorded_context, (), keyless()) {
  auto work = [](portal worker) -> task<> {
    const std::vector<msg::value> items = recorded_items();
    auto body = [&](auto& ctx, greeting first) -> task<std::string> {
      EXPECT_EQ(first.greeting, "hi");
      EXPECT_EQ(first.n, 1);
      auto& stream = co_await ctx.open_stream();
      for (const msg::value& item : items) {
        co_await stream.send(item);
        const wire_replay_test::reply back = co_await stream.receive();
        EXPECT_EQ(back.first, "echo");
        EXPECT_TRUE(back.second == item);
      }
      co_await stream.aclose();
      co_return co_await ctx.wait_for_result();
    };
    EXPECT_EQ(co_await worker.open_context<&echo>("hi", body), "done");
  };
  co_await fail_after(10s, play_callee("context", work));
}

TRACTOR_TEST(replay, of_a_childs_lines_gets_the_recorded_call, (), keyless()) {
  auto work = [](portal worker) -> task<> { EXPECT_EQ(co_await worker.run<&add>(1, 2), 3); };
  co_await fail_after(10s, play_callee("rpc", work));
}

TRACTOR_TEST(replay, of_a_childs_lines_gets_the_recorded_cancel, (), keyless()) {
  auto work = [](portal worker) -> task<> {
    co_await worker.open_context<&forever>([&](auto& ctx) -> task<> {
      co_await ctx.cancel();
      EXPECT_TRUE(ctx.cancel_acked());
      EXPECT_EQ(ctx.canceller(), current_actor().id());
    });
  };
  co_await fail_after(10s, play_callee("ctxcancel", work));
}

TRACTOR_TEST(replay, of_a_childs_lines_gets_the_recorded_one_way_stream, (), keyless()) {
  auto work = [](portal worker) -> task<> {
    std::vector<int> got;
    co_await worker.stream_from<&gen>(3, [&](receive_stream<int>& in) -> task<> {
      while (auto item = co_await in.next()) got.push_back(*item);
    });
    EXPECT_THAT(got, testing::ElementsAre(0, 1, 2));
  };
  // A generator that has ended is not cancelled: what follows its Stop is the end of the actor.
  co_await fail_after(10s, play_callee("oneway", work, "_cancel_task"));
}

TRACTOR_TEST(replay, of_a_childs_lines_gets_the_recorded_overrun, (), keyless()) {
  auto work = [](portal worker) -> task<> {
    auto body = [&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      for (int i = 0; i < 3; ++i) co_await stream.send(i);
      co_await sleep_forever();
    };
    auto error = co_await raises<remote_actor_error>(worker.open_context<&forever>(body));
    EXPECT_TRUE(error.boxed_type_is<stream_overrun>());
    EXPECT_EQ(error.record().sender, current_actor().id());
    EXPECT_EQ(error.src_uid(), worker.peer());
  };
  co_await fail_after(10s, play_callee("overrun", work));
}

}  // namespace wire_replay_test
