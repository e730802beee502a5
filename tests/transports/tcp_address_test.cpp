// The forms of tcp addresses.
#include "support.hpp"

namespace tcp_address_test {

using namespace transport_tests;

namespace {

std::string canonical(std::string_view text) {
  const auto made = tcp::tcp_transport().parse(text);
  return made ? made->text() : "(not tcp)";
}

std::string refusal(std::string_view text) {
  try {
    return "accepted as " + canonical(text);
  } catch (const address_error& error) {
    return error.what();
  }
}

address over_the_wire(const address& from) {
  const auto& [host, port] = std::get<address::pair_with_number>(from.wire());
  const bool v6 = host.find(':') != host.npos;
  const auto back = tcp::tcp_transport().parse((v6 ? "[" + host + "]" : host) + ":" + std::to_string(port));
  return back.value();
}

}  // namespace

TEST(tcp_address, has_one_text_for_all_its_forms) {
  EXPECT_EQ(canonical("/ip4/127.0.0.1/tcp/1616"), "/ip4/127.0.0.1/tcp/1616");
  EXPECT_EQ(canonical("127.0.0.1:1616"), "/ip4/127.0.0.1/tcp/1616");
  EXPECT_EQ(canonical("/ip6/::1/tcp/80"), "/ip6/::1/tcp/80");
  EXPECT_EQ(canonical("[::1]:80"), "/ip6/::1/tcp/80");
  EXPECT_EQ(canonical("[0:0:0:0:0:0:0:1]:80"), "/ip6/::1/tcp/80");
  EXPECT_EQ(canonical("0.0.0.0:0"), "/ip4/0.0.0.0/tcp/0");
  EXPECT_EQ(canonical("10.1.2.3:65535"), "/ip4/10.1.2.3/tcp/65535");
}

TEST(tcp_address, travels_as_host_and_port) {
  const address made = tcp::tcp_transport().parse("127.0.0.1:1616").value();
  EXPECT_EQ(made.transport(), "tcp");
  EXPECT_EQ(made.wire(), address::wire_form(address::pair_with_number("127.0.0.1", 1616)));
  EXPECT_EQ(over_the_wire(made), made);
  const address v6 = tcp::tcp_transport().parse("/ip6/::1/tcp/7").value();
  EXPECT_EQ(v6.wire(), address::wire_form(address::pair_with_number("::1", 7)));
  EXPECT_EQ(over_the_wire(v6), v6);
}

TEST(tcp_address, leaves_the_texts_of_others_alone) {
  for (const char* text : {"/unix/run/x.sock", "/run/x.sock", "relative/x.sock", "udp://1.2.3.4:5", "", "/",
                           "word", "http://127.0.0.1:80", "/ip4x/127.0.0.1/tcp/1", "/shm/a:1"})
    EXPECT_EQ(refusal(text), "accepted as (not tcp)") << text;
}

TEST(tcp_address, says_which_part_of_a_bad_text_is_bad) {
  const auto expect = [](std::string_view text, std::string_view why) {
    EXPECT_EQ(refusal(text), "'" + std::string(text) + "' is not a tcp address: " + std::string(why));
  };
  expect("/ip4", "the host is missing");
  expect("/ip4/", "the host is missing");
  expect("/ip4/127.0.0.1", "'/tcp/<port>' is missing after the host");
  expect("/ip4/127.0.0.1/udp/5", "protocol 'udp' is not tcp");
  expect("/ip4/127.0.0.1/tcp", "the port is missing");
  expect("/ip4/127.0.0.1/tcp/", "the port is missing");
  expect("/ip4/127.0.0.1/tcp/1/quic", "nothing may follow the port, but 'quic' does");
  expect("/ip4/::1/tcp/1", "host '::1' is not an IPv4 literal");
  expect("/ip6/127.0.0.1/tcp/1", "host '127.0.0.1' is not an IPv6 literal");
  expect("/ip4/localhost/tcp/1", "host 'localhost' is not an IP literal (names are not resolved)");
  expect("/ip4/127.1/tcp/1", "host '127.1' is not an IP literal (names are not resolved)");
  expect("/dns4/example.org/tcp/1", "the host must be an IP literal (names are not resolved)");
  expect("localhost:1616", "host 'localhost' is not an IP literal (names are not resolved)");
  expect("127.0.0.1:", "the port is missing");
  expect("127.0.0.1:65536", "port '65536' is not within 0..65535");
  expect("127.0.0.1:99999999999999999999", "port '99999999999999999999' is not within 0..65535");
  expect("127.0.0.1:-1", "port '-1' is not a number");
  expect("127.0.0.1:+1", "port '+1' is not a number");
  expect("127.0.0.1: 1", "port ' 1' is not a number");
  expect("127.0.0.1:80x", "port '80x' is not a number");
  expect(":80", "the host is missing");
  expect("127.0.0.1", "the port is missing: write 127.0.0.1:<port>");
  expect("::1", "the port is missing: write [::1]:<port>");
  expect("fe80::12345:80", "an IPv6 host needs brackets: [host]:port");
  expect("[::1", "the closing bracket is missing");
  expect("[::1]", "the port is missing");
  expect("[::1]80", "after the bracket comes ':<port>', not '80'");
  expect("[127.0.0.1]:80", "brackets are for IPv6 hosts, and '127.0.0.1' is not one");
}

TEST(tcp_address, does_not_stop_reading_at_a_nul_nor_repeat_it) {
  EXPECT_EQ(refusal(std::string_view("127.0.0.1\0x:80", 14)),
            "'127.0.0.1?x:80' is not a tcp address: host '127.0.0.1?x' is not an IP literal (names are not "
            "resolved)");
  EXPECT_TRUE(refusal("1.2.3.4\n:80").starts_with("'1.2.3.4?:80' is not"));
}

TEST(tcp_address, of_another_transport_is_refused_by_name) {
  tcp::tcp_transport over;
  const address other("uds", "/unix/run/x.sock");
  try {
    over.distance(other);
    FAIL() << "it was accepted";
  } catch (const address_error& error) {
    EXPECT_STREQ(error.what(), "'/unix/run/x.sock' is an address of transport 'uds', not of tcp");
  }
}

TEST(tcp_address, is_near_on_loopback_only) {
  tcp::tcp_transport over;
  const auto distance = [&](const char* text) { return over.distance(over.parse(text).value()); };
  EXPECT_EQ(distance("127.0.0.1:1"), locality::loopback);
  EXPECT_EQ(distance("127.255.0.9:1"), locality::loopback);
  EXPECT_EQ(distance("[::1]:1"), locality::loopback);
  EXPECT_EQ(distance("[::ffff:127.0.0.1]:1"), locality::loopback);
  EXPECT_EQ(distance("0.0.0.0:1"), locality::network);
  EXPECT_EQ(distance("[::]:1"), locality::network);
  EXPECT_EQ(distance("128.0.0.1:1"), locality::network);
  EXPECT_EQ(distance("[::ffff:10.0.0.1]:1"), locality::network);
}

TEST(tcp_address, has_the_defaults_of_the_protocol) {
  tcp::tcp_transport over;
  EXPECT_EQ(over.default_registry().text(), "/ip4/127.0.0.1/tcp/1616");
  EXPECT_EQ(over.random_bind(actor_id("a", "u")).text(), "/ip4/127.0.0.1/tcp/0");
  EXPECT_FALSE(over.encrypts());
  EXPECT_TRUE(over.scan().empty());
  EXPECT_TRUE(over.reap({}).removed.empty());
}

}  // namespace tcp_address_test
