#include "soak_tree.hpp"

#include <signal.h>
#include <unistd.h>

#include <functional>

namespace soak {

using namespace tractor;

namespace {

using live_context = context<starts<int>, receives<int>, sends<int>>;
using live_stream = live_context::stream;
using caller_stream = context_to<&live>::stream;

std::string own_name() { return current_actor().id().name(); }

task<> send_back(live_stream& stream) {
  while (auto item = co_await stream.next()) co_await stream.send(*item);
}

task<> meet(live_context& ctx, fate what, int at_ms) {
  co_await sleep(std::chrono::milliseconds(at_ms));
  if (what == fate::throws) throw fate_met("the fate of " + own_name());
  if (what == fate::cancels_itself) ctx.cancel("the fate of " + own_name());
  if (what == fate::is_killed) ::raise(SIGKILL);
  if (what == fate::exits) ::_exit(3);
  co_await sleep_forever();
}

// Reads from an actor that may be far away, dying, or not there at all. What goes wrong there is told with
// its name, and is no harm to us.
task<> visit(std::string name) {
  try {
    std::optional<portal> host = co_await find_actor(name);
    if (!host) co_return;
    co_await host->stream_from<&chatter>([&](receive_stream<int>& in) -> task<> {
      for (int wanted = 0; wanted < 50; ++wanted) {
        const int got = co_await in.receive();
        if (got != wanted) throw broken_promise("a visitor of " + name + " got an item of another stream");
      }
    });
  } catch (const std::logic_error&) {
    throw;
  } catch (const std::exception& error) {
    const std::string text = error.what();
    if (text.find(name) == text.npos)
      throw broken_promise("an error of a visit to " + name + " does not name it: " + text);
  }
}

void check_item(int got, int wanted) {
  if (got != wanted)
    throw broken_promise("item " + std::to_string(wanted) + " came back as " + std::to_string(got) + " to " +
                         own_name());
}

task<> exchange(caller_stream& stream, int items, bool flood) {
  if (!flood) {
    for (int i = 0; i < items; ++i) {
      co_await stream.send(i);
      const int got = co_await stream.receive();
      check_item(got, i);
    }
    co_return;
  }
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      for (int i = 0; i < items; ++i) co_await stream.send(i);
    });
    for (int i = 0; i < items; ++i) {
      const int got = co_await stream.receive();
      check_item(got, i);
    }
  });
}

task<int> live_through(context_to<&live>& ctx, const actor_plan& plan) {
  auto& stream = co_await ctx.open_stream();
  co_await exchange(stream, plan.cut_after >= 0 ? plan.cut_after : plan.items, plan.floods);
  if (plan.cut_after >= 0) {
    co_await ctx.cancel("cut by " + own_name());
    co_return 0;
  }
  co_await stream.aclose();
  co_return co_await ctx.wait_for_result();
}

}  // namespace

task<> chatter(send_stream<int>& out) {
  for (int i = 0;; ++i) co_await out.send(i);
}

task<> raise_actor(actor_nursery& in, actor_plan plan, int& count) {
  actor_options options = expose<&live, &chatter>();
  options.lives(lifetime::until_nursery_ends);
  portal made = co_await in.start_actor(plan.name, options);
  auto body = [&](auto& ctx, int) -> task<int> { return live_through(ctx, plan); };
  const int answered = co_await made.open_context<&live>(plan, body);
  count += answered;
}

task<int> live(live_context& ctx, actor_plan plan) {
  co_await ctx.started(::getpid());
  auto& stream = co_await ctx.open_stream();
  int count = 1;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (const actor_plan& kid : plan.kids) tn.start_soon(raise_actor, std::ref(an), kid, std::ref(count));
      if (!plan.visits.empty()) tn.start_soon(visit, plan.visits);
      if (plan.meets != fate::none) tn.start_soon(meet, std::ref(ctx), plan.meets, plan.meets_at_ms);
      co_await send_back(stream);
    });
  });
  co_await sleep(std::chrono::milliseconds(plan.lingers_ms));
  co_return count;
}

}  // namespace soak
