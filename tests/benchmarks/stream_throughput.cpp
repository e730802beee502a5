// Items one way through the stream of a context, against a bare process that makes one write for each item.
#include <stdexcept>

#include "endpoints.hpp"
#include "pin.hpp"
#include "raw_stream.hpp"
#include "series.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

double raw_stream_throughput(const cell& where, std::size_t size, int count) {
  pin_to_one_cpu pinned;
  raw_stream raw(where.same_host(), size, static_cast<std::size_t>(count));
  pinned.part_from_children();
  const stopwatch watch;
  raw.send_all();
  return count / watch.us() * 1e6;
}

task<double> send_items(portal peer, std::size_t size, int count) {
  double rate = 0;
  const std::uint64_t taken = co_await peer.open_context<&take_items>([&](auto& ctx) -> task<std::uint64_t> {
    auto& stream = co_await ctx.open_stream();
    const bytes item(size);
    const stopwatch watch;
    for (int i = 0; i < count; ++i) co_await stream.send(item);
    co_await stream.aclose();
    const std::uint64_t total = co_await ctx.wait_for_result();
    rate = count / watch.us() * 1e6;
    co_return total;
  });
  if (taken != size * static_cast<std::size_t>(count))
    throw std::runtime_error("items of a stream were lost");
  co_return rate;
}

double measure_stream_throughput(const cell& where, std::size_t size, int count) {
  pin_to_one_cpu pinned;
  return run_tree(where.options(), [&]() -> task<double> {
    require_cell(where);
    co_return co_await open_nursery([&](actor_nursery& nursery) -> task<double> {
      portal peer = co_await nursery.start_actor("taker", expose<&take_items>());
      pinned.part_from_children();
      double rate = co_await send_items(peer, size, count);
      co_await peer.cancel_actor();
      co_return rate;
    });
  });
}

std::vector<series> throughput(const char* name, const cell& where, int batches, std::size_t size,
                               int count) {
  series out(name, "items/s (more is better)");
  out.more_is_better = true;
  for (int i = 0; i < batches; ++i) {
    out.raw.push_back(raw_stream_throughput(where, size, count));
    out.measured.push_back(measure_stream_throughput(where, size, count));
  }
  return {out};
}

}  // namespace

std::vector<series> stream_throughput_16(const cell& where, int batches) {
  return throughput("stream_throughput_16", where, batches, 16, 200'000);
}
std::vector<series> stream_throughput_1k(const cell& where, int batches) {
  return throughput("stream_throughput_1k", where, batches, 1 << 10, 100'000);
}
std::vector<series> stream_throughput_64k(const cell& where, int batches) {
  return throughput("stream_throughput_64k", where, batches, 64 << 10, 8'000);
}

}  // namespace bench
