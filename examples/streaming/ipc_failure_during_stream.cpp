// A child is killed in the middle of a stream. Its reader gets what had arrived, then an error that names the
// child and the signal; a new child goes on where the first one stopped.
#include <signal.h>

#include <iostream>
#include <string>
#include <tractor/tractor.hpp>
#include <vector>

using namespace tractor;

constexpr int total = 1000;

// Counts on from `from`, and dies by a SIGKILL on the way if it is told when.
task<> count(send_stream<int>& out, int from, int dies_at) {
  for (int n = from; n < total; ++n) {
    if (n == dies_at) {
      co_await sleep(std::chrono::milliseconds(20));  // what was sent so far is on its way
      raise(SIGKILL);
    }
    co_await out.send(n);
  }
}

// Reads on where `got` ends.
task<> read_from_a_child(std::string name, int dies_at, std::vector<int>& got) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal child = co_await an.start_actor(name, expose<&count>());
    const int from = static_cast<int>(got.size());
    co_await child.stream_from<&count>(from, dies_at, [&](receive_stream<int>& in) -> task<> {
      while (auto number = co_await in.next()) got.push_back(*number);
    });
    co_await child.cancel_actor();
  });
}

task<int> app() {
  std::vector<int> got;
  bool failed = false;
  try {
    co_await read_from_a_child("first", 500, got);
  } catch (const actor_failure& failure) {
    failed = true;
    std::cout << "after " << got.size() << " items: " << failure.what() << std::endl;
  }
  if (failed) co_await read_from_a_child("second", -1, got);

  bool complete = got.size() == total;
  for (std::size_t i = 0; i < got.size(); ++i) complete = complete && got[i] == static_cast<int>(i);
  std::cout << "with a second child: " << got.size() << " items, none lost and none twice: " << std::boolalpha
            << complete << std::endl;
  co_return failed&& complete ? 0 : 1;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
