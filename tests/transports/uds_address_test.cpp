// The forms of uds addresses, and the names of sockets.
#include "uds/uds_address.hpp"

#include <unistd.h>

#include "support.hpp"

namespace uds_address_test {

using namespace transport_tests;

namespace {

std::string canonical(std::string_view text) {
  const auto made = uds::uds_transport().parse(text);
  return made ? made->text() : "(not uds)";
}

std::string refusal(std::string_view text) {
  try {
    return "accepted as " + canonical(text);
  } catch (const address_error& error) {
    return error.what();
  }
}

class uds_address : public with_runtime_folder {};

}  // namespace

TEST_F(uds_address, has_one_text_for_all_its_forms) {
  EXPECT_EQ(canonical("/unix/run/t/x.sock"), "/unix/run/t/x.sock");
  EXPECT_EQ(canonical("/unix//run/t/x.sock"), "/unix/run/t/x.sock");
  EXPECT_EQ(canonical("/run/t/x.sock"), "/unix/run/t/x.sock");
  EXPECT_EQ(canonical("/run//t///x.sock"), "/unix/run/t/x.sock");
  EXPECT_EQ(canonical("/unix/run/any-name"), "/unix/run/any-name");
  EXPECT_EQ(canonical("/unix/unix/x.sock"), "/unix/unix/x.sock");
}

TEST_F(uds_address, travels_as_folder_and_file) {
  uds::uds_transport over;
  for (const char* path : {"/run/t/x.sock", "/x.sock", "/run/t/a@b@12.sock"}) {
    const address made = over.parse(path).value();
    EXPECT_EQ(made.transport(), "uds");
    const auto& [folder, file] = std::get<address::pair_of_texts>(made.wire());
    EXPECT_EQ(over.parse(folder + "/" + file), made);
  }
  EXPECT_EQ(over.parse("/run/t/x.sock")->wire(),
            address::wire_form(address::pair_of_texts("/run/t", "x.sock")));
}

TEST_F(uds_address, leaves_the_texts_of_others_alone) {
  for (const char* text : {"/ip4/127.0.0.1/tcp/1", "127.0.0.1:1616", "relative/x.sock", "x.sock", "", "/",
                           "/run/t/x", "/unixes/x", "/ip4/127.0.0.1/tcp/1.sock", "unix:/run/x"})
    EXPECT_EQ(refusal(text), "accepted as (not uds)") << text;
}

TEST_F(uds_address, says_what_is_wrong_with_a_bad_text) {
  const auto expect = [](std::string_view text, std::string_view why) {
    EXPECT_EQ(refusal(text), "'" + std::string(text) + "' is not a uds address: " + std::string(why));
  };
  expect("/unix", "the path is missing");
  expect("/unix/", "the path is missing");
  expect("/unix/run/", "the path names no file, it ends with '/'");
  expect("/unix/run/../x.sock", "the path holds '..'");
  expect("/run/./x.sock", "the path holds '.'");
  const std::string longest = "/run/" + std::string(97, 'x') + ".sock";
  ASSERT_EQ(longest.size(), 107u);
  EXPECT_EQ(canonical(longest), "/unix" + longest);
  expect("/run/x" + longest.substr(5), "the path is 108 bytes long, and the limit is 107");
}

TEST_F(uds_address, does_not_stop_reading_at_a_nul_nor_repeat_it) {
  EXPECT_EQ(refusal(std::string_view("/unix/run/\0x", 12)),
            "'/unix/run/?x' is not a uds address: the path holds a control character");
  EXPECT_EQ(refusal("/run/a\n.sock"),
            "'/run/a?.sock' is not a uds address: the path holds a control character");
}

TEST_F(uds_address, of_another_transport_is_refused_by_name) {
  uds::uds_transport over;
  try {
    over.distance(address("tcp", "/ip4/127.0.0.1/tcp/1"));
    FAIL() << "it was accepted";
  } catch (const address_error& error) {
    EXPECT_STREQ(error.what(), "'/ip4/127.0.0.1/tcp/1' is an address of transport 'tcp', not of uds");
  }
  EXPECT_EQ(over.distance(over.default_registry()), locality::same_host);
}

TEST_F(uds_address, of_the_registrar_is_known) {
  EXPECT_EQ(uds::uds_transport().default_registry().text(), "/unix" + folder() + "/registry@1616.sock");
}

TEST_F(uds_address, of_an_actor_holds_its_name_and_pid) {
  uds::uds_transport over;
  EXPECT_EQ(over.random_bind(actor_id("bob", "u", 42)).text(), "/unix" + folder() + "/bob@42.sock");
  const std::string own = "/al@" + std::to_string(::getpid()) + ".sock";
  EXPECT_EQ(over.random_bind(actor_id("al", "u")).text(), "/unix" + folder() + own);
}

TEST_F(uds_address, is_never_given_twice) {
  uds::uds_transport over;
  const actor_id bob("bob", "u", 42);
  EXPECT_EQ(over.random_bind(bob).text(), "/unix" + folder() + "/bob@42.sock");
  EXPECT_EQ(over.random_bind(bob).text(), "/unix" + folder() + "/bob.1@42.sock");
  EXPECT_EQ(over.random_bind(actor_id("bob.1", "v", 42)).text(), "/unix" + folder() + "/bob.1.1@42.sock");
}

TEST_F(uds_address, digests_names_that_cannot_be_files) {
  uds::uds_transport over;
  std::set<std::string> seen;
  for (const std::string& name : {std::string("a/b"), std::string("a\0b", 3), std::string(),
                                  std::string("a\nb"), std::string(90, 'x'), std::string(90, 'y')}) {
    const std::string text = over.random_bind(actor_id(name, "u", 42)).text();
    const std::string file = text.substr(text.rfind('/') + 1);
    EXPECT_TRUE(file.starts_with("actor.") && file.ends_with("@42.sock")) << file;
    EXPECT_EQ(file.size(), std::string("actor.@42.sock").size() + 32) << file;
    EXPECT_TRUE(seen.insert(file).second) << "two names have one digest";
    EXPECT_EQ(uds::socket_path(folder(), name, 42), folder() + "/" + file) << "the digest is not stable";
  }
}

TEST_F(uds_address, keeps_the_longest_name_that_fits) {
  const std::string tail = "@42.sock";
  const std::string name(uds::longest_path - folder().size() - 1 - tail.size(), 'n');
  EXPECT_EQ(uds::socket_path(folder(), name, 42), folder() + "/" + name + tail);
  EXPECT_TRUE(has(uds::socket_path(folder(), name + "n", 42), "/actor."));
  EXPECT_TRUE(has(uds::socket_path(folder(), name, 42, 1), "/actor.")) << "the number counts too";
}

TEST_F(uds_address, of_an_actor_is_never_that_of_the_registrar) {
  EXPECT_TRUE(has(uds::socket_path(folder(), "registry", 1616), "/actor."));
  EXPECT_TRUE(has(uds::socket_path(folder(), "registry", 1617), "/registry@1617.sock"));
}

TEST_F(uds_address, cannot_be_made_in_a_folder_that_is_too_long) {
  const std::string base = "/tmp/" + std::string(80, 'x');
  const environment variable("XDG_RUNTIME_DIR", base.c_str());
  try {
    uds::uds_transport().random_bind(actor_id("bob", "u", 42)).text();
    const std::string name(60, 'n');
    FAIL() << uds::uds_transport().random_bind(actor_id(name, "u", 42)).text();
  } catch (const address_error& error) {
    EXPECT_TRUE(has(error.what(), "folder '" + base + "/tractor' is too long for sockets")) << error.what();
    EXPECT_TRUE(has(error.what(), "set XDG_RUNTIME_DIR to a shorter one")) << error.what();
  }
}

TEST(uds_socket_name, tells_the_pid_of_its_owner) {
  EXPECT_EQ(uds::owner_in_name("bob@42.sock"), 42);
  EXPECT_EQ(uds::owner_in_name("a@b@42.sock"), 42);
  EXPECT_EQ(uds::owner_in_name("registry@1616.sock"), 1616);
  for (const char* other : {"bob.sock", "@42.sock", "bob@.sock", "bob@x.sock", "bob@-4.sock", "bob@42",
                            "bob@42.sock.lock", "bob@99999999999.sock", ".lock", ""})
    EXPECT_EQ(uds::owner_in_name(other), std::nullopt) << other;
}

}  // namespace uds_address_test
