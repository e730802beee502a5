// The rules of plugin/transport.hpp for listeners and connections.
#include <memory>
#include <vector>

#include "rule.hpp"
#include "streams.hpp"

namespace tractor::conformance {
namespace {

using namespace std::chrono_literals;

void close_wakes_an_accept(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    const auto door = co_await over(it).listen(where);
    auto work = door->accept();
    const std::string end = co_await end_after(std::move(work), [&] { door->close(); });
    require(end == "error", "accept() ended with: " + end);
    door->close();
  });
}

void a_cancelled_accept_loses_nothing(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    const auto door = co_await over(it).listen(where);
    auto work = door->accept();
    const auto cut = co_await move_on_after(20ms, std::move(work));
    require(cut.cancelled_caught(), "accept() was not cancelled");
    const address bound = door->bound();
    const auto near = co_await over(it).connect(bound);
    const auto far = co_await door->accept();
    require(far != nullptr, "accept() yields nothing");
  });
}

void a_cancelled_connect_leaves_nothing(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    const auto door = co_await over(it).listen(where);
    const address bound = door->bound();
    const auto cut = co_await move_on_after(0ms, [&]() -> task<> { co_await over(it).connect(bound); });
    require(cut.cancelled_caught(), "connect() is no checkpoint");
    const auto near = co_await over(it).connect(bound);
    co_await send(*near, "x");
    co_await accept_a_live_one(*door);
  });
}

void nobody_there_is_an_error(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    auto door = co_await over(it).listen(where);
    const address bound = door->bound();
    door->close();
    std::string end;
    auto work = over(it).connect(bound);
    co_await note_end(std::move(work), &end);
    require(end == "error", "connect() to a closed listener ended with: " + end);
  });
}

void a_taken_address_is_refused(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    const auto door = co_await over(it).listen(where);
    const address bound = door->bound();
    std::string end;
    auto work = over(it).listen(bound);
    co_await note_end(std::move(work), &end);
    require(end == "error", "a second listen() on " + bound.text() + " ended with: " + end);
  });
}

void an_address_can_be_used_again(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    const auto door = co_await over(it).listen(where);
    const address bound = door->bound();
    door->close();
    const auto again = co_await over(it).listen(bound);
    require(again->bound() == bound, "listens at " + again->bound().text());
  });
}

void foreign_addresses_are_refused(const subject& it) {
  run_loop([&]() -> task<> {
    const address foreign("no_such_transport", "/no_such_transport/x");
    std::string refusal;
    auto bind = over(it).listen(foreign);
    co_await note_refusal(std::move(bind), &refusal);
    require(!refusal.empty(), "listen() takes an address of another transport");
    auto dial = over(it).connect(foreign);
    co_await note_refusal(std::move(dial), &refusal);
    require(!refusal.empty(), "connect() takes an address of another transport");
  });
}

void errors_name_the_address(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    auto door = co_await over(it).listen(where);
    const address bound = door->bound();
    std::string refusal;
    auto bind = over(it).listen(bound);
    co_await note_refusal(std::move(bind), &refusal);
    require(names(refusal, bound.text()), "listen() on a taken " + bound.text() + " says: " + refusal);
    door->close();
    auto dial = over(it).connect(bound);
    co_await note_refusal(std::move(dial), &refusal);
    require(names(refusal, bound.text()), "connect() to a closed " + bound.text() + " says: " + refusal);
  });
}

void many_connections_at_once(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    const auto door = co_await over(it).listen(where);
    const address bound = door->bound();
    std::vector<std::unique_ptr<byte_stream>> near, far;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        while (far.size() < 100) far.push_back(co_await door->accept());
      });
      while (near.size() < 100) near.push_back(co_await over(it).connect(bound));
    });
    for (auto& one : near) co_await send(*one, "x");
    for (auto& one : far) {
      const std::string got = co_await receive(*one, 1);
      require(got == "x", "one of 100 connections carries nothing");
    }
  });
}

// The connection that comes meanwhile may wait, or be dropped so that its peer does not.
void a_listener_survives_a_lack_of_descriptors(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    const auto door = co_await over(it).listen(where);
    const address bound = door->bound();
    const auto early = co_await over(it).connect(bound);
    std::string end;
    {
      const few_descriptors poor(0);
      auto work = door->accept();
      const auto cut = co_await move_on_after(3s, note_end(std::move(work), &end));
      require(!cut.cancelled_caught(), "accept() says nothing when no descriptor is left");
    }
    require(end == "success" || end == "error", "accept() without a descriptor ended with: " + end);
    early->close();
    const auto near = co_await over(it).connect(bound);
    co_await send(*near, "x");
    const auto cut = co_await move_on_after(3s, accept_a_live_one(*door));
    require(!cut.cancelled_caught(), "once there are descriptors again, accept() yields nothing");
  });
}

}  // namespace

const std::vector<rule>& transport_rules() {
  static const std::vector<rule> all = {
      {"close_accept", "close() wakes a pending accept with an error", close_wakes_an_accept},
      {"cancel_accept", "a cancelled accept loses no connection", a_cancelled_accept_loses_nothing},
      {"cancel_connect", "a cancelled connect leaves nothing", a_cancelled_connect_leaves_nothing},
      {"refused", "connecting where nobody listens is an error", nobody_there_is_an_error},
      {"taken", "an address in use is refused to a second listener", a_taken_address_is_refused},
      {"reuse", "a closed listener's address can be used again", an_address_can_be_used_again},
      {"foreign_address", "an address of another transport is refused", foreign_addresses_are_refused},
      {"error_text", "an error names the address it is about", errors_name_the_address},
      {"many", "100 connections live at once", many_connections_at_once},
      {"accept_emfile", "a listener survives a lack of descriptors",
       a_listener_survives_a_lack_of_descriptors},
  };
  return all;
}

}  // namespace tractor::conformance
