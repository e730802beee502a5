// The rules of plugin/transport.hpp and plugin/byte_stream.hpp for when things go wrong.
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "children.hpp"
#include "rule.hpp"
#include "streams.hpp"

namespace tractor::conformance {
namespace {

using namespace std::chrono_literals;

void close_wakes_a_writer(const subject& it) {
  const std::string much(64 << 20, 'x');
  run_loop([&]() -> task<> {
    pair_of_streams pair = co_await connect_pair(it);
    auto work = send(*pair.near, much);
    const std::string end = co_await end_after(std::move(work), [&] { pair.near->close(); });
    require(end == "error", "the write of 64 MiB that nobody reads ended with: " + end);
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

// Lets this process open no further descriptor while it lives.
class no_descriptors_left {
 public:
  no_descriptors_left() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    ::close(lowest);
    const rlimit now{static_cast<rlim_t>(lowest), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &now);
  }
  no_descriptors_left(const no_descriptors_left&) = delete;
  no_descriptors_left& operator=(const no_descriptors_left&) = delete;
  ~no_descriptors_left() { ::setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

// Accepts until a connection carries an "x": those cut off before may be accepted too, and are at their end.
task<> accept_a_live_one(listener& door) {
  for (int round = 0; round < 2; ++round) {
    const auto far = co_await door.accept();
    std::string got;
    try {
      got = co_await receive(*far, 1);
    } catch (const boost::system::system_error&) {
    }
    if (got == "x") co_return;
  }
  throw broken("the next connection carries nothing");
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

// The connection that comes meanwhile may wait, or be dropped so that its peer does not.
void a_listener_survives_a_lack_of_descriptors(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    const auto door = co_await over(it).listen(where);
    const address bound = door->bound();
    const auto early = co_await over(it).connect(bound);
    std::string end;
    {
      const no_descriptors_left poor;
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

// A process that listens until it is killed. Yields where.
std::string killed_listener(const subject& it) {
  report_pipe told;
  const pid_t owner = ::fork();
  require(owner >= 0, "this process cannot fork");
  if (owner == 0) {
    try {
      run_loop([&]() -> task<> {
        const address where = somewhere(it);
        const auto door = co_await over(it).listen(where);
        const std::string text = door->bound().text() + "\n";
        if (::write(told.child_end(), text.data(), text.size()) > 0) co_await sleep_forever();
      });
    } catch (...) {
    }
    ::_exit(1);
  }
  const std::string where = told.read_to('\n');
  ::kill(owner, SIGKILL);
  ::waitpid(owner, nullptr, 0);
  require(!where.empty(), "another process cannot listen");
  return where;
}

// What scan() names of the address.
leftovers left_at(const subject& it, const std::string& text) {
  leftovers found = over(it).scan();
  std::erase_if(found, [&](const leftover& one) { return text.find(one.name) == std::string::npos; });
  return found;
}

void what_a_killed_owner_left_is_removed(const subject& it) {
  if (!over(it).crosses_processes()) throw not_applicable("both ends are in one process");
  const std::string text = killed_listener(it);
  const auto where = over(it).parse(text);
  require(where.has_value(), "parse() does not know its own " + text);
  std::string end;
  run_loop([&]() -> task<> {
    auto work = over(it).connect(*where);
    const auto cut = co_await move_on_after(3s, note_end(std::move(work), &end));
    require(!cut.cancelled_caught(), "connect() to a dead listener waits");
  });
  require(end == "error", "connect() to a dead listener ended with: " + end);
  // Others may be at it, too: what is locked now is tried again.
  const auto until = std::chrono::steady_clock::now() + 3s;
  for (leftovers found = left_at(it, text); !found.empty(); found = left_at(it, text)) {
    const reap_report report = over(it).reap(found);
    if (std::chrono::steady_clock::now() < until) continue;
    throw broken(found.front().name + " is not removed" +
                 (report.failed.empty() ? "" : ": " + report.failed.front().detail));
  }
  run_loop([&]() -> task<> {
    const auto again = co_await over(it).listen(*where);
    require(again->bound() == *where, "listens at " + again->bound().text());
  });
}

}  // namespace

const std::vector<rule>& transport_fault_rules() {
  static const std::vector<rule> all = {
      {"close_write", "close() wakes a pending write with an error", close_wakes_a_writer},
      {"write_now", "what is written with and without waiting stays in order",
       writing_without_waiting_keeps_the_order},
      {"shutdown_both", "the end of both directions is seen at both ends",
       ending_both_directions_is_seen_at_both_ends},
      {"cancel_connect", "a cancelled connect leaves nothing", a_cancelled_connect_leaves_nothing},
      {"accept_emfile", "a listener survives a lack of descriptors",
       a_listener_survives_a_lack_of_descriptors},
      {"killed_owner", "what a killed owner left refuses, and is found and removed",
       what_a_killed_owner_left_is_removed},
  };
  return all;
}

}  // namespace tractor::conformance
