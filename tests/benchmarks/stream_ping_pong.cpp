// An item of a stream to a running actor and one back, against two bare processes and the same bytes.
#include "endpoints.hpp"
#include "pin.hpp"
#include "raw_ping_pong.hpp"
#include "series.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

constexpr int warm_up = 200;
constexpr int round_trips = 2000;

std::size_t item_size() {
  msg::buffer out;
  msg::yield_item item;
  item.cid = "00000000-0000-4000-8000-000000000000";
  msg::append_frame_with(out, item, [](msg::writer& to) { msg::encode(to, round_trips); });
  return out.size();
}

double raw_stream_ping_pong(const cell& where) {
  raw_ping_pong raw(where.same_host(), item_size(), item_size());
  for (int i = 0; i < warm_up; ++i) raw.round_trip();
  const stopwatch watch;
  for (int i = 0; i < round_trips; ++i) raw.round_trip();
  return watch.us() / round_trips;
}

double measure_stream_ping_pong(const cell& where) {
  return run_tree(where.options(), [&]() -> task<double> {
    require_cell(where);
    co_return co_await open_nursery([](actor_nursery& nursery) -> task<double> {
      portal peer = co_await nursery.start_actor("echo", expose<&return_items>());
      double took = co_await peer.open_context<&return_items>([](auto& ctx) -> task<double> {
        auto& stream = co_await ctx.open_stream();
        auto repeat = [&](int count) -> task<> {
          for (int i = 0; i < count; ++i) {
            co_await stream.send(i);
            co_await stream.receive();
          }
        };
        co_await repeat(warm_up);
        const stopwatch watch;
        co_await repeat(round_trips);
        co_return watch.us() / round_trips;
      });
      co_await peer.cancel_actor();
      co_return took;
    });
  });
}

}  // namespace

std::vector<series> stream_ping_pong(const cell& where, int batches) {
  const pin_to_one_cpu pinned;
  series out("stream_ping_pong", "us");
  for (int i = 0; i < batches; ++i) {
    out.raw.push_back(raw_stream_ping_pong(where));
    out.measured.push_back(measure_stream_ping_pong(where));
  }
  return {out};
}

}  // namespace bench
