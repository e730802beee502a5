#include "calls.hpp"

#include "endpoints.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

task<> apply(portal peer, load what) {
  for (int i = 0; i < what.calls; ++i) co_await peer.run<&echo>(i);
  if (what.round_trips > 0) {
    co_await peer.open_context<&return_items>([&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      for (int i = 0; i < what.round_trips; ++i) {
        co_await stream.send(i);
        co_await stream.receive();
      }
    });
  }
  if (what.items > 0) {
    const bytes item(what.size);
    co_await peer.open_context<&take_items>([&](auto& ctx) -> task<> {
      auto& stream = co_await ctx.open_stream();
      for (int i = 0; i < what.items; ++i) co_await stream.send(item);
    });
  }
}

}  // namespace

void make_calls(const cell& where, const load& what) {
  run_tree(where.options(), [&]() -> task<> {
    require_cell(where);
    co_await open_nursery([&](actor_nursery& nursery) -> task<> {
      portal peer = co_await nursery.start_actor("echo", expose<&echo, &return_items, &take_items>());
      co_await apply(peer, what);
      co_await peer.cancel_actor();
    });
  });
}

void make_spawns(const cell& where, int count) {
  run_tree(where.options(), [&]() -> task<> {
    require_cell(where);
    co_await open_nursery([&](actor_nursery& nursery) -> task<> {
      for (int i = 0; i < count; ++i) {
        portal child = co_await nursery.start_actor("echo", expose<&echo>());
        co_await child.run<&echo>(1);
      }
      nursery.cancel();
    });
  });
}

void serve_calls(const cell& where, const std::string& address) {
  run_options options = where.options(address);
  options.name("echo").expose<&echo, &return_items, &take_items>();
  run_tree(options, []() -> task<> { co_await sleep_forever(); });
}

void make_calls_to(const cell& where, const std::string& address, const load& what) {
  run_tree(where.options(address), [&]() -> task<> {
    portal peer = co_await wait_for_actor("echo");
    co_await apply(peer, what);
  });
}

}  // namespace bench
