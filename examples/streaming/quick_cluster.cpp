// A pool of actors in one call: one for each processor unless told otherwise, found by name, ended and reaped
// when the block is left.
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>

using namespace tractor;

// Takes words until there are no more; returns the longest.
task<std::string> find_longest(context<receives<std::string>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  std::string longest;
  while (auto word = co_await stream.next())
    if (word->size() > longest.size()) longest = *word;
  co_return longest;
}

// Hands one worker a word whenever it has room for one.
task<> feed(portal worker, channel<std::string>& words, std::string& longest) {
  const std::string mine = co_await worker.open_context<&find_longest>([&](auto& ctx) -> task<std::string> {
    auto& stream = co_await ctx.open_stream();
    while (auto word = co_await words.next()) co_await stream.send(*word);
    co_await stream.aclose();
    co_return co_await ctx.wait_for_result();
  });
  if (mine.size() > longest.size()) longest = mine;
}

task<int> app() {
  std::string longest;
  cluster_options how;
  how.names("ann", "bob", "cat", "dan");
  co_await open_actor_cluster(expose<&find_longest>(), how, [&](actor_cluster& workers) -> task<> {
    for (const auto& [name, worker] : workers)
      std::cout << name << " is process " << worker.peer().pid() << std::endl;
    channel<std::string> words(0);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (const auto& [name, worker] : workers)
        tn.start_soon(feed, worker, std::ref(words), std::ref(longest));
      for (int i = 0; i < 1000; ++i) {
        const std::string word(static_cast<std::size_t>(1 + (i * 37) % 50), 'a');
        co_await words.send(word);
      }
      words.close();
    });
  });
  std::cout << "the longest of 1000 words has " << longest.size() << " letters" << std::endl;
  co_return longest.size() == 50 ? 0 : 1;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
