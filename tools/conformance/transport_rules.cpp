// The rules of plugin/transport.hpp and plugin/byte_stream.hpp.
#include <algorithm>
#include <memory>
#include <vector>

#include "rule.hpp"
#include "streams.hpp"

namespace tractor::conformance {
namespace {

using namespace std::chrono_literals;

void addresses_round_trip(const subject& it) {
  for (const address& one : {over(it).default_registry(), somewhere(it)}) {
    require(one.transport() == it.key, one.text() + " names the transport '" + one.transport() + "'");
    const auto again = over(it).parse(one.text());
    require(again.has_value(), "parse() does not know its own " + one.text());
    require(*again == one, "parse(\"" + one.text() + "\") yields " + again->text());
    require(again->wire() == one.wire(), one.text() + " has another wire form when it is read");
  }
}

void foreign_texts_are_passed_over(const subject& it) {
  const auto got = over(it).parse("/no_such_transport/x");
  require(!got, "parse() claims /no_such_transport/x");
}

void random_addresses_differ(const subject& it) {
  // With an address that leaves a part open (a port), listening is what makes it one's own.
  run_loop([&]() -> task<> {
    const address one = somewhere(it), two = somewhere(it);
    const auto first = co_await over(it).listen(one);
    const auto second = co_await over(it).listen(two);
    require(!(first->bound() == second->bound()), "both listeners are at " + first->bound().text());
  });
}

void bytes_go_both_ways(const subject& it) {
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    co_await send(*pair.near, "hello");
    const std::string there = co_await receive(*pair.far, 5);
    require(there == "hello", "sent 'hello', got '" + there + "'");
    co_await send(*pair.far, "and back");
    const std::string back = co_await receive(*pair.near, 8);
    require(back == "and back", "sent 'and back', got '" + back + "'");
  });
}

void half_close_ends_one_direction(const subject& it) {
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    co_await send(*pair.near, "last");
    pair.near->shutdown_write();
    const auto cut = co_await move_on_after(3s, [&]() -> task<> {
      const std::string got = co_await receive(*pair.far, 100);
      require(got == "last", "before the end came '" + got + "'");
    });
    require(!cut.cancelled_caught(), "the peer reads no end of the stream");
    co_await send(*pair.far, "reply");
    const std::string back = co_await receive(*pair.near, 5);
    require(back == "reply", "the other direction is gone too");
  });
}

void parts_arrive_in_order(const subject& it) {
  const std::string whole = sample_bytes(4 << 20);
  std::vector<std::span<const std::byte>> parts;  // more than IOV_MAX, some of them empty
  const auto bytes = std::as_bytes(std::span(whole));
  for (std::size_t at = 0, size = 0; at < whole.size(); at += size, size = (size + 37) % 1500)
    parts.push_back(bytes.subspan(at, std::min(size, whole.size() - at)));
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { co_await pair.near->write_all(parts); });
      const std::string got = co_await receive(*pair.far, whole.size());
      require(got == whole, "the bytes differ; " + std::to_string(got.size()) + " came");
    });
  });
}

void close_wakes_a_reader(const subject& it) {
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    auto work = receive(*pair.far, 1);
    const std::string end = co_await end_after(std::move(work), [&] { pair.far->close(); });
    require(end == "error", "the read ended with: " + end);
    pair.far->close();
  });
}

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

void a_cancelled_read_loses_nothing(const subject& it) {
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    auto work = receive(*pair.far, 1);
    const auto cut = co_await move_on_after(20ms, std::move(work));
    require(cut.cancelled_caught(), "the read was not cancelled");
    co_await send(*pair.near, "x");
    const std::string got = co_await receive(*pair.far, 1);
    require(got == "x", "the next reader got '" + got + "'");
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

void a_vanished_peer_ends_the_stream(const subject& it) {
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    pair.near.reset();
    std::string end;
    auto work = receive(*pair.far, 1);
    const auto cut = co_await move_on_after(3s, note_end(std::move(work), &end));
    require(!cut.cancelled_caught(), "a read waits for a peer that is gone");
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

void scan_spares_the_living(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    const auto door = co_await over(it).listen(where);
    const leftovers found = over(it).scan();
    for (const leftover& one : found)
      require(door->bound().text().find(one.name) == std::string::npos, one.name + " is in use");
  });
}

}  // namespace

const std::vector<rule>& transport_rules() {
  static const std::vector<rule> all = {
      {"addresses", "an address survives its text form", addresses_round_trip},
      {"foreign_text", "a text of another transport is passed over", foreign_texts_are_passed_over},
      {"random_bind", "two random addresses do not meet", random_addresses_differ},
      {"both_ways", "bytes go both ways", bytes_go_both_ways},
      {"half_close", "a half close ends one direction only", half_close_ends_one_direction},
      {"gather", "4 MiB in many parts arrive in order under back-pressure", parts_arrive_in_order},
      {"close_read", "close() wakes a pending read with an error", close_wakes_a_reader},
      {"close_accept", "close() wakes a pending accept with an error", close_wakes_an_accept},
      {"cancel_read", "a cancelled read loses no bytes", a_cancelled_read_loses_nothing},
      {"cancel_accept", "a cancelled accept loses no connection", a_cancelled_accept_loses_nothing},
      {"peer_gone", "a peer that vanishes ends a read", a_vanished_peer_ends_the_stream},
      {"refused", "connecting where nobody listens is an error", nobody_there_is_an_error},
      {"taken", "an address in use is refused to a second listener", a_taken_address_is_refused},
      {"reuse", "a closed listener's address can be used again", an_address_can_be_used_again},
      {"many", "100 connections live at once", many_connections_at_once},
      {"scan", "scan() names nothing that is in use", scan_spares_the_living},
  };
  return all;
}

}  // namespace tractor::conformance
