// A made-up actor that a test plays: it stands in the registry, and says its lines to whoever calls it.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "wire_peer.hpp"

namespace process_tests {

/// A root that lets such actors in.
inline tractor::harness::root keyless() {
  return tractor::harness::root([](tractor::run_options& options) { options.allow_keyless_peers(); });
}

/// Plays the actor `fake`: `lines` is what it says once it is called (the call's id is given), `call` is what
/// our side does meanwhile. Ends with `call`; bounded.
inline tractor::task<> with_fake(std::function<tractor::task<>(wire_peer&, std::string cid)> lines,
                                 std::function<tractor::task<>(tractor::portal)> call) {
  using namespace tractor;
  co_await fail_after(std::chrono::seconds(10), [&](cancel_scope&) -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      auto host = co_await wire_host::open("fake");
      tn.start_soon([&]() -> task<> {
        auto peer = co_await host->accept();
        const msg::value start = co_await peer->expect("Start");
        co_await lines(*peer, text_of(start, "cid"));
        co_await peer->read_to_end();
        peer->close();
      });
      std::optional<portal> fake = co_await find_actor("fake");
      CO_ASSERT_TRUE(fake.has_value());
      co_await call(*fake);
      tn.scope().cancel();
    });
  });
}

/// Takes the cancel that a caller sends who is done with us, and ends as it asks.
inline tractor::task<> take_cancel(wire_peer& peer, std::string cid) {
  using namespace tractor;
  const msg::value request = co_await peer.expect("Start");
  EXPECT_EQ(text_of(request, "func"), "_cancel_task");
  EXPECT_EQ(text_of(*request.find("kwargs"), "cid"), cid);
  const std::string own = text_of(request, "cid");
  co_await peer.send(wire_peer::ack(own, "asyncfunc"));
  co_await peer.send(peer.cancelled(cid, peer.other()));
  co_await peer.send(wire_peer::message("CancelAck", own, true));
}

}  // namespace process_tests
