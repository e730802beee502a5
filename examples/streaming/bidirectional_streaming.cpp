// Two tasks in two processes, linked by a context, talk over one stream, both ways. The endpoint says what
// travels in its first parameter; whoever opens the context sees the mirror image, checked by the compiler.
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>

using namespace tractor;

// Starts with a word of its own, answers each item, and returns how many it answered.
task<int> answer(context<starts<std::string>, receives<std::string>, sends<std::string>>& ctx) {
  co_await ctx.started("who is there?");
  auto& stream = co_await ctx.open_stream();
  int answered = 0;
  while (auto question = co_await stream.next()) {
    ++answered;
    co_await stream.send("pong " + std::to_string(answered) + " to " + *question);
  }
  co_return answered;
}

task<int> app() {
  co_return co_await open_nursery([](actor_nursery& an) -> task<int> {
    portal child = co_await an.start_actor("answers", expose<&answer>());
    const int answered = co_await child.open_context<&answer>([](auto& ctx, std::string first) -> task<int> {
      std::cout << "the child starts with: " << first << std::endl;
      auto& stream = co_await ctx.open_stream();
      for (int i = 1; i <= 3; ++i) {
        co_await stream.send("ping " + std::to_string(i));
        const std::string reply = co_await stream.receive();
        std::cout << "a reply: " << reply << std::endl;
      }
      co_await stream.aclose();  // the child's loop ends, and it returns
      co_return co_await ctx.wait_for_result();
    });
    std::cout << "the child says it answered " << answered << " times" << std::endl;
    co_await child.cancel_actor();
    co_return answered == 3 ? 0 : 1;
  });
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
