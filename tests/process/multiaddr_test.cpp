// Addresses in each of their forms, read by whatever transport knows them.
#include <gmock/gmock.h>

#include <tractor/discovery/multiaddr.hpp>
#include <tractor/harness/harness.hpp>

namespace multiaddr_test {

using namespace tractor;
using testing::HasSubstr;

namespace {

std::string error_of(const any_address& where) {
  try {
    return "read as " + parse_address(where).text();
  } catch (const address_error& error) {
    return error.what();
  }
}

std::vector<std::string> texts_of(const std::vector<address>& all) {
  std::vector<std::string> out;
  for (const address& each : all) out.push_back(each.text());
  return out;
}

}  // namespace

TEST(multiaddr, of_ipv4_is_made_from_the_pair_and_from_the_text) {
  for (const any_address& form : {any_address(std::pair("127.0.0.1", 1616)), any_address("127.0.0.1:1616"),
                                  any_address("/ip4/127.0.0.1/tcp/1616")}) {
    const address made = parse_address(form);
    EXPECT_EQ(made.text(), "/ip4/127.0.0.1/tcp/1616");
    EXPECT_EQ(made.transport(), "tcp");
    EXPECT_EQ(std::get<address::pair_with_number>(made.wire()), address::pair_with_number("127.0.0.1", 1616));
  }
}

TEST(multiaddr, of_ipv6_is_made_from_the_pair_and_from_the_text) {
  for (const any_address& form :
       {any_address(std::pair("::1", 1616)), any_address("[::1]:1616"), any_address("/ip6/::1/tcp/1616")}) {
    const address made = parse_address(form);
    EXPECT_EQ(made.text(), "/ip6/::1/tcp/1616");
    EXPECT_EQ(made.transport(), "tcp");
    EXPECT_EQ(std::get<address::pair_with_number>(made.wire()), address::pair_with_number("::1", 1616));
  }
}

TEST(multiaddr, of_a_socket_file_is_made_from_the_pair_and_from_the_text) {
  for (const any_address& form : {any_address(std::pair("/tmp/x", "a@1.sock")),
                                  any_address("/tmp/x/a@1.sock"), any_address("/unix/tmp/x/a@1.sock")}) {
    const address made = parse_address(form);
    EXPECT_EQ(made.text(), "/unix/tmp/x/a@1.sock");
    EXPECT_EQ(made.transport(), "uds");
    EXPECT_EQ(std::get<address::pair_of_texts>(made.wire()), address::pair_of_texts("/tmp/x", "a@1.sock"));
  }
}

TEST(multiaddr, is_what_an_address_is_made_of_again) {
  for (const char* text : {"/ip4/127.0.0.1/tcp/1616", "/ip4/0.0.0.0/tcp/0", "/ip6/::1/tcp/65535",
                           "/ip6/2001:db8::1/tcp/1", "/unix/run/user/1000/tractor/registry@1616.sock"}) {
    const address made = parse_address(text);
    EXPECT_EQ(made.text(), text);
    EXPECT_EQ(parse_address(made), made);
    const any_address from_wire = std::visit([](const auto& form) { return any_address(form); }, made.wire());
    EXPECT_EQ(parse_address(from_wire), made);
  }
}

TEST(multiaddr, of_protocols_that_nobody_speaks_are_errors_that_name_them) {
  EXPECT_THAT(error_of("/ip4/127.0.0.1/udp/1616"), HasSubstr("'udp'"));
  EXPECT_THAT(error_of("/ip4/127.0.0.1"), HasSubstr("/ip4/127.0.0.1"));
  EXPECT_THAT(error_of("/dns4/example.org/tcp/80"), HasSubstr("names are not resolved"));
  EXPECT_THAT(error_of("nonsense"), HasSubstr("'nonsense' is no address of any transport ("));
  EXPECT_THAT(error_of(""), HasSubstr("no address"));
}

TEST(multiaddr, tables_of_services_are_read_in_any_mix_of_forms) {
  const auto table = parse_endpoints({
      {"registrar", {"/ip4/127.0.0.1/tcp/1616", std::pair("::1", 1617)}},
      {"logs", {std::pair("/tmp", "logs.sock"), "127.0.0.1:80", parse_address("/unix/tmp/b.sock")}},
  });
  EXPECT_EQ(table.size(), 2u);
  EXPECT_THAT(texts_of(table.at("registrar")),
              testing::ElementsAre("/ip4/127.0.0.1/tcp/1616", "/ip6/::1/tcp/1617"));
  EXPECT_THAT(texts_of(table.at("logs")),
              testing::ElementsAre("/unix/tmp/logs.sock", "/ip4/127.0.0.1/tcp/80", "/unix/tmp/b.sock"));
}

TEST(multiaddr, tables_of_services_may_be_empty) {
  EXPECT_TRUE(parse_endpoints({}).empty());
  const auto table = parse_endpoints({{"idle", {}}});
  EXPECT_TRUE(table.at("idle").empty());
}

TEST(multiaddr, a_bad_address_in_a_table_is_an_error_that_names_the_service) {
  try {
    parse_endpoints({{"good", {"127.0.0.1:80"}}, {"games", {"/ip4/127.0.0.1/udp/9"}}});
    FAIL() << "nothing was thrown";
  } catch (const address_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("'games'"));
    EXPECT_THAT(error.what(), HasSubstr("'udp'"));
  }
}

}  // namespace multiaddr_test
