// The rules of plugin/byte_stream.hpp for bytes, and for who is at the other end.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <vector>

#include "dead_owner.hpp"
#include "other_process.hpp"
#include "rule.hpp"
#include "streams.hpp"

namespace tractor::conformance {
namespace {

using namespace std::chrono_literals;

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

void both_directions_are_busy_at_once(const subject& it) {
  const std::string there = sample_bytes(4 << 20), back(there.rbegin(), there.rend());
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { co_await send(*pair.near, there); });
      tn.start_soon([&]() -> task<> { co_await send(*pair.far, back); });
      tn.start_soon([&]() -> task<> {
        const std::string got = co_await receive(*pair.near, back.size());
        require(got == back, "the bytes of the accepted end differ; " + std::to_string(got.size()) + " came");
      });
      const std::string got = co_await receive(*pair.far, there.size());
      require(got == there, "the bytes of the connected end differ; " + std::to_string(got.size()) + " came");
    });
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

void the_end_stays_the_end(const subject& it) {
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    pair.near->shutdown_write();
    for (const char* which : {"first", "second"}) {
      const auto cut = co_await move_on_after(3s, [&]() -> task<> {
        const std::string got = co_await receive(*pair.far, 1);
        require(got.empty(), std::string("at the end a ") + which + " read yields '" + got + "'");
      });
      require(!cut.cancelled_caught(), std::string("at the end a ") + which + " read waits");
    }
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

void a_small_read_leaves_the_rest(const subject& it) {
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    co_await send(*pair.near, "abcdef");
    co_await send(*pair.near, "ghijkl");
    std::string all;
    while (all.size() < 12) {
      const std::string one = co_await receive(*pair.far, 1);
      require(one.size() == 1 && one[0] == static_cast<char>('a' + all.size()),
              "sent 'abcdefghijkl', and after '" + all + "' one byte is read: '" + one + "'");
      all += one;
    }
  });
}

void writing_without_waiting_keeps_the_order(const subject& it) {
  const std::string whole = sample_bytes(1 << 20);
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        const auto bytes = std::as_bytes(std::span(whole));
        for (std::size_t at = 0; at < bytes.size();) {
          const auto piece = bytes.subspan(at, std::min<std::size_t>(50'000, bytes.size() - at));
          const std::size_t gone = pair.near->write_now(piece);
          require(gone <= piece.size(),
                  "write_now() of " + std::to_string(piece.size()) + " bytes yields " + std::to_string(gone));
          at += piece.size();
          if (gone == piece.size()) continue;
          const std::array<std::span<const std::byte>, 1> rest{piece.subspan(gone)};
          co_await pair.near->write_all(rest);
        }
      });
      const std::string got = co_await receive(*pair.far, whole.size());
      require(got == whole, "the bytes differ; " + std::to_string(got.size()) + " came");
    });
  });
}

void ending_both_directions_is_seen_at_both_ends(const subject& it) {
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    co_await send(*pair.near, "arrived");
    co_await let_others_run();
    pair.far->shutdown_both();
    for (byte_stream* one : {pair.far.get(), pair.near.get()}) {
      std::string end;
      auto work = receive(*one, 100);
      const auto cut = co_await move_on_after(3s, note_end(std::move(work), &end));
      require(!cut.cancelled_caught(), "a read still waits");
      require(end == "success" || end == "error", "a read ended with: " + end);
    }
  });
}

std::string in_words(const std::optional<peer_credentials>& who) {
  if (!who) return "none";
  return "pid " + std::to_string(who->pid) + " uid " + std::to_string(who->uid) + " gid " +
         std::to_string(who->gid);
}

std::string us(pid_t pid) { return in_words(peer_credentials(pid, ::geteuid(), ::getegid())); }

void require_credentials(const std::string& of, const std::string& said, const std::string& wanted) {
  require(said == "none" || said == wanted, "credentials() of " + of + " say " + said + " and not " + wanted);
}

void credentials_within_one_process(const subject& it) {
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    const std::string near = in_words(pair.near->credentials()), far = in_words(pair.far->credentials());
    if (near == "none" && far == "none")
      throw not_applicable("nobody vouches for a peer: a key is asked for");
    require_credentials("the connected end", near, us(::getpid()));
    require_credentials("the accepted end", far, us(::getpid()));
  });
}

task<> accept_and_tell_who(const subject& it, report_pipe& told) {
  const address where = somewhere(it);
  const auto door = co_await over(it).listen(where);
  told.tell(door->bound().text());
  const auto far = co_await door->accept();
  told.tell(in_words(far->credentials()));
  co_await sleep_forever();
}

void credentials_are_those_of_the_peer(const subject& it) {
  if (!over(it).crosses_processes()) return credentials_within_one_process(it);
  other_process owner([&](report_pipe& told) { return accept_and_tell_who(it, told); });
  const std::string text = owner.next_line();
  const address where = read_own(it, text);
  std::string near, far;
  run_loop([&]() -> task<> {
    const auto stream = co_await over(it).connect(where);
    near = in_words(stream->credentials());
    far = owner.next_line();
  });
  const std::string owners = us(owner.pid());
  owner.kill();
  remove_what_is_left_at(it, text);
  require(!over(it).vouches_for_peers() || (near != "none" && far != "none"),
          "vouches_for_peers() says yes, and a stream has no credentials()");
  if (near == "none" && far == "none") throw not_applicable("nobody vouches for a peer: a key is asked for");
  require_credentials("the connected end", near, owners);
  require_credentials("the accepted end", far, us(::getpid()));
}

}  // namespace

const std::vector<rule>& stream_rules() {
  static const std::vector<rule> all = {
      {"both_ways", "bytes go both ways", bytes_go_both_ways},
      {"duplex", "both directions carry 4 MiB at once", both_directions_are_busy_at_once},
      {"half_close", "a half close ends one direction only", half_close_ends_one_direction},
      {"end_stays", "the end of a stream is told as often as one reads", the_end_stays_the_end},
      {"gather", "4 MiB in many parts arrive in order under back-pressure", parts_arrive_in_order},
      {"small_reads", "what a small read leaves comes with the next", a_small_read_leaves_the_rest},
      {"write_now", "what is written with and without waiting stays in order",
       writing_without_waiting_keeps_the_order},
      {"shutdown_both", "the end of both directions is seen at both ends",
       ending_both_directions_is_seen_at_both_ends},
      {"credentials", "credentials() are those of the process at the other end",
       credentials_are_those_of_the_peer},
  };
  return all;
}

}  // namespace tractor::conformance
