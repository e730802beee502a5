// A context with an endpoint that is over at once, from its start until its result is there, against two bare
// processes and the same bytes.
#include "endpoints.hpp"
#include "pin.hpp"
#include "raw_ping_pong.hpp"
#include "series.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

constexpr int warm_up = 200;
constexpr int contexts = 2000;
constexpr std::string_view any_uuid = "00000000-0000-4000-8000-000000000000";

std::size_t request_size() {
  const auto& what = tractor::detail::endpoint_of<&come_and_go>();
  const msg::buffer args = tractor::detail::check_and_encode<&come_and_go>();
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

// Its start, its started value and its result.
std::size_t answer_size() {
  msg::buffer out;
  msg::start_ack ack;
  ack.cid = any_uuid;
  ack.functype = msg::function_type::context;
  msg::append_frame(out, ack);
  msg::started first;
  first.cid = any_uuid;
  msg::append_frame(out, first);
  msg::return_value value;
  value.cid = any_uuid;
  msg::append_frame(out, value);
  return out.size();
}

double raw_context_open_close(const cell& where) {
  raw_ping_pong raw(where.same_host(), request_size(), answer_size());
  for (int i = 0; i < warm_up; ++i) raw.round_trip();
  const stopwatch watch;
  for (int i = 0; i < contexts; ++i) raw.round_trip();
  return watch.us() / contexts;
}

task<> repeat(portal peer, int count) {
  for (int i = 0; i < count; ++i)
    co_await peer.open_context<&come_and_go>([](auto& ctx) -> task<> { co_await ctx.wait_for_result(); });
}

double measure_context_open_close(const cell& where) {
  return run_tree(where.options(), [&]() -> task<double> {
    require_cell(where);
    co_return co_await open_nursery([](actor_nursery& nursery) -> task<double> {
      portal peer = co_await nursery.start_actor("brief", expose<&come_and_go>());
      co_await repeat(peer, warm_up);
      const stopwatch watch;
      co_await repeat(peer, contexts);
      const double took = watch.us() / contexts;
      co_await peer.cancel_actor();
      co_return took;
    });
  });
}

}  // namespace

std::vector<series> context_open_close(const cell& where, int batches) {
  const pin_to_one_cpu pinned;
  series out("context_open_close", "us");
  for (int i = 0; i < batches; ++i) {
    out.raw.push_back(raw_context_open_close(where));
    out.measured.push_back(measure_context_open_close(where));
  }
  return {out};
}

}  // namespace bench
