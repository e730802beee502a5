#include "endpoints.hpp"

#include <unistd.h>

#include <array>

#include "raw_process.hpp"
#include "tractor/async/use_task.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

task<int> echo(int value) { co_return value; }

task<> return_items(context<receives<int>, sends<int>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  while (auto item = co_await stream.next()) co_await stream.send(*item);
}

task<std::uint64_t> take_items(context<receives<bytes>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  std::uint64_t total = 0;
  while (auto item = co_await stream.next()) total += item->size();
  co_return total;
}

task<> come_and_go(context<>&) { co_return; }

namespace {

task<> grow_one(actor_nursery* nursery, int report, int depth) {
  actor_options options = expose<&grow>();
  options.pass_fd(report, report_number);
  portal child = co_await nursery->start_actor("node", options);
  co_await child.run<&grow>(depth);
}

}  // namespace

void grow_one_below(actor_nursery& nursery, int report, int depth) {
  nursery.tasks().start_soon(&grow_one, &nursery, report, depth);
}

void grow_below(actor_nursery& nursery, int report, int depth) {
  for (int i = 0; i < 3; ++i) grow_one_below(nursery, report, depth);
}

task<> grow(int depth) {
  write_byte(report_number);
  co_await open_nursery([&](actor_nursery& nursery) -> task<> {
    if (depth > 0) grow_below(nursery, report_number, depth - 1);
    co_await sleep_forever();
  });
}

task<int> take_small(ring_token from) {
  auto items = co_await attach_ring_receiver<small_item>(from);
  int count = 0;
  while (auto item = co_await items.next()) ++count;
  co_return count;
}

task<int> take_bytes(ring_token from) {
  auto items = co_await attach_ring_receiver(from);
  int count = 0;
  while (auto item = co_await items.next_view()) ++count;
  co_return count;
}

task<> wait_for_bytes(int fd, std::size_t count) {
  asio::posix::stream_descriptor pipe(this_context(), ::dup(fd));
  std::array<char, 64> into;
  while (count > 0) count -= co_await pipe.async_read_some(asio::buffer(into, count), use_task);
}

}  // namespace bench
