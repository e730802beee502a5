// A service that makes one stream of several: it starts an actor for each source, reads all of them at once,
// and sends their items on in order, each number once. Its own reader sees one stream, and decides how fast
// all of this goes: every stream on the way slows its sender down.
#include <deque>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <tractor/tractor.hpp>
#include <vector>

using namespace tractor;

// A source: the multiples of `step`, in order.
task<> multiples(send_stream<int>& out, int step, int below) {
  for (int n = step; n < below; n += step) co_await out.send(n);
}

// Brings the items of one source to the task that merges them.
task<> read_source(actor_nursery& an, int step, int below, channel<int>& to) {
  portal source = co_await an.start_actor("multiples-of-" + std::to_string(step), expose<&multiples>());
  co_await source.stream_from<&multiples>(step, below, [&](receive_stream<int>& in) -> task<> {
    while (auto number = co_await in.next()) co_await to.send(*number);
  });
  to.close();
  co_await source.cancel_actor();
}

// The newest item of each source, and which source has the smallest.
task<> merge(std::deque<channel<int>>& sources, send_stream<int>& out) {
  std::vector<std::optional<int>> heads;
  for (auto& source : sources) {
    std::optional<int> head = co_await source.next();
    heads.push_back(head);
  }
  for (;;) {
    std::optional<int> least;
    for (const auto& head : heads)
      if (head && (!least || *head < *least)) least = head;
    if (!least) co_return;
    co_await out.send(*least);
    for (std::size_t i = 0; i < heads.size(); ++i)
      if (heads[i] == least) heads[i] = co_await sources[i].next();
  }
}

task<> merged_multiples(send_stream<int>& out, std::vector<int> steps, int below) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    std::deque<channel<int>> sources;
    for (const int step : steps) {
      sources.emplace_back(8);
      an.tasks().start_soon(read_source, std::ref(an), step, below, std::ref(sources.back()));
    }
    co_await merge(sources, out);
  });
}

task<int> app() {
  std::vector<int> got;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal service = co_await an.start_actor("merger", expose<&merged_multiples>());
    const std::vector<int> steps{3, 5, 7};
    co_await service.stream_from<&merged_multiples>(steps, 1000, [&](receive_stream<int>& in) -> task<> {
      while (auto number = co_await in.next()) got.push_back(*number);
    });
    co_await service.cancel_actor();
  });
  std::vector<int> wanted;
  for (int n = 1; n < 1000; ++n)
    if (n % 3 == 0 || n % 5 == 0 || n % 7 == 0) wanted.push_back(n);
  std::cout << "three sources, one stream:";
  for (std::size_t i = 0; i < 12 && i < got.size(); ++i) std::cout << " " << got[i];
  std::cout << " ...\n"
            << got.size() << " numbers, in order and each once: " << std::boolalpha << (got == wanted)
            << std::endl;
  co_return got == wanted ? 0 : 1;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
