// Transports with decorators round them, by their keys.
#include <gtest/gtest.h>

#include <algorithm>

#include "environment.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/transport.hpp"

namespace tractor::plugin::decorator_test {
namespace {

const std::string plugins = TRACTOR_TEST_PLUGINS;

search_path all_folders() {
  search_path out;
  out.add(plugins + "/good", "the test");
  out.add(plugins + "/decorators", "the test");
  return out;
}

std::string error_for(const std::string& key) {
  try {
    registry(all_folders()).transport(key);
  } catch (const plugin_error& error) {
    return to_string(error.fault()) + ": " + error.what();
  }
  return "no error";
}

TEST(plugin_decorator, goes_round_the_transport_behind_the_plus) {
  registry it(all_folders());
  const address where = it.transport("frame+sample").default_registry();
  EXPECT_EQ(where.transport(), "frame+sample");
  EXPECT_EQ(where.text(), "/frame/sample/registry");
  EXPECT_EQ(it.transport("sample").default_registry().text(), "/sample/registry");
}

TEST(plugin_decorator, is_one_object_for_each_key_by_whatever_name) {
  registry it(all_folders());
  EXPECT_EQ(&it.transport("frame+sample"), &it.transport("edge+probe"));
  EXPECT_NE(&it.transport("frame+sample"), &it.transport("frame+frame+sample"));
  EXPECT_EQ(it.transport("frame+edge+sample").default_registry().text(), "/frame/frame/sample/registry");
}

TEST(plugin_decorator, has_each_part_of_its_key_resolved) {
  registry it(all_folders());
  EXPECT_EQ(it.resolve("transport", "edge+probe"), "frame+sample");
  EXPECT_EQ(it.resolve("transport", "probe"), "sample");
}

TEST(plugin_decorator, is_found_where_keys_are_trusted) {
  registry it(all_folders());
  it.trust_keys();
  EXPECT_EQ(it.transport("frame+sample").default_registry().text(), "/frame/sample/registry");
}

TEST(plugin_decorator, is_listed_as_a_kind_of_its_own) {
  registry it(all_folders());
  const auto all = it.list();
  const auto found = std::ranges::find(all, "frame", &plugin_info::key);
  ASSERT_NE(found, all.end());
  EXPECT_EQ(found->kind, "decorator");
  EXPECT_TRUE(found->good()) << found->reason;
  EXPECT_TRUE(it.check(found->path).good());
}

TEST(plugin_decorator, alone_is_no_transport) {
  EXPECT_EQ(
      error_for("edge"),
      "unknown key: 'edge' is a decorator, and no transport by itself: name the one that it goes round, "
      "as in 'frame+KEY'");
}

TEST(plugin_decorator, that_nobody_knows_is_named_with_the_known_ones) {
  EXPECT_EQ(error_for("mirror+sample"),
            "unknown key: unknown decorator 'mirror': known are frame (or edge); tried " + plugins +
                "/good/libtractor_decorator_mirror.so, " + plugins +
                "/decorators/libtractor_decorator_mirror.so");
  EXPECT_EQ(error_for("sample+sample").substr(0, 41), "unknown key: unknown decorator 'sample': ");
}

TEST(plugin_decorator, round_a_transport_that_nobody_knows_is_refused) {
  EXPECT_EQ(error_for("frame+pigeon").substr(0, 41), "unknown key: unknown transport 'pigeon': ");
  EXPECT_EQ(error_for("frame+").substr(0, 36), "unknown key: unknown transport '': k");
}

TEST(plugin_decorator, that_fails_says_why_and_for_which_key) {
  const test::environment variable("TRACTOR_TEST_NO_FRAMES", "1");
  EXPECT_EQ(error_for("frame+sample"),
            "not created: the transport 'frame+sample' cannot be made: no frames today");
}

}  // namespace
}  // namespace tractor::plugin::decorator_test
