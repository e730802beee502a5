// Connections within one process: no descriptor, no time that passes.
#include <filesystem>

#include "support.hpp"
#include "tractor/ipc/server.hpp"

namespace mem_test {

using namespace transport_tests;
namespace errc = boost::system::errc;

const actor_id host("host", "00000000-0000-4000-8000-00000000000a", 11);
const actor_id guest("guest", "00000000-0000-4000-8000-00000000000b", 12);

std::size_t descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

// Under the clock that jumps: what waits for a deadline costs no time.
template <class F> void run_jumping(F&& body) { run_loop(body, loop_options().autojump_clock()); }

std::string error_for(const std::string& text) {
  try {
    mem::mem_transport().parse(text);
  } catch (const address_error& error) {
    return error.what();
  }
  return "no error";
}

TEST(mem_transport, reads_its_own_addresses_and_no_others) {
  const mem::mem_transport over;
  EXPECT_EQ(over.parse("/mem/hall"), address("mem", "/mem/hall"));
  EXPECT_EQ(over.parse("/ip4/127.0.0.1/tcp/1"), std::nullopt);
  EXPECT_EQ(error_for("/mem/"),
            "'/mem/' is not a mem address: after /mem/ comes a name of printable characters");
  EXPECT_EQ(error_for("/mem/a b"),
            "'/mem/a b' is not a mem address: after /mem/ comes a name of printable characters");
  EXPECT_EQ(error_for("/mem/\x1b[2J"),
            "'/mem/?[2J' is not a mem address: after /mem/ comes a name of printable characters");
  const address bound = over.random_bind(host);
  EXPECT_EQ(over.parse(bound.text()), bound);
  EXPECT_NE(over.random_bind(host), bound);
  EXPECT_EQ(over.distance(bound), locality::same_process);
  EXPECT_THROW(over.distance(address("other", "/mem/hall")), address_error);
  EXPECT_FALSE(over.crosses_processes());
}

TEST(mem_transport, is_refused_where_nobody_listens_and_where_somebody_does) {
  run_jumping([]() -> task<> {
    mem::mem_transport over;
    const address hall("mem", "/mem/hall");
    auto refused = co_await failure_of(over.connect(hall));
    EXPECT_EQ(refused.code(), errc::connection_refused);
    auto door = co_await over.listen(hall);
    auto taken = co_await failure_of(over.listen(hall));
    EXPECT_EQ(taken.code(), errc::address_in_use);
    door->close();
    auto again = co_await over.listen(hall);
    EXPECT_EQ(again->bound(), hall);
  });
}

TEST(mem_transport, needs_no_descriptor) {
  run_jumping([]() -> task<> {
    mem::mem_transport over;
    const std::size_t before = descriptors();
    auto ends = co_await join(over, over.random_bind(host));
    co_await send(*ends.near, "hello");
    auto got = co_await receive(*ends.far, 5);
    EXPECT_EQ(got, "hello");
    EXPECT_EQ(ends.far->local(), ends.near->remote());
    EXPECT_EQ(ends.far->remote(), ends.near->local());
    EXPECT_EQ(descriptors(), before);
  });
}

TEST(mem_transport, carries_a_server_and_its_peers_under_the_clock_that_jumps) {
  run_jumping([]() -> task<> {
    mem::mem_transport over;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      ipc::server_options options;
      options.identity.self = host;
      ipc::server server(tn, options,
                         [](std::shared_ptr<ipc::channel> chan, ipc::handshake_result) -> task<> {
                           while (auto body = co_await chan->receive()) {
                           }
                         });
      auto where = co_await server.listen_on(over, over.random_bind(host));
      auto silent = co_await over.connect(where);
      auto stream = co_await over.connect(where);
      auto chan = std::make_shared<ipc::channel>(std::move(stream));
      tn.start_soon([chan] { return chan->run_writer(); });
      ipc::handshake_options dialer;
      dialer.self = guest;
      dialer.is_dialer = true;
      co_await ipc::shake_hands(*chan, dialer);
      EXPECT_EQ(chan->peer().name(), "host");
      auto found = co_await server.wait_for_peer(guest.uuid());
      EXPECT_EQ(found->peer().name(), "guest");
      // The silent one is dropped after ten seconds, which no one has waited for.
      auto greeting = co_await receive(*silent, 1'000'000);
      EXPECT_TRUE(has(greeting, "host"));
      server.cancel();
      tn.scope().cancel();
    });
  });
}

}  // namespace mem_test
