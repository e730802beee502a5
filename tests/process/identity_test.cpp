// A peer that says it is a child of this actor: only the process that was spawned can.
#include <gmock/gmock.h>

#include <tractor/harness/harness.hpp>
#include <tractor/log/sink.hpp>
#include <tractor/tractor.hpp>

#include "raw_peer.hpp"

namespace identity_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using testing::HasSubstr;

task<int> twice(int n) { co_return 2 * n; }

TRACTOR_TEST(identity, of_a_child_is_refused_to_a_stranger_with_and_without_a_nonce,
             (tpt_proto proto, reg_addr addr),
             skip_on("chaos", "a greeting that is delayed is lost when the peer is dropped meanwhile"),
             root([](run_options& options) { options.allow_keyless_peers(); })) {
  std::vector<std::string> lines;
  const log::sink before = log::set_sink([&](const log::record& it) { lines.emplace_back(it.message); });
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&twice>());
    const std::vector<std::vector<std::byte>> nonces{{}, std::vector<std::byte>(16, std::byte(1))};
    for (const auto& nonce : nonces) {
      raw_peer impostor = co_await raw_peer::reach(proto, addr);
      msg::aid aid;
      aid.name = kid.peer().name();
      aid.uuid = kid.peer().uuid();
      aid.x_nonce = nonce;
      co_await impostor.send(aid);
      const auto ours = co_await impostor.next();
      EXPECT_TRUE(ours.has_value());
      const bool closed = co_await impostor.closed();
      EXPECT_TRUE(closed);
    }
    auto four = co_await kid.run<&twice>(2);
    EXPECT_EQ(four, 4);
    an.cancel();
  });
  log::set_sink(before);
  EXPECT_EQ(lines.size(), 2u);
  for (const std::string& line : lines) {
    EXPECT_THAT(line, HasSubstr("refused 'kid@"));
    EXPECT_THAT(line, HasSubstr("claims an identity that is not its own"));
  }
}

}  // namespace identity_test
