#include "tractor/plugin/any_address.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <unordered_set>
#include <utility>

#include "tractor/plugin/actor_id.hpp"

namespace any_address_test {

namespace {

using tractor::address;
using tractor::any_address;

std::string text_of(const any_address& where) { return where.text(); }

TEST(any_address, takes_texts_as_they_are) {
  EXPECT_EQ(text_of("/ip4/127.0.0.1/x/1"), "/ip4/127.0.0.1/x/1");
  EXPECT_EQ(text_of(std::string("host:1")), "host:1");
  EXPECT_EQ(text_of(std::string_view("host:2")), "host:2");
}

TEST(any_address, takes_an_address_by_its_multiaddr) {
  EXPECT_EQ(text_of(address("sample", "/sample/1")), "/sample/1");
}

TEST(address, is_ordered_as_it_is_compared) {
  const address one("one", "/t"), other("other", "/t"), later("one", "/u");
  EXPECT_NE(one, other);
  EXPECT_TRUE(one < other || other < one);
  EXPECT_LT(one, later);
  EXPECT_EQ(std::set<address>({one, other, later, one}).size(), 3u);
}

TEST(actor_id, can_be_a_key_by_its_uuid) {
  const tractor::actor_id one("ann", "1"), again("bob", "1", 7), other("ann", "2");
  EXPECT_LT(one, other);
  EXPECT_EQ(std::set<tractor::actor_id>({one, again, other}).size(), 2u);
  EXPECT_EQ(std::unordered_set<tractor::actor_id>({one, again, other}).size(), 2u);
}

TEST(any_address, takes_a_host_and_a_port) {
  EXPECT_EQ(text_of(std::pair("127.0.0.1", 1616)), "127.0.0.1:1616");
  EXPECT_EQ(text_of(std::tuple(std::string("10.0.0.1"), std::uint16_t(80))), "10.0.0.1:80");
  EXPECT_EQ(text_of(std::pair("::1", 1616)), "[::1]:1616");
}

TEST(any_address, takes_a_folder_and_a_file) {
  EXPECT_EQ(text_of(std::pair("/run/user/1", "a.sock")), "/run/user/1/a.sock");
  EXPECT_EQ(text_of(std::pair("/", "a.sock")), "/a.sock");
  EXPECT_EQ(text_of(std::tuple(std::string("/run/"), std::string("b.sock"))), "/run/b.sock");
}

}  // namespace

}  // namespace any_address_test
