// Helpers for tasks of one actor: one source for many readers, several scopes at once, a resource that is
// shared, and another program as a supervised child. The sections of docs/helpers.md are taken from here.
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>
#include <vector>

using namespace tractor;
using namespace std::chrono_literals;

task<> listen(std::string who, subscription<int> ticks) {
  int sum = 0;
  while (auto tick = co_await ticks.next()) sum += *tick;
  std::cout << who + " saw ticks worth " + std::to_string(sum) + "\n";
}

task<> fan_out() {
  channel<int> source(4);
  broadcast feed(source, 16);  // keeps 16 items for those who are slower
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    for (const std::string who : {"ann", "bob"}) tn.start_soon(&listen, who, feed.subscribe());
    for (int tick = 1; tick <= 100; ++tick) co_await source.send(tick);
    source.close();
  });
}

class session {
 public:
  explicit session(std::string peer) : peer(std::move(peer)) {}
  std::string peer;
};

// A scope of this program: a function that takes a body.
template <class Body> task<> open_session(std::string peer, Body& body) {
  co_await sleep(10ms);
  session opened(peer);
  co_await with_cleanup([&]() -> task<> { co_await body(opened); },
                        [&]() -> task<> {
                          co_await sleep(10ms);
                          std::cout << "closed " + opened.peer + "\n";
                        },
                        1s);
}

task<> enter_together() {
  co_await gather_contexts(
      [](session& a, session& b, task_nursery&) -> task<> {
        std::cout << "in sessions with " + a.peer + " and " + b.peer + "\n";
        co_return;
      },
      [](entered<session>& in) { return open_session("left", in); },
      [](entered<session>& in) { return open_session("right", in); },
      [](entered<task_nursery>& in) { return open_task_nursery(in); });
}

task<> open_shared(entered<session>& in, std::string peer) {
  std::cout << "opening " + peer + " once\n";
  co_await open_session(peer, in);
}

task<> use_shared(std::string peer) {
  resource_cache& cache = current_actor().resources();
  co_await maybe_open_context(cache, &open_shared, peer, [](bool hit, session& s) -> task<> {
    std::cout << (hit ? "sharing " : "the first in ") + s.peer + "\n";
    co_await sleep(10ms);
  });
}

task<> share() {
  co_await open_task_nursery([](task_nursery& tn) -> task<> {
    for (int user = 0; user < 3; ++user) tn.start_soon(&use_shared, std::string("common"));
    co_return;
  });
}

task<> run_program() {
  process_command sort("sort");
  sort.args("--version").label("sorter").relay_stdout();
  const exit_status how = co_await supervise_run_process(sort);
  std::cout << "sort " + how.text() + "\n";

  process_command fails("sh");
  fails.args("-c", "echo no such luck >&2; exit 3");
  try {
    co_await supervise_run_process(fails);
  } catch (const process_failed& failure) {
    std::cout << failure.label() + " says: " + failure.stderr_tail();
  }
}

task<> app() {
  co_await fan_out();
  co_await enter_together();
  co_await share();
  co_await run_program();
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
