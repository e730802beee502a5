// The rules of plugin/byte_stream.hpp for closing, cancelling and vanishing.
#include <fcntl.h>

#include <vector>

#include "rule.hpp"
#include "streams.hpp"
#include "tractor/plugin/owned_fd.hpp"

namespace tractor::conformance {
namespace {

using namespace std::chrono_literals;

void close_wakes_a_reader(const subject& it) {
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    auto work = receive(*pair.far, 1);
    const std::string end = co_await end_after(std::move(work), [&] { pair.far->close(); });
    require(end == "error", "the read ended with: " + end);
    pair.far->close();
  });
}

void close_wakes_a_writer(const subject& it) {
  const std::string much(64 << 20, 'x');
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    auto work = send(*pair.near, much);
    const std::string end = co_await end_after(std::move(work), [&] { pair.near->close(); });
    require(end == "error", "the write of 64 MiB that nobody reads ended with: " + end);
  });
}

// The numbers that the first close gave back are in other hands when the second one comes.
void a_second_close_is_harmless(const subject& it) {
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    pair.near->close();
    pair.door->close();
    std::vector<owned_fd> others(4);
    for (owned_fd& each : others) each.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    pair.near->close();
    pair.door->close();
    pair.near.reset();
    pair.door.reset();
    for (const owned_fd& each : others)
      require(::fcntl(each.get(), F_GETFD) >= 0, "it closes a descriptor that is not its own any more");
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

// Reads what comes until the end, or until an error in its place.
task<> read_all(byte_stream& from, std::string* into) {
  std::vector<std::byte> buffer(65536);
  for (std::size_t count = 1; count > 0;) {
    try {
      count = co_await from.read_some(buffer);
    } catch (const boost::system::system_error&) {
      count = 0;
    }
    into->append(reinterpret_cast<const char*>(buffer.data()), count);
  }
}

void a_cancelled_write_has_sent_a_prefix(const subject& it) {
  const std::string much = sample_bytes(64 << 20);
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    auto work = send(*pair.near, much);
    const auto cut = co_await move_on_after(20ms, std::move(work));
    require(cut.cancelled_caught(), "a write of 64 MiB that nobody reads ends");
    pair.near->close();
    std::string got;
    auto rest = read_all(*pair.far, &got);
    const auto late = co_await move_on_after(5s, std::move(rest));
    require(!late.cancelled_caught(), "the stream is closed, and its peer still waits");
    require(much.starts_with(got), "what came is not the beginning of what was written");
  });
}

// A checkpoint is one whether it has to wait or not.
void what_need_not_wait_is_a_checkpoint(const subject& it) {
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    co_await send(*pair.near, "x");
    const address bound = pair.door->bound();
    const auto second = co_await over(it).connect(bound);
    co_await let_others_run();
    auto reading = receive(*pair.far, 1);
    const bool read_cut = co_await is_cut_off(std::move(reading));
    require(read_cut, "read_some() is no checkpoint when something is there");
    const std::string got = co_await receive(*pair.far, 1);
    require(got == "x", "after a cancelled read came '" + got + "'");
    auto accepting = pair.door->accept();
    const bool accept_cut = co_await is_cut_off(std::move(accepting));
    require(accept_cut, "accept() is no checkpoint when a connection waits");
    co_await send(*second, "x");
    co_await accept_a_live_one(*pair.door);
    auto writing = send(*pair.far, "y");
    const bool write_cut = co_await is_cut_off(std::move(writing));
    require(write_cut, "write_all() is no checkpoint when there is room");
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

void writing_to_nobody_is_an_error(const subject& it) {
  const std::string piece = sample_bytes(65536);
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    pair.far->close();
    std::string end = "success";
    const auto cut = co_await move_on_after(5s, [&]() -> task<> {
      for (int i = 0; i < 1000 && end == "success"; ++i) {
        auto work = send(*pair.near, piece);
        co_await note_end(std::move(work), &end);
      }
    });
    require(!cut.cancelled_caught(), "a write waits for a peer that is gone");
    require(end == "error", "writing 60 MiB to a peer that is gone ended with: " + end);
  });
}

}  // namespace

const std::vector<rule>& stream_end_rules() {
  static const std::vector<rule> all = {
      {"close_read", "close() wakes a pending read with an error", close_wakes_a_reader},
      {"close_write", "close() wakes a pending write with an error", close_wakes_a_writer},
      {"close_twice", "a second close() touches nothing", a_second_close_is_harmless},
      {"cancel_read", "a cancelled read loses no bytes", a_cancelled_read_loses_nothing},
      {"cancel_write", "a cancelled write has sent a prefix at most", a_cancelled_write_has_sent_a_prefix},
      {"checkpoints", "read, write and accept are checkpoints also when they need not wait",
       what_need_not_wait_is_a_checkpoint},
      {"peer_gone", "a peer that vanishes ends a read", a_vanished_peer_ends_the_stream},
      {"write_gone", "writing to a peer that has vanished is an error", writing_to_nobody_is_an_error},
  };
  return all;
}

}  // namespace tractor::conformance
