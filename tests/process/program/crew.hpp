// A root with three children: who registers, and leaves the registry again, when such a program ends.
#pragma once

#include <unistd.h>

#include <cstdio>
#include <exception>
#include <list>
#include <string>
#include <tractor/tractor.hpp>

namespace process_program {

using namespace tractor;

/// Says a line. By one write: several processes share the pipe.
inline void say(const std::string& text) {
  const std::string line = text + "\n";
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::perror("stdout");
}

inline task<> answer(context<starts<void>, receives<int>, sends<int>>& ctx) {
  co_await ctx.started();
  auto& stream = co_await ctx.open_stream();
  while (auto item = co_await stream.next()) co_await stream.send(*item + 1);
}

/// Streams to a child and back until somebody ends that.
inline task<> talk(portal with, event& begun) {
  co_await with.open_context<&answer>([&](auto& ctx) -> task<> {
    auto& stream = co_await ctx.open_stream();
    for (int item = 0;;) {
      co_await stream.send(item);
      item = co_await stream.receive();
      begun.set();
    }
  });
}

/// Starts the children; returns when each that streams has begun to. `begun` outlives them.
inline task<> start_crew(actor_nursery& an, bool streaming, std::list<event>& begun) {
  for (const char* const name : {"first", "second", "third"}) {
    portal child = co_await an.start_actor(name, expose<&answer>());
    if (!streaming) continue;
    event& talks = begun.emplace_back();
    an.tasks().start_soon([child, &talks] { return talk(child, talks); });
  }
  for (event& talks : begun) co_await talks.wait();
}

/// Lives until it is ended. The registrar of its own says then how many its table names once the children are
/// reaped.
inline task<> keep_crew(bool streaming) {
  std::list<event> begun;
  std::exception_ptr end;
  try {
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      co_await start_crew(an, streaming, begun);
      say("the crew is up");
      co_await sleep_forever();
    });
  } catch (...) {
    end = std::current_exception();
  }
  if (current_actor().is_registrar())
    co_await shielded([]() -> task<> {
      auto left = co_await get_registry();
      say("left: " + std::to_string(left.size()));
    });
  std::rethrow_exception(end);
}

inline task<> idle_crew() { co_await keep_crew(false); }
inline task<> streaming_crew() { co_await keep_crew(true); }

}  // namespace process_program
