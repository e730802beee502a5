// A server without an actor runtime: its endpoints, its table of peers, and the callers it must survive.
#include "tractor/ipc/server.hpp"

#include "support.hpp"

namespace tractor::ipc::test::server_test {

namespace {

/// A server whose handler keeps each connection until its peer closes it.
class served {
 public:
  served(task_nursery& tn, memory_transport& over, server_options options = {})
      : tn_(tn),
        over_(over),
        it(tn, with_identity(std::move(options)), [this](auto chan, auto) { return hold(std::move(chan)); }) {
  }

  task<> listen(std::string name) { co_await it.listen_on(over_, *over_.parse(name)); }

  /// A peer that shakes hands; lives until `close()`.
  task<std::shared_ptr<channel>> join(std::string name, actor_id who, bool probe = false) {
    auto chan = std::make_shared<channel>(co_await over_.connect(*over_.parse(name)));
    tn_.start_soon([chan] { return chan->run_writer(); });
    handshake_options options = identity_of(who);
    options.is_dialer = true;
    options.is_probe = probe;
    co_await shake_hands(*chan, options);
    co_return chan;
  }

  task_nursery& tn_;
  memory_transport& over_;
  server it;
  int handled = 0;
  std::exception_ptr thrown_by_handler;

 private:
  static server_options with_identity(server_options options) {
    options.identity = identity_of(bob);
    return options;
  }
  task<> hold(std::shared_ptr<channel> chan) {
    ++handled;
    if (thrown_by_handler) std::rethrow_exception(std::exchange(thrown_by_handler, nullptr));
    while (auto body = co_await chan->receive()) {
    }
  }
};

/// Runs `body(served&)` with a server that listens at "door"; what is left is cancelled at the end.
template <class F> void with_server(F&& body, server_options options = {}) {
  memory_transport over;
  run([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      served server(tn, over, options);
      co_await server.listen("door");
      co_await body(server);
      server.it.cancel();
      tn.scope().cancel();
    });
  });
}

std::exception_ptr no_descriptors() {
  return std::make_exception_ptr(system_error(error_of(boost::system::errc::too_many_files_open)));
}

}  // namespace

TEST(ipc_server, keeps_a_table_of_peers_by_uuid) {
  with_server([](served& server) -> task<> {
    EXPECT_FALSE(server.it.has_peers());
    auto chan = co_await server.join("door", alice);
    auto found = co_await server.it.wait_for_peer(alice.uuid());
    EXPECT_EQ(found->peer(), alice);
    EXPECT_EQ(server.it.find_peer(alice.uuid()), found);
    EXPECT_EQ(server.it.find_peer(bob.uuid()), nullptr);
    EXPECT_EQ(server.it.peer_count(), 1u);
    chan->close();
    co_await server.it.wait_for_no_more_peers();
    EXPECT_FALSE(server.it.has_peers());
  });
}

TEST(ipc_server, wait_for_peer_waits_for_exactly_that_one) {
  with_server([](served& server) -> task<> {
    bool came = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await server.it.wait_for_peer(alice.uuid());
        came = true;
      });
      auto other = co_await server.join("door", actor_id("other", "another-uuid"));
      co_await let_others_run();
      EXPECT_FALSE(came);
      auto wanted = co_await server.join("door", alice);
    });
    EXPECT_TRUE(came);
  });
}

TEST(ipc_server, lists_each_of_several_connections_of_one_peer) {
  with_server([](served& server) -> task<> {
    auto first = co_await server.join("door", alice);
    auto second = co_await server.join("door", alice);
    co_await let_others_run();
    EXPECT_EQ(server.it.peer_count(), 2u);
    first->close();
    co_await let_others_run();
    EXPECT_EQ(server.it.peer_count(), 1u);
    EXPECT_NE(server.it.find_peer(alice.uuid()), nullptr);
  });
}

TEST(ipc_server, may_listen_on_more_addresses_later) {
  with_server([](served& server) -> task<> {
    auto first = co_await server.join("door", alice);
    co_await server.listen("window");
    EXPECT_EQ(server.it.endpoints().size(), 2u);
    auto second = co_await server.join("window", actor_id("carol", "carols-uuid"));
    co_await let_others_run();
    EXPECT_EQ(server.it.peer_count(), 2u);
    const std::string taken = co_await failure_of(server.listen("window"));
    EXPECT_TRUE(has(taken, "Address already in use")) << taken;
  });
}

TEST(ipc_server, cancel_ends_the_listening_and_leaves_the_connections) {
  with_server([](served& server) -> task<> {
    auto chan = co_await server.join("door", alice);
    co_await let_others_run();
    server.it.cancel();
    co_await server.it.wait_shutdown();
    EXPECT_TRUE(server.it.endpoints().empty());
    EXPECT_EQ(server.it.peer_count(), 1u);
    EXPECT_TRUE(chan->connected());
    const std::string refused = co_await failure_of(server.join("door", alice));
    EXPECT_TRUE(has(refused, "Connection refused")) << refused;
  });
}

TEST(ipc_server, answers_a_probe_and_does_not_list_it) {
  with_server([](served& server) -> task<> {
    auto chan = co_await server.join("door", alice, true);
    EXPECT_EQ(chan->peer(), bob);
    co_await let_others_run();
    EXPECT_EQ(server.it.peer_count(), 0u);
    EXPECT_EQ(server.handled, 0);
  });
}

TEST(ipc_server, drops_a_peer_that_says_nothing_when_its_time_is_over_and_serves_others_meanwhile) {
  log::test::captured_log log;
  with_server([&](served& server) -> task<> {
    auto silent = server.over_.dial(*server.over_.parse("door"));
    const time_point start = current_time();
    auto chan = co_await server.join("door", alice);
    EXPECT_EQ(current_time(), start);
    std::array<std::byte, 512> bytes;
    std::size_t got = 1;
    while (got != 0) got = co_await silent->read_some(bytes);  // its Aid, then the end
    EXPECT_EQ(current_time() - start, 10s);
    EXPECT_TRUE(chan->connected());
    const std::vector<std::string> wanted{
        "ERROR ipc refused a connection: the peer at /memory/there did not finish its handshake in time"};
    EXPECT_EQ(log.lines, wanted);
  });
}

TEST(ipc_server, drops_the_oldest_silent_peer_when_too_many_are_silent) {
  server_options few;
  few.max_unauthenticated = 4;
  log::test::captured_log log;
  with_server(
      [&](served& server) -> task<> {
        std::vector<std::unique_ptr<memory_stream>> silent;
        for (int i = 0; i < 10; ++i) silent.push_back(server.over_.dial(*server.over_.parse("door")));
        const time_point start = current_time();
        auto chan = co_await server.join("door", alice);
        EXPECT_LT(current_time() - start, 3s) << "not after their handshakes' 10 s";
        EXPECT_EQ(chan->peer(), bob);
        EXPECT_FALSE(log.lines.empty());
        for (const std::string& line : log.lines) EXPECT_TRUE(has(line, "was dropped to make room")) << line;
      },
      few);
}

TEST(ipc_server, survives_callers_that_speak_something_else_with_one_line_for_each) {
  log::test::captured_log log;
  with_server([&](served& server) -> task<> {
    const std::vector<std::string> words = {"\xff\xff\xff\xff", "GET / HTTP/1.0\r\n\r\n",
                                            std::string("\x01\0\0\0\xc1", 5)};
    for (const std::string& each : words) {
      auto caller = server.over_.dial(*server.over_.parse("door"));
      co_await send_raw(*caller, each);
      caller->shutdown_write();
      co_await let_others_run();
    }
    EXPECT_EQ(log.lines.size(), words.size());
    for (const std::string& line : log.lines)
      EXPECT_TRUE(has(line, "ERROR ipc refused a connection: ")) << line;
    auto chan = co_await server.join("door", alice);
    EXPECT_EQ(chan->peer(), bob);
  });
}

TEST(ipc_server, says_nothing_of_a_caller_that_goes_away_by_itself) {
  log::test::captured_log log;
  with_server([&](served& server) -> task<> {
    const std::vector<std::string> words = {"", std::string("\x10\0\0\0cut", 7)};
    for (const std::string& each : words) {
      auto caller = server.over_.dial(*server.over_.parse("door"));
      co_await send_raw(*caller, each);
      caller.reset();
      co_await let_others_run();
    }
    EXPECT_TRUE(log.lines.empty());
  });
}

TEST(ipc_server, goes_on_after_a_handler_that_fails) {
  log::test::captured_log log;
  with_server([&](served& server) -> task<> {
    server.thrown_by_handler = std::make_exception_ptr(std::runtime_error("on purpose"));
    co_await failure_of(server.join("door", alice));
    co_await let_others_run();
    EXPECT_EQ(log.lines.size(), 1u);
    auto second = co_await server.join("door", alice);
    co_await let_others_run();
    EXPECT_EQ(server.handled, 2);
    EXPECT_EQ(server.it.peer_count(), 1u);
  });
}

TEST(ipc_server, accepts_again_when_descriptors_are_to_be_had_again) {
  log::test::captured_log log;
  log::apply(log::parse_spec("warning"));
  memory_transport over;
  for (int i = 0; i < 3; ++i) over.accept_faults.push_back(no_descriptors());
  run([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      served server(tn, over);
      co_await server.listen("door");
      const time_point start = current_time();
      auto chan = co_await server.join("door", alice);
      EXPECT_GE(current_time() - start, 10ms) << "it does not spin";
      EXPECT_LT(current_time() - start, 1s);
      EXPECT_EQ(log.lines.size(), 3u);
      for (const std::string& line : log.lines) EXPECT_TRUE(has(line, "Too many open files")) << line;
      server.it.cancel();
      tn.scope().cancel();
    });
  });
}

TEST(ipc_server, a_transport_that_fails_in_its_own_way_ends_neither_its_endpoint_nor_the_others) {
  log::test::captured_log log;
  log::apply(log::parse_spec("warning"));
  with_server([&](served& server) -> task<> {
    co_await server.listen("window");
    server.over_.accept_faults.push_back(std::make_exception_ptr(std::runtime_error("a bug of a plugin")));
    const std::vector<std::string> names{"door", "window", "door", "window"};
    for (const std::string& name : names) {
      auto chan = co_await server.join(name, alice);
      EXPECT_EQ(chan->peer(), bob);
      co_await sleep(1s);
    }
    EXPECT_EQ(server.it.endpoints().size(), 2u);
    EXPECT_EQ(log.lines.size(), 1u);
  });
}

}  // namespace tractor::ipc::test::server_test
