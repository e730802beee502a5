#include "tractor/plugin/settings.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "../log/captured_log.hpp"
#include "environment.hpp"
#include "temporary_folder.hpp"
#include "tractor/plugin/config.hpp"
#include "tractor/plugin/defaults.hpp"
#include "tractor/plugin/flags.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace tractor::settings_test {
namespace {

using namespace std::chrono_literals;
using log::level;
using plugin::test::environment;
using plugin::test::temporary_folder;
using words = std::vector<std::string>;

// No variable of the person who runs the tests gets in.
class clean_environment {
 public:
  clean_environment() {
    for (const char* name : {"TRACTOR_SPAWN_METHOD", "TRACTOR_TPT_PROTO", "TRACTOR_LOGLEVEL",
                             "TRACTOR_CONFIG", "TRACTOR_ENABLE_STACKSCOPE", "TRACTOR_REGISTRY_ADDRS",
                             "XDG_CONFIG_HOME", "HOME", "TRACTOR_PLUGIN_PATH"})
      all_.push_back(std::make_unique<environment>(name, nullptr));
  }

 private:
  std::vector<std::unique_ptr<environment>> all_;
};

choices with_backend(const std::string& key) {
  choices out;
  out.spawn_backend = key;
  return out;
}

TEST(settings, of_the_sample_file_are_the_built_in_ones_and_all_that_have_one) {
  const settings built_in;
  settings it;
  it.apply(read_config(TRACTOR_TEST_DATA "/../../examples/tractor.yaml"), origin::config_file);
  const auto expected = built_in.describe(), found = it.describe();
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_EQ(found[i].name + " " + found[i].value, expected[i].name + " " + expected[i].value);
    const bool has_none = expected[i].value.empty();
    EXPECT_EQ(found[i].origin, to_string(has_none ? origin::built_in : origin::config_file)) << found[i].name;
  }
}

TEST(settings, start_with_the_built_in_values) {
  const settings it;
  EXPECT_EQ(it.spawn_backend.value(), plugin::default_spawn_backend());
  EXPECT_EQ(it.spawn_backend.origin(), origin::built_in);
  EXPECT_EQ(it.transports.value(), words{std::string(plugin::default_transport())});
  EXPECT_EQ(it.loglevel.value(), level::error);
  EXPECT_EQ(it.limits.max_frame.value(), 64u << 20);
  EXPECT_EQ(it.limits.depth.value(), 64u);
  EXPECT_EQ(it.timeouts.cancel_ack.value(), 500ms);
  EXPECT_EQ(it.timeouts.hard_kill.value(), 1600ms);
  EXPECT_EQ(it.timeouts.nursery_cancel.value(), 3s);
  EXPECT_EQ(it.timeouts.unregister.value(), 500ms);
  EXPECT_EQ(it.timeouts.peers.value(), 3s);
  EXPECT_FALSE(it.insecure_bind);
}

TEST(settings, each_source_overrides_the_weaker_ones) {
  settings it;
  it.apply(with_backend("of_file"), origin::config_file);
  EXPECT_EQ(it.spawn_backend.value(), "of_file");
  it.apply(with_backend("of_code"), origin::code);
  it.apply({}, origin::flag);
  EXPECT_EQ(it.spawn_backend.value(), "of_code") << "who says nothing overrides nothing";
  EXPECT_EQ(it.spawn_backend.origin(), origin::code);
  it.apply(with_backend("of_flag"), origin::flag);
  EXPECT_EQ(it.spawn_backend.value(), "of_flag");
  EXPECT_TRUE(it.notices().empty());
  it.apply(with_backend("of_env"), origin::environment);
  EXPECT_EQ(it.spawn_backend.value(), "of_env");
  EXPECT_EQ(it.notices(), words{"TRACTOR_SPAWN_METHOD=of_env overrides --spawn-backend of_flag"});
}

TEST(settings, the_environment_says_so_only_if_it_changes_something_chosen) {
  settings it;
  it.apply(with_backend("mine"), origin::environment);
  EXPECT_TRUE(it.notices().empty()) << "a built-in value was not chosen";
  settings same;
  same.apply(with_backend("mine"), origin::code);
  same.apply(with_backend("mine"), origin::environment);
  EXPECT_TRUE(same.notices().empty());
  EXPECT_EQ(same.spawn_backend.origin(), origin::environment);
}

TEST(settings, a_notice_names_what_was_overridden) {
  settings it;
  choices code;
  code.transports = words{"a", "b"};
  code.loglevel = level::info;
  it.apply(code, origin::code);
  choices env;
  env.transports = words{"c"};
  env.loglevel = level::cancel;
  it.apply(env, origin::environment);
  EXPECT_EQ(it.notices(), (words{"TRACTOR_TPT_PROTO=c overrides transports a,b of the code",
                                 "TRACTOR_LOGLEVEL=cancel overrides loglevel info of the code"}));
}

TEST(settings, everything_is_merged_in_order) {
  const clean_environment clean;
  const temporary_folder folder;
  const std::string file = folder.write(
      "t.yaml",
      "spawn_backend: of_file\nloglevel: info\ntransports: x\ntimeouts: {peers: 9s}\nplugin_path: /conf\n");
  const environment method("TRACTOR_SPAWN_METHOD", "of_env"),
      addrs("TRACTOR_REGISTRY_ADDRS", "1.2.3.4:5,/a/b");
  const char* const argv[] = {"program", "--config",      file.c_str(), "--ll",
                              "cancel",  "--plugin-path", "/flag"};
  choices code;
  code.transports = words{"of_code"};
  const settings it = resolve_settings(parse_runtime_flags(7, argv), code);
  EXPECT_EQ(it.spawn_backend.value(), "of_env");
  EXPECT_EQ(it.spawn_backend.origin(), origin::environment);
  EXPECT_EQ(it.transports.value(), words{"of_code"});
  EXPECT_EQ(it.loglevel.value(), level::cancel);
  EXPECT_EQ(it.loglevel.origin(), origin::flag);
  EXPECT_EQ(it.timeouts.peers.value(), 9s);
  EXPECT_EQ(it.registry_addrs.value(), (words{"1.2.3.4:5", "/a/b"}));
  EXPECT_EQ(it.notices(),
            words{"TRACTOR_SPAWN_METHOD=of_env overrides spawn_backend of_file of the config file"});
  const auto folders = it.plugin_folders().folders();
  ASSERT_EQ(folders.size(), 3u);
  EXPECT_EQ(folders[0].path, "/flag");
  EXPECT_EQ(folders[1].path, "/conf");
}

TEST(settings, a_heartbeat_whose_timeout_is_not_longer_than_its_period_is_refused) {
  const clean_environment clean;
  const temporary_folder folder;
  const auto resolved = [&](const std::string& timeouts) {
    const std::string file = folder.write("t.yaml", "timeouts: {" + timeouts + "}\n");
    const char* const argv[] = {"program", "--config", file.c_str()};
    return resolve_settings(parse_runtime_flags(3, argv));
  };
  std::string refusal;
  try {
    resolved("heartbeat_timeout: 15s");
  } catch (const settings_error& error) {
    refusal = error.what();
  }
  EXPECT_EQ(refusal,
            "timeouts.heartbeat_timeout 15s (config file) must be longer than timeouts.heartbeat_period 15s "
            "(built in)");
  EXPECT_EQ(resolved("heartbeat_timeout: 16s").timeouts.heartbeat_timeout.value(), 16s);
  EXPECT_EQ(resolved("heartbeat_period: 0s, heartbeat_timeout: 1s").timeouts.heartbeat_period.value(), 0s);
}

TEST(settings, the_environment_is_read_with_each_of_its_variables) {
  const clean_environment clean;
  EXPECT_FALSE(read_environment().spawn_backend || read_environment().loglevel);
  const environment a("TRACTOR_SPAWN_METHOD", "some_way"), b("TRACTOR_TPT_PROTO", "x,y"),
      c("TRACTOR_LOGLEVEL", "cancel"), d("TRACTOR_ENABLE_STACKSCOPE", "1"),
      e("TRACTOR_REGISTRY_ADDRS", "h:1");
  const choices it = read_environment();
  EXPECT_EQ(it.spawn_backend, "some_way");
  EXPECT_EQ(it.transports, (words{"x", "y"}));
  EXPECT_EQ(it.loglevel, level::cancel);
  EXPECT_EQ(it.enable_stackscope, true);
  EXPECT_EQ(it.registry_addrs, words{"h:1"});
}

TEST(settings, an_empty_variable_is_as_good_as_none_and_a_wrong_one_is_named) {
  const clean_environment clean;
  const environment empty("TRACTOR_SPAWN_METHOD", "");
  EXPECT_FALSE(read_environment().spawn_backend);
  const environment wrong("TRACTOR_LOGLEVEL", "loudest");
  try {
    read_environment();
    FAIL() << "a wrong level was taken";
  } catch (const settings_error& error) {
    EXPECT_EQ(std::string(error.what()).substr(0, 43), "TRACTOR_LOGLEVEL: no log level 'loudest': u");
  }
}

TEST(settings, log_levels_are_applied_with_the_spec_on_top) {
  const log::test::captured_log keep;
  settings it;
  choices said;
  said.loglevel = level::warning;
  said.log_spec = "devx:runtime,trionics:cancel";
  it.apply(said, origin::flag);
  it.apply_log_levels();
  EXPECT_EQ(log::subsystem::ipc.threshold(), level::warning);
  EXPECT_EQ(log::subsystem::devx.threshold(), level::runtime);
  EXPECT_EQ(log::subsystem::async.threshold(), level::cancel);
}

TEST(settings, a_level_of_the_environment_wins_over_a_bare_level_of_tl) {
  const log::test::captured_log keep;
  settings it;
  choices flag, env;
  flag.log_spec = "info";
  env.loglevel = level::cancel;
  it.apply(flag, origin::flag);
  it.apply(env, origin::environment);
  it.apply_log_levels();
  EXPECT_EQ(log::subsystem::ipc.threshold(), level::cancel);
  EXPECT_EQ(it.notices(), words{"TRACTOR_LOGLEVEL=cancel overrides --tl info"});
}

TEST(settings, levels_of_single_subsystems_stay_beside_a_level_of_the_environment) {
  const log::test::captured_log keep;
  settings it;
  choices flag, env;
  flag.log_spec = "devx:runtime";
  env.loglevel = level::cancel;
  it.apply(flag, origin::flag);
  it.apply(env, origin::environment);
  it.apply_log_levels();
  EXPECT_EQ(log::subsystem::ipc.threshold(), level::cancel);
  EXPECT_EQ(log::subsystem::devx.threshold(), level::runtime);
  EXPECT_TRUE(it.notices().empty());
}

TEST(settings, a_listing_shows_each_with_its_origin) {
  settings it;
  it.apply(with_backend("mine"), origin::flag);
  choices file;
  file.plugin_path = {"/opt/p"};
  it.apply(file, origin::config_file);
  std::vector<std::string> lines;
  for (const auto& row : it.describe()) lines.push_back(row.name + "=" + row.value + " (" + row.origin + ")");
  const auto has = [&](const std::string& line) { return std::ranges::find(lines, line) != lines.end(); };
  EXPECT_TRUE(has("spawn_backend=mine (flag)"));
  EXPECT_TRUE(has("timeouts.hard_kill=1600ms (built in)"));
  EXPECT_TRUE(has("limits.depth=64 (built in)"));
  EXPECT_TRUE(has("loglevel=error (built in)"));
  EXPECT_TRUE(has("plugin_path=/opt/p (config file)"));
}

// Of each setting but plugin_path, which is a row for each folder.
TEST(settings, each_that_is_listed_can_stand_in_the_config_file) {
  const temporary_folder folder;
  for (const auto& row : settings().describe()) {
    const auto dot = row.name.find('.');
    std::string text = row.name.substr(dot == row.name.npos ? 0 : dot + 1) + ": ";
    if (row.name == "registry_addrs")
      text += "[somewhere]";
    else if (row.name == "log_spec")
      text += "info";
    else
      text += row.value;
    if (dot != row.name.npos) text = row.name.substr(0, dot) + ": {" + text + "}";
    EXPECT_NO_THROW(read_config(folder.write("tractor.yaml", text))) << text;
  }
}

TEST(settings, a_key_that_no_plugin_has_is_told_with_who_said_it) {
  const clean_environment none;
  const std::pair<origin, std::string> origins[] = {{origin::environment, "TRACTOR_SPAWN_METHOD: "},
                                                    {origin::flag, "--spawn-backend: "},
                                                    {origin::code, "spawn_backend (code): "},
                                                    {origin::config_file, "spawn_backend (config file): "}};
  for (const auto& [from, who] : origins) {
    settings it;
    it.apply(with_backend("nope"), from);
    try {
      resolve_keys(it);
      ADD_FAILURE() << "nobody complains of " << who;
    } catch (const settings_error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with(who)) << error.what();
      EXPECT_NE(std::string(error.what()).find("'nope'"), std::string::npos) << error.what();
    }
  }
}

TEST(settings, know_where_a_person_changes_them) {
  settings it;
  choices said;
  said.registry_addrs = words{"/a/b"};
  EXPECT_EQ(it.source_of("registry_addrs"), "registry_addrs (built in)");
  said.places["registry_addrs"] = "/x/t.yaml:3:1";
  it.apply(said, origin::config_file);
  EXPECT_EQ(it.source_of("registry_addrs"), "/x/t.yaml:3:1: registry_addrs");
  EXPECT_EQ(it.source_of("transports"), "transports (built in)");
  said.places.clear();
  it.apply(said, origin::code);
  EXPECT_EQ(it.source_of("registry_addrs"), "registry_addrs (code)") << "the file has not said so last";
  it.apply(said, origin::flag);
  EXPECT_EQ(it.source_of("registry_addrs"), "--registry-addr");
  it.apply(said, origin::environment);
  EXPECT_EQ(it.source_of("registry_addrs"), "TRACTOR_REGISTRY_ADDRS");
}

}  // namespace
}  // namespace tractor::settings_test
