// Which root becomes the registrar: exactly one of those that start at once; and what may be in its way.
#include <sys/types.h>

#include <fstream>
#include <memory>
#include <span>
#include <tractor/discovery/multiaddr.hpp>
#include <tractor/ipc/server.hpp>
#include <tractor/plugin/registry.hpp>
#include <tractor/plugin/transport.hpp>

#include "reference_peer.hpp"
#include "registry.hpp"

namespace election_test {

using namespace process_tests;
using testing::HasSubstr;

tractor::transport& transport_of(const std::string& key) {
  return plugin::registry::instance().transport(key);
}

// Accepts whoever connects, and does to each what the test wants; ends with the nursery.
template <class Treat> task<> accept_all(listener& from, Treat& treat) {
  std::vector<std::unique_ptr<byte_stream>> kept;
  for (;;) {
    auto stream = co_await from.accept();
    co_await treat(*stream);
    kept.push_back(std::move(stream));
  }
}

task<std::pair<int, std::string>> boot_at(const std::string& method, const std::string& proto,
                                          const std::string& where, const std::string& config = {}) {
  command line = program("once", method, proto, where);
  if (!config.empty()) line.env("TRACTOR_CONFIG", config);
  subprocess second(line);
  co_return co_await end_of(second);
}

// A root fails to boot where somebody listens who does this to whoever connects.
template <class Treat>
task<std::string> boot_beside(std::string method, std::string proto, std::string where, std::string config,
                              Treat& treat) {
  std::string err;
  auto door = co_await transport_of(proto).listen(parse_address(where));
  auto both = [&](task_nursery& tn) -> task<> {
    tn.start_soon([&] { return accept_all(*door, treat); });
    auto [code, text] = co_await boot_at(method, proto, where, config);
    EXPECT_EQ(code, 1);
    err = text;
    tn.scope().cancel();
  };
  co_await open_task_nursery(both);
  door->close();
  co_return err;
}

task<std::vector<std::string>> own_addresses() {
  std::vector<std::string> out;
  for (const address& where : current_actor().addresses()) out.push_back(where.text());
  co_return out;
}

TRACTOR_TEST(election, of_many_roots_that_start_at_once_exactly_one_is_registrar,
             (start_method method, tpt_proto proto, more_addresses more), timeout(60s)) {
  const int rounds = count(2, 10), roots = count(5, 12);
  for (int round = 0; round < rounds; ++round) {
    const std::string where = more.fresh();
    std::list<subprocess> all;
    for (int i = 0; i < roots; ++i)
      all.emplace_back(program("member:root" + std::to_string(i), method, proto, where));
    int registrars = 0;
    for (subprocess& each : all) {
      const bool said = co_await has_said(each, "\n");
      if (!said) CO_FAIL(each.err());
      const bool elected = each.out() == "registrar\n";
      registrars += elected ? 1 : 0;
      EXPECT_TRUE(elected || each.out() == "joined\n") << each.out() << each.err();
    }
    EXPECT_EQ(registrars, 1) << "round " << round;
    // All of them stand in the one table, for whoever asks.
    auto entered = co_await registry_of(static_cast<std::size_t>(roots), where);
    EXPECT_EQ(entered, static_cast<std::size_t>(roots));
    for (subprocess& each : all) each.signal(SIGINT);
    for (subprocess& each : all) co_await end_of(each);
  }
}

TRACTOR_TEST(election, is_settled_for_several_addresses_as_a_whole,
             (start_method method, tpt_proto proto, more_addresses more), timeout(60s)) {
  const int rounds = count(2, 10);
  for (int round = 0; round < rounds; ++round) {
    const std::string one = more.fresh(), two = more.fresh();
    std::list<subprocess> all;
    for (int i = 0; i < 4; ++i) {
      // Half of them know the addresses in the other order.
      command line = program("member:root" + std::to_string(i), method, proto, i % 2 ? one : two);
      line.arg(i % 2 ? two : one);
      all.emplace_back(line);
    }
    int registrars = 0;
    for (subprocess& each : all) {
      const bool said = co_await has_said(each, "\n");
      if (!said) CO_FAIL(each.err());
      registrars += each.out() == "registrar\n" ? 1 : 0;
    }
    EXPECT_EQ(registrars, 1) << "round " << round;
    for (const std::string& where : {one, two}) {
      auto entered = co_await registry_of(4, where);
      EXPECT_EQ(entered, 4u) << where;
    }
    for (subprocess& each : all) each.signal(SIGINT);
    for (subprocess& each : all) co_await end_of(each);
  }
}

TRACTOR_TEST(election, an_actor_that_is_no_registrar_is_told_from_one_by_name,
             (start_method method, tpt_proto proto)) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&own_addresses>());
    auto where = co_await kid.run<&own_addresses>();
    auto [code, err] = co_await boot_at(method, proto, where.front());
    EXPECT_EQ(code, 1);
    EXPECT_THAT(err, HasSubstr("the registry address " + where.front() + " is in use by the actor 'kid@"));
    EXPECT_THAT(err, HasSubstr("which is no registrar"));
    an.cancel();
  });
}

TRACTOR_TEST(election, a_listener_that_is_no_actor_is_an_error_that_names_the_address,
             (start_method method, tpt_proto proto, more_addresses more)) {
  const std::string where = more.fresh();
  auto greet = [](byte_stream& stream) -> task<> {
    const std::string banner = "220 mail.example.org ready, and so on for some time\r\n";
    const std::span<const std::byte> part = std::as_bytes(std::span(banner));
    co_await stream.write_all(std::span(&part, 1));
  };
  auto err = co_await boot_beside(method, proto, where, std::string(), greet);
  EXPECT_THAT(err, HasSubstr("the registry address"));
  EXPECT_THAT(err, HasSubstr("is in use by something"));
  EXPECT_THAT(err, HasSubstr("--registry-addr"));
}

TRACTOR_TEST(election, a_listener_that_says_nothing_is_an_error_after_the_bound_of_a_handshake,
             (start_method method, tpt_proto proto, more_addresses more, tmp_dir& tmp)) {
  const std::string where = more.fresh(), config = tmp / "tractor.yaml";
  std::ofstream(config) << "limits:\n  handshake_timeout: 300ms\n";
  auto ignore = [](byte_stream&) -> task<> { co_return; };
  auto err = co_await boot_beside(method, proto, where, config, ignore);
  EXPECT_THAT(err, HasSubstr("is in use by something that says nothing"));
}

// It says that it is the registrar, and that is all it ever does: it reads nothing, answers nothing, closes
// nothing.
TRACTOR_TEST(election, a_registrar_that_never_closes_what_it_was_asked_over_holds_nobody_up,
             (start_method method, tpt_proto proto, more_addresses more)) {
  const std::string where = more.fresh();
  auto door = co_await transport_of(proto).listen(parse_address(where));
  std::list<reference_peer> callers;
  auto beside = [&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      for (;;) {
        auto stream = co_await door->accept();
        reference_peer& caller = callers.emplace_back(std::move(stream));
        try {
          co_await caller.send(aid_of("mute", "9a62e17a-b552-43af-a6d8-3bf24536c186", true));
        } catch (const boost::system::system_error&) {
          // The root has ended meanwhile.
        }
      }
    });
    subprocess root(program("idle_crew", method, proto, where).arg("--allow-keyless-peers"));
    const bool up = co_await has_said(root, "the crew is up\n");
    CO_ASSERT_TRUE(up);
    CO_ASSERT_FALSE(callers.empty());
    reference_peer& asked_over = callers.front();
    auto question = co_await fail_after(roomy(5s), asked_over.receive());
    const auto hello = message_in(question);
    const auto* aid = std::get_if<msg::aid>(&hello);
    EXPECT_TRUE(aid && aid->is_probe);
    // Closed by the one who asked, which lives on, and which later ends without an answer.
    auto rest = co_await fail_after(roomy(5s), asked_over.receive());
    EXPECT_EQ(rest, "");
    co_await end_in_order(root);
    tn.scope().cancel();
  };
  co_await open_task_nursery(beside);
  door->close();
}

TRACTOR_TEST(election, asks_again_when_the_first_handshake_is_broken_off,
             (start_method method, tpt_proto proto, more_addresses more)) {
  const std::string where = more.fresh();
  auto door = co_await transport_of(proto).listen(parse_address(where));
  subprocess second(program("member:second", method, proto, where));
  for (int i = 0; i < 2; ++i) {
    auto stream = co_await door->accept();
    stream->close();
  }
  door->close();
  // Whoever listened there is gone for good: the root takes its place.
  const bool said = co_await has_said(second, "registrar\n");
  EXPECT_TRUE(said) << second.out() << second.err();
  co_await end_in_order(second);
}

TRACTOR_TEST(election, asking_leaves_no_trace_in_the_peers_of_the_registrar,
             (start_method method, tpt_proto proto, reg_addr ours)) {
  const std::size_t before = open_sockets();
  const std::string state = current_actor().state();
  auto [code, err] = co_await boot_at(method, proto, ours);
  EXPECT_EQ(code, 0) << err;
  auto after = co_await sockets_at_most(before);
  EXPECT_EQ(after, before);
  co_await move_on_after(roomy(5s), [&](cancel_scope&) -> task<> {
    while (current_actor().state() != state) co_await sleep(2ms);
  });
  EXPECT_EQ(current_actor().state(), state);
}

TRACTOR_TEST(election, an_address_where_one_cannot_listen_is_an_error_with_the_cause,
             (start_method method, tpt_proto proto, tmp_dir& tmp)) {
  // Nobody answers there, and nobody can: an address that needs an interface named, a folder that does not
  // exist.
  const auto wire = current_actor().addresses().front().wire();
  const bool by_number = std::holds_alternative<address::pair_with_number>(wire);
  const std::string where = by_number ? "[fe80::1]:1616" : tmp / "no/such/folder.sock";
  command line = program("once", method, proto, where);
  line.arg("--insecure");
  subprocess second(line);
  auto [code, err] = co_await end_of(second);
  EXPECT_EQ(code, 1);
  EXPECT_THAT(err, HasSubstr("cannot listen there itself"));
}

// Such a file never goes away by itself: nobody waits for it, and what it is is told.
TRACTOR_TEST(election, a_file_in_the_way_of_a_socket_is_an_error_at_once_with_the_reason,
             (start_method method, tpt_proto proto, tmp_dir& tmp)) {
  const auto wire = current_actor().addresses().front().wire();
  if (!std::holds_alternative<address::pair_of_texts>(wire)) co_return;  // addresses are no files there
  const std::string plain = tmp / "plain.sock", dangling = tmp / "dangling.sock";
  const std::string config = tmp / "tractor.yaml";
  // Whoever waited for its end would be ended by the bound of the test.
  std::ofstream(config) << "limits:\n  handshake_timeout: 10m\n";
  std::ofstream(plain) << "precious";
  std::filesystem::create_symlink("/nowhere", dangling);
  for (const std::string& where : {plain, dangling}) {
    auto [code, err] = co_await boot_at(method, proto, where, config);
    EXPECT_EQ(code, 1);
    EXPECT_THAT(err, HasSubstr(where + ", and this actor cannot listen there itself: the file in the way"));
    EXPECT_THAT(err, HasSubstr("it is a file of another kind, not a socket"));
    EXPECT_THAT(err, testing::Not(HasSubstr("[system:")));
  }
}

TRACTOR_TEST(election, an_interrupt_ends_a_root_that_is_still_asking,
             (start_method method, tpt_proto proto, more_addresses more)) {
  const std::string where = more.fresh();
  auto door = co_await transport_of(proto).listen(parse_address(where));
  subprocess second(program("once", method, proto, where));
  auto stream = co_await door->accept();
  second.signal(SIGINT);
  auto [code, err] = co_await end_of(second);
  EXPECT_EQ(code, 130) << err;
  door->close();
}

}  // namespace election_test
