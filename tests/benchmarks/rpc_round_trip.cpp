// One small call to a running actor and its result, against two bare processes and the same bytes.
#include "endpoints.hpp"
#include "pin.hpp"
#include "raw_ping_pong.hpp"
#include "series.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

constexpr int warm_up = 200;
// Short, so that on a busy machine some of them are not interrupted.
constexpr int calls = 200;
constexpr int batches_of_one_tree = 10;
constexpr std::string_view any_uuid = "00000000-0000-4000-8000-000000000000";

std::size_t request_size() {
  const auto& what = tractor::detail::endpoint_of<&echo>();
  const msg::buffer args = tractor::detail::check_and_encode<&echo>(calls);
  msg::start call;
  call.cid = any_uuid;
  call.ns = what.ns;
  call.func = what.name;
  call.x_sig = what.signature;
  call.x_args = args.view();
  call.uid = {"root", any_uuid};
  msg::buffer out;
  msg::append_frame(out, call);
  return out.size();
}

std::size_t answer_size() {
  msg::buffer out;
  msg::start_ack ack;
  ack.cid = any_uuid;
  msg::append_frame(out, ack);
  msg::return_value value;
  value.cid = any_uuid;
  msg::append_frame_with(out, value, [](msg::writer& to) { msg::encode(to, calls); });
  return out.size();
}

void raw_rpc_round_trip(const cell& where, std::vector<double>& into) {
  raw_ping_pong raw(where.same_host(), request_size(), answer_size());
  for (int i = 0; i < warm_up; ++i) raw.round_trip();
  for (int batch = 0; batch < batches_of_one_tree; ++batch) {
    const stopwatch watch;
    for (int i = 0; i < calls; ++i) raw.round_trip();
    into.push_back(watch.us() / calls);
  }
}

void measure_rpc_round_trip(const cell& where, std::vector<double>& into) {
  run_tree(where.options(), [&]() -> task<> {
    require_cell(where);
    co_await open_nursery([&](actor_nursery& nursery) -> task<> {
      portal peer = co_await nursery.start_actor("echo", expose<&echo>());
      for (int i = 0; i < warm_up; ++i) co_await peer.run<&echo>(i);
      for (int batch = 0; batch < batches_of_one_tree; ++batch) {
        const stopwatch watch;
        for (int i = 0; i < calls; ++i) co_await peer.run<&echo>(i);
        into.push_back(watch.us() / calls);
      }
      co_await peer.cancel_actor();
    });
  });
}

}  // namespace

std::vector<series> rpc_round_trip(const cell& where, int batches) {
  const pin_to_one_cpu pinned;
  series out("rpc_round_trip", "us");
  for (int i = 0; i < batches; ++i) {
    raw_rpc_round_trip(where, out.raw);
    measure_rpc_round_trip(where, out.measured);
  }
  return {out};
}

}  // namespace bench
