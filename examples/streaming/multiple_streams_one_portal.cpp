// Several streams share one connection: each task here has a dialog of its own with the same child. A slow
// reader slows its own stream down, not those of the others.
#include <chrono>
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>
#include <vector>

using namespace tractor;
using namespace std::chrono_literals;

task<> numbers(send_stream<int>& out, int first, int count) {
  for (int i = 0; i < count; ++i) co_await out.send(first + i);
}

task<> read_all(portal child, int first, int count, std::vector<std::string>& finished) {
  int next = first;
  co_await child.stream_from<&numbers>(first, count, [&](receive_stream<int>& in) -> task<> {
    while (auto number = co_await in.next())
      if (*number != next++) throw std::logic_error("an item of another stream");
  });
  finished.push_back("the stream from " + std::to_string(first));
}

task<int> app() {
  std::vector<std::string> finished;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal child = co_await an.start_actor("numbers", expose<&numbers>());
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      // This one reads nothing until all others have finished.
      tn.start_soon([&]() -> task<> {
        co_await child.stream_from<&numbers>(0, 10'000, [&](receive_stream<int>& in) -> task<> {
          while (finished.size() < 3) co_await sleep(1ms);
          while (auto number = co_await in.next()) continue;
        });
        finished.push_back("the slow one");
      });
      for (int first : {1000, 2000, 3000}) tn.start_soon(read_all, child, first, 5000, std::ref(finished));
      co_return;
    });
    co_await child.cancel_actor();
  });
  for (const std::string& each : finished) std::cout << each << " has ended" << std::endl;
  co_return finished.size() == 4 && finished.back() == "the slow one" ? 0 : 1;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
