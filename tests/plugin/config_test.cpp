#include "tractor/plugin/config.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "environment.hpp"
#include "temporary_folder.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace tractor::config_test {
namespace {

using namespace std::chrono_literals;
using plugin::test::environment;
using plugin::test::temporary_folder;

choices read(const std::string& text) {
  const temporary_folder folder;
  return read_config(folder.write("tractor.yaml", text));
}

/// Returns the error with the folder cut off: "tractor.yaml:1:1: …".
std::string error_of(const std::string& text) {
  const temporary_folder folder;
  try {
    read_config(folder.write("tractor.yaml", text));
  } catch (const settings_error& error) {
    const std::string what = error.what();
    EXPECT_EQ(what.find('\n'), std::string::npos) << what;
    return what.substr(folder.path().size() + 1);
  }
  return "no error";
}

TEST(config, reads_every_key) {
  const choices it = read(R"(
spawn_backend: one_way
transports: [fast, slow]
registry_addrs: ["127.0.0.1:1616", /unix/x]
loglevel: cancel
log_spec: devx:runtime,trionics:cancel
plugin_path: [/opt/a, /opt/b]
debug_mode: true
enable_stackscope: on
allow_keyless_peers: true
insecure_bind: false
limits: {max_frame: 16MiB, depth: 32, handshake_timeout: 2s, max_unauthenticated: 8}
timeouts:
  cancel_ack: 250ms
  hard_kill: 1.5s
  nursery_cancel: 2m
  unregister: 100us
  peers: 5s
  heartbeat_period: 0s
  heartbeat_timeout: 1h
)");
  EXPECT_EQ(it.spawn_backend, "one_way");
  EXPECT_EQ(it.transports, (std::vector<std::string>{"fast", "slow"}));
  EXPECT_EQ(it.registry_addrs, (std::vector<std::string>{"127.0.0.1:1616", "/unix/x"}));
  EXPECT_EQ(it.loglevel, log::level::cancel);
  EXPECT_EQ(it.log_spec, "devx:runtime,trionics:cancel");
  EXPECT_EQ(it.plugin_path, (std::vector<std::string>{"/opt/a", "/opt/b"}));
  EXPECT_EQ(it.debug_mode, true);
  EXPECT_EQ(it.enable_stackscope, true);
  EXPECT_EQ(it.allow_keyless_peers, true);
  EXPECT_EQ(it.insecure_bind, false);
  EXPECT_EQ(it.max_frame, std::size_t(16) << 20);
  EXPECT_EQ(it.depth, 32u);
  EXPECT_EQ(it.handshake_timeout, 2s);
  EXPECT_EQ(it.max_unauthenticated, 8u);
  EXPECT_EQ(it.cancel_ack, 250ms);
  EXPECT_EQ(it.hard_kill, 1500ms);
  EXPECT_EQ(it.nursery_cancel, 2min);
  EXPECT_EQ(it.unregister, 100us);
  EXPECT_EQ(it.peers, 5s);
  EXPECT_EQ(it.heartbeat_period, 0s);
  EXPECT_EQ(it.heartbeat_timeout, 1h);
}

TEST(config, an_empty_file_chooses_nothing) {
  const choices it = read("");
  EXPECT_FALSE(it.spawn_backend);
  EXPECT_FALSE(it.transports);
  EXPECT_FALSE(read("# only a comment\n").loglevel);
}

TEST(config, one_text_will_do_for_a_list) {
  EXPECT_EQ(read("transports: fast\n").transports, std::vector<std::string>{"fast"});
}

TEST(config, an_unknown_key_is_named_with_its_place_and_the_known_ones) {
  EXPECT_EQ(error_of("loglevel: info\nspawn_bakend: x\n"),
            "tractor.yaml:2:1: unknown key 'spawn_bakend': known are allow_keyless_peers, debug_mode, "
            "enable_stackscope, insecure_bind, limits, log_spec, loglevel, plugin_path, registry_addrs, "
            "spawn_backend, timeouts, transports");
  EXPECT_EQ(error_of("limits:\n  depht: 3\n"),
            "tractor.yaml:2:3: unknown key 'depht': known are depth, handshake_timeout, max_frame, "
            "max_unauthenticated");
}

TEST(config, a_wrong_type_is_named_with_its_place) {
  EXPECT_EQ(error_of("loglevel: [info]\n"), "tractor.yaml:1:11: expected one value, found a list");
  EXPECT_EQ(error_of("transports: {a: b}\n"), "tractor.yaml:1:13: expected a list of texts, found a map");
  EXPECT_EQ(error_of("transports: []\n"), "tractor.yaml:1:13: expected a list of texts, found an empty one");
  EXPECT_EQ(error_of("transports: [a, [b]]\n"), "tractor.yaml:1:17: expected a text, found a list");
  EXPECT_EQ(
      error_of("limits: 5\n"),
      "tractor.yaml:1:9: expected a map of depth, handshake_timeout, max_frame, max_unauthenticated, found a "
      "text");
  EXPECT_EQ(error_of("- a\n").substr(0, 30), "tractor.yaml:1:1: expected a m");
}

TEST(config, a_wrong_value_is_named_with_its_place) {
  EXPECT_EQ(error_of("loglevel: loudest\n").substr(0, 44), "tractor.yaml:1:11: no log level 'loudest': u");
  EXPECT_EQ(error_of("spawn_backend: ../evil\n"),
            "tractor.yaml:1:16: expected a key of small letters, digits and _, found '../evil'");
  EXPECT_EQ(error_of("plugin_path: [plugins]\n"),
            "tractor.yaml:1:15: expected a whole path, from /, found 'plugins'");
  EXPECT_EQ(error_of("timeouts: {hard_kill: 5}\n"),
            "tractor.yaml:1:23: expected a duration such as 500ms, 1.5s or 2m, found '5'");
  EXPECT_EQ(error_of("limits: {max_frame: -1}\n"),
            "tractor.yaml:1:21: expected a whole number above zero such as 4096 or 16MiB, found '-1'");
  for (const char* bad : {"-1", "0", "7", "65", "1MiB", "deep"})
    EXPECT_EQ(error_of("limits: {depth: " + std::string(bad) + "}\n"),
              "tractor.yaml:1:17: expected a number from 8 to 64, found '" + std::string(bad) + "'");
  EXPECT_EQ(error_of("insecure_bind: maybe\n"), "tractor.yaml:1:16: expected true or false, found 'maybe'");
  EXPECT_EQ(error_of("log_spec: devz:info\n").substr(0, 67),
            "tractor.yaml:1:11: bad log spec 'devz:info': in part 'devz:info' no");
  for (const char* bad : {"-1s", "1e400s", "nan s", "infs", "9999999h", "1 s", "s", "", "0x10s"})
    EXPECT_NE(error_of("timeouts: {peers: \"" + std::string(bad) + "\"}\n"), "no error") << bad;
  for (const char* bad : {"0", "1.5", "16MB", "99999999999999999999", "-0"})
    EXPECT_NE(error_of("limits: {max_frame: \"" + std::string(bad) + "\"}\n"), "no error") << bad;
}

TEST(config, a_limit_that_lets_nobody_connect_is_refused_with_its_place) {
  for (const char* bad : {"0s", "1ns", "9ms"})
    EXPECT_EQ(error_of("limits:\n  handshake_timeout: " + std::string(bad) + "\n"),
              "tractor.yaml:2:22: expected a duration of 10ms or more, found '" + std::string(bad) + "'");
  for (const char* bad : {"1", "4096", "63KiB"})
    EXPECT_EQ(error_of("limits:\n  max_frame: " + std::string(bad) + "\n"),
              "tractor.yaml:2:14: expected a size of 64KiB or more, found '" + std::string(bad) + "'");
  const choices least = read("limits: {handshake_timeout: 10ms, max_frame: 64KiB}\n");
  EXPECT_EQ(least.handshake_timeout, 10ms);
  EXPECT_EQ(least.max_frame, std::size_t(64) << 10);
}

TEST(config, a_second_document_is_refused_with_its_place) {
  EXPECT_EQ(error_of("loglevel: info\n---\nloglevel: error\n"),
            "tractor.yaml:3:1: a second document: a config file holds one");
  EXPECT_NE(error_of("loglevel: info\n---\n"), "no error");
  EXPECT_TRUE(read("---\nloglevel: info\n...\n").loglevel) << "the marks of one document are fine";
}

TEST(config, knows_where_each_choice_stands) {
  const temporary_folder folder;
  const std::string file = folder.write("tractor.yaml", "loglevel: info\nlimits:\n  depth: 32\n");
  const choices it = read_config(file);
  EXPECT_EQ(it.places.at("loglevel"), file + ":1:1");
  EXPECT_EQ(it.places.at("limits.depth"), file + ":3:3");
}

TEST(config, a_key_given_twice_is_an_error) {
  EXPECT_EQ(error_of("loglevel: info\nloglevel: error\n"), "tractor.yaml:2:1: key 'loglevel' is there twice");
}

TEST(config, broken_yaml_is_named_with_its_place) {
  EXPECT_EQ(error_of("limits: {depth: 3\n").substr(0, 13), "tractor.yaml:");
  EXPECT_EQ(error_of("a: b: c\n").substr(0, 17), "tractor.yaml:1:5:");
  EXPECT_NE(error_of(std::string(100000, '[')), "no error") << "a deep file must not end the process";
}

TEST(config, a_file_that_cannot_be_read_is_named) {
  const auto text_of = [](const std::string& path) -> std::string {
    try {
      read_config(path);
    } catch (const settings_error& error) {
      return error.what();
    }
    return "no error";
  };
  EXPECT_EQ(text_of("/nowhere/tractor.yaml"),
            "/nowhere/tractor.yaml: cannot be read: No such file or directory");
  const temporary_folder folder;
  EXPECT_NE(text_of(folder.path()), "no error");
  const std::string large = folder.write("large.yaml", std::string((1 << 20) + 1, '#'));
  EXPECT_EQ(text_of(large), large + ": is larger than 1 MiB, so no config file");
}

TEST(config, that_is_a_pipe_is_refused_without_waiting_for_a_writer) {
  const temporary_folder folder;
  const std::string path = folder.path() + "/pipe";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  std::string refusal;
  try {
    read_config(path);
  } catch (const settings_error& error) {
    refusal = error.what();
  }
  EXPECT_EQ(refusal, path + ": cannot be read: it is not a regular file");
}

TEST(config, may_be_a_file_without_a_size) {
  const choices none = read_config("/dev/null");
  EXPECT_FALSE(none.spawn_backend || none.transports || none.loglevel);
}

TEST(config, is_found_by_flag_then_variable_then_in_the_config_folder) {
  const temporary_folder xdg, home;
  std::filesystem::create_directories(xdg.path() + "/tractor");
  std::filesystem::create_directories(home.path() + "/.config/tractor");
  const environment a("TRACTOR_CONFIG", nullptr), b("XDG_CONFIG_HOME", xdg.path().c_str()),
      c("HOME", home.path().c_str());
  EXPECT_EQ(find_config({}), std::nullopt) << "no file is no error";
  const std::string in_xdg = xdg.write("tractor/tractor.yaml", "");
  EXPECT_EQ(find_config({}), in_xdg);
  {
    const environment none("XDG_CONFIG_HOME", nullptr);
    EXPECT_EQ(find_config({}), std::nullopt);
    const std::string in_home = home.write(".config/tractor/tractor.yaml", "");
    EXPECT_EQ(find_config({}), in_home);
    const environment relative("XDG_CONFIG_HOME", "config");
    EXPECT_EQ(find_config({}), in_home) << "a relative folder would be one of the working directory";
  }
  const environment variable("TRACTOR_CONFIG", "/from/variable.yaml");
  EXPECT_EQ(find_config({}), "/from/variable.yaml");
  EXPECT_EQ(find_config("flag.yaml"), "flag.yaml");
  const environment relative("TRACTOR_CONFIG", "tractor.yaml");
  EXPECT_THROW(find_config({}), settings_error);
}

}  // namespace
}  // namespace tractor::config_test
