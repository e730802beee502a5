// The `tractor` command, run as a person runs it.
#include <gtest/gtest.h>
#include <link.h>
#include <sys/stat.h>

#include <cstring>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "cli_support.hpp"
#include "environment.hpp"
#include "temporary_folder.hpp"

namespace tractor::cli_test {
namespace {

using plugin::test::environment;
using plugin::test::temporary_folder;

const std::string plugins = TRACTOR_TEST_PLUGINS;

std::string squeezed(const std::string& text) {
  std::string out;
  for (const char c : text)
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  return out;
}

TEST(tractor_cli, says_its_version_and_its_exit_codes) {
  EXPECT_EQ(run("--version").out, "tractor " TRACTOR_TEST_VERSION "\n");
  EXPECT_EQ(run("--version").code, 0);
  const outcome help = run("--help");
  EXPECT_EQ(help.code, 0);
  EXPECT_TRUE(contains(help.out, "Exit codes: 0 all is well, 1 refused or failed, 2 wrong usage."))
      << help.out;
}

TEST(tractor_cli, wrong_usage_is_one_clear_line) {
  for (const auto& [arguments, part] : {
           std::pair("",
                     "a sub-command is required: plugins, config, ps, tree, top, dump, reap, doctor, new or "
                     "completion"),
           std::pair("frobnicate", "there is no command 'frobnicate': known are plugins, config, ps"),
           std::pair("--frobnicate", "--frobnicate"),
           std::pair("reap --parent x", "--parent: expected the number of a process, found 'x' (see"),
           std::pair("reap --parent 0", "--parent: expected the number of a process, found '0' (see"),
           std::pair("plugins frobnicate", "frobnicate"),
           std::pair("plugins --frobnicate", "--frobnicate"),
           std::pair("plugins check", "FILE is required"),
           std::pair("plugins show", "KEY is required"),
           std::pair("config --frobnicate", "unknown flag '--frobnicate'"),
           std::pair("config --ll loudest", "no log level 'loudest'"),
       }) {
    const outcome it = run(arguments);
    EXPECT_EQ(it.code, 2) << arguments;
    EXPECT_EQ(it.out, "") << arguments;
    EXPECT_TRUE(it.err.starts_with("tractor: ") && contains(it.err, part)) << arguments << ": " << it.err;
    EXPECT_EQ(it.err.find('\n'), it.err.size() - 1) << arguments << ": " << it.err;
  }
}

TEST(tractor_cli, every_command_takes_every_flag_of_the_runtime) {
  const std::string flags =
      " --spawn-backend sample --tpt-proto sample --registry-addr 127.0.0.1:1616 --ll info --tl devx:info"
      " --debug-mode --tpdb --enable-stackscope --config /dev/null --insecure --allow-keyless-peers"
      " --plugin-path " +
      plugins + "/good ";
  for (const std::string command :
       {"plugins --json", "plugins list --json", "plugins show sample --json", "plugins check nowhere.so",
        "config --json", "ps --json", "tree --json", "top --once", "dump nobody_has_this_name",
        "reap --parent 2000000000", "reap -n --parent 1", "doctor", "new transport pigeon",
        "new backend pigeon", "completion bash"}) {
    const int code =
        run(command + " --plugin-path " + plugins + "/good --spawn-backend sample --tpt-proto sample").code;
    for (const std::string& line : {command + flags, flags + command}) {
      const outcome it = run(line);
      EXPECT_EQ(it.code, code) << line << ": " << it.err;
      EXPECT_NE(it.code, 2) << line << ": " << it.err;
    }
    const outcome wrong = run(command + " --ll loudest");
    EXPECT_EQ(wrong.code, 2) << command;
    EXPECT_TRUE(wrong.err.starts_with("tractor: --ll: no log level 'loudest'")) << wrong.err;
    EXPECT_EQ(wrong.out, "") << command;
  }
}

TEST(tractor_cli, the_help_of_every_command_names_the_flags_of_the_runtime) {
  for (const std::string command :
       {"", "plugins", "plugins list", "plugins show", "plugins check", "config", "ps", "tree", "top", "dump",
        "reap", "doctor", "new", "new transport", "new backend", "completion"}) {
    const std::string help = run(command + " --help").out;
    for (const char* flag : {"--spawn-backend KEY", "--tpt-proto KEY", "--ll LEVEL", "--plugin-path FOLDERS",
                             "--config FILE", "--allow-keyless-peers"})
      EXPECT_TRUE(contains(help, flag)) << command << ": " << help;
  }
}

TEST(tractor_cli, the_name_of_a_command_is_no_transport) {
  EXPECT_EQ(run("--tpt-proto sample ps").code, 0);
  EXPECT_EQ(run("plugins --tpt-proto sample other list").out, run("plugins list").out);
  EXPECT_TRUE(contains(run("ps -- --ll info").err, "--ll")) << "what stands after -- is no flag";
}

TEST(tractor_cli, a_folder_of_plugins_may_be_relative_but_not_where_programs_are_shown_what_they_see) {
  const std::string folder = "$(realpath --relative-to=. " + plugins + "/good)";
  EXPECT_TRUE(contains(run("--plugin-path=" + folder + " plugins").out, " sample "));
  EXPECT_EQ(run("reap -n --parent 1 --plugin-path " + folder).code, 0);
  const outcome it = run("config --plugin-path " + folder);
  EXPECT_EQ(it.code, 2);
  EXPECT_TRUE(contains(it.err, "--plugin-path: expected whole paths, from /, found '")) << it.err;
}

TEST(tractor_cli, what_looks_at_actors_needs_no_settings_unless_it_is_given_some) {
  const environment level("TRACTOR_LOGLEVEL", "loudest");
  EXPECT_EQ(run("ps").code, 0);
  EXPECT_EQ(run("--help").code, 0);
  const outcome it = run("ps --config /dev/null");
  EXPECT_EQ(it.code, 2);
  EXPECT_TRUE(it.err.starts_with("tractor: TRACTOR_LOGLEVEL: no log level 'loudest'")) << it.err;
}

TEST(tractor_cli, lists_plugins_with_their_capabilities_and_why_some_are_refused) {
  const outcome it = run("plugins --plugin-path " + plugins + "/good:" + plugins + "/bad");
  EXPECT_EQ(it.code, 0) << it.err;
  // The width of the columns depends on what else is built.
  const std::string table = squeezed(it.out);
  EXPECT_TRUE(contains(table, "KIND KEY ALIASES")) << it.out;
  EXPECT_TRUE(contains(table, "spawn sample - 1.0 good fork, batch")) << it.out;
  EXPECT_TRUE(contains(table, "transport sample sample_alias, probe 1.2 good encrypts")) << it.out;
  EXPECT_TRUE(contains(it.out, "refused (wrong ABI): " + plugins + "/bad/libtractor_transport_foreign.so: "))
      << it.out;
  EXPECT_TRUE(contains(it.out, "refused (not created): ")) << it.out;
  EXPECT_TRUE(contains(it.out, "ABI of this kernel: tractor-")) << it.out;
  EXPECT_EQ(run("plugins list --plugin-path " + plugins + "/good").out,
            run("plugins --plugin-path " + plugins + "/good").out);
}

TEST(tractor_cli, a_relative_plugin_path_is_refused_in_the_environment) {
  const environment variable("TRACTOR_PLUGIN_PATH", "plugins");
  const outcome it = run("plugins");
  EXPECT_EQ(it.code, 1);
  EXPECT_TRUE(contains(it.err, "the plugin folder 'plugins' of TRACTOR_PLUGIN_PATH is relative")) << it.err;
}

TEST(tractor_cli, a_plugin_path_that_a_person_types_may_be_relative) {
  const outcome it = run("plugins --plugin-path $(realpath --relative-to=. " + plugins + "/good)");
  EXPECT_EQ(it.code, 0) << it.err;
  EXPECT_TRUE(contains(it.out, "sample_alias")) << it.out << it.err;
}

TEST(tractor_cli, shows_one_plugin_by_key_or_alias) {
  const outcome it = run("plugins show probe --plugin-path " + plugins + "/good");
  EXPECT_EQ(it.code, 0) << it.err;
  for (const char* part :
       {"kind          transport\n", "key           sample\n", "aliases       sample_alias, probe\n",
        "version       1.2\n", "summary       carries nothing, for tests\n", "abi           tractor-",
        "capabilities  encrypts\n", "state         good\n"})
    EXPECT_TRUE(contains(it.out, part)) << part << it.out;
  EXPECT_TRUE(contains(it.out, "path          " + plugins + "/good/libtractor_transport_sample.so\n"))
      << it.out;
}

TEST(tractor_cli, shows_plugins_of_both_kinds_that_have_the_key) {
  const outcome it = run("plugins show sample --plugin-path " + plugins + "/good");
  EXPECT_TRUE(contains(it.out, "kind          spawn\n") && contains(it.out, "kind          transport\n"))
      << it.out;
}

TEST(tractor_cli, an_unknown_key_lists_the_known_ones) {
  const outcome it = run("plugins show smaple --plugin-path " + plugins + "/good");
  EXPECT_EQ(it.code, 1);
  EXPECT_TRUE(contains(it.err, "tractor: no plugin has the key or alias 'smaple': known are ")) << it.err;
  EXPECT_TRUE(contains(it.err, "spawn sample, transport sample")) << it.err;
}

TEST(tractor_cli, shows_why_a_plugin_is_refused) {
  const outcome it = run("plugins show foreign --plugin-path " + plugins + "/bad");
  EXPECT_EQ(it.code, 1);
  EXPECT_TRUE(contains(it.out, "state         refused: wrong ABI\n")) << it.out;
  EXPECT_TRUE(
      contains(it.out, "reason        " + plugins + "/bad/libtractor_transport_foreign.so: compiled for"))
      << it.out;
}

TEST(tractor_cli, checks_one_file) {
  const outcome good = run("plugins check " + plugins + "/good/libtractor_spawn_sample.so");
  EXPECT_EQ(good.code, 0) << good.out;
  EXPECT_TRUE(contains(good.out, "capabilities  fork, batch\n")) << good.out;
  const outcome bad = run("plugins check " + plugins + "/bad/libtractor_transport_bare.so");
  EXPECT_EQ(bad.code, 1);
  EXPECT_TRUE(contains(bad.out, "state         refused: no descriptor\n")) << bad.out;
  const outcome none = run("plugins check nowhere.so");
  EXPECT_EQ(none.code, 1);
  EXPECT_TRUE(contains(none.out, "refused: not found")) << none.out;
}

// Nothing that is read before the dynamic linker tells: only the place that it follows blindly is wrong.
std::string with_a_wild_dynamic_section(const std::string& plugin, const temporary_folder& folder) {
  std::ifstream in(plugin, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  ElfW(Ehdr) head;
  std::memcpy(&head, bytes.data(), sizeof head);
  for (int i = 0; i < head.e_phnum; ++i) {
    const std::size_t at = head.e_phoff + static_cast<std::size_t>(i) * head.e_phentsize;
    ElfW(Phdr) segment;
    std::memcpy(&segment, &bytes[at], sizeof segment);
    if (segment.p_type != PT_DYNAMIC) continue;
    segment.p_vaddr = 0x123456789000;
    std::memcpy(&bytes[at], &segment, sizeof segment);
  }
  return folder.write(plugin.substr(plugin.rfind('/') + 1), bytes);
}

TEST(tractor_cli, a_file_that_kills_who_loads_it_is_refused_in_words) {
  const temporary_folder folder;
  const std::string damaged =
      with_a_wild_dynamic_section(plugins + "/good/libtractor_transport_sample.so", folder);
  const outcome it = run("plugins check " + damaged);
  EXPECT_EQ(it.code, 1) << it.err;
  EXPECT_TRUE(contains(it.out, "state         refused: not loadable\n")) << it.out;
  EXPECT_TRUE(contains(it.out, damaged + ": cannot be loaded: the process that tried it died of SIG"))
      << it.out;
  const outcome listed = run("plugins list --plugin-path " + folder.path());
  EXPECT_EQ(listed.code, 0) << listed.err;
  EXPECT_TRUE(contains(listed.out, "the file is damaged: build it or copy it again")) << listed.out;
}

TEST(tractor_cli, a_pipe_with_the_name_of_a_plugin_holds_nobody_up) {
  const temporary_folder folder;
  const std::string pipe = folder.path() + "/libtractor_transport_pipe.so";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const outcome it = run("plugins check " + pipe);
  EXPECT_EQ(it.code, 1);
  EXPECT_TRUE(contains(it.out, pipe + ": is no regular file")) << it.out;
  const outcome listed = run("plugins list --plugin-path " + folder.path());
  EXPECT_TRUE(contains(listed.out, pipe + ": is no regular file")) << listed.out;
}

TEST(tractor_cli, writes_json) {
  const outcome it = run("plugins check --json " + plugins + "/good/libtractor_transport_sample.so");
  EXPECT_EQ(it.code, 0);
  EXPECT_TRUE(it.out.starts_with(
      R"([{"kind":"transport","key":"sample","aliases":["sample_alias","probe"],"version":"1.2",)"))
      << it.out;
  EXPECT_TRUE(contains(it.out, R"("capabilities":["encrypts"])")) << it.out;
  EXPECT_TRUE(contains(it.out, R"("good":true,"fault":null,"reason":null}])")) << it.out;
  const outcome bad = run("plugins check --json " + plugins + "/bad/libtractor_transport_bare.so");
  EXPECT_EQ(bad.code, 1);
  EXPECT_TRUE(contains(bad.out, R"("good":false,"fault":"no descriptor","reason":")")) << bad.out;
}

TEST(tractor_cli, shows_the_settings_with_their_origin) {
  const environment method("TRACTOR_SPAWN_METHOD", "sample"), level("TRACTOR_LOGLEVEL", nullptr);
  const outcome it =
      run("config --ll cancel --spawn-backend of_flag --plugin-path /opt/p:" + plugins + "/good");
  EXPECT_EQ(it.code, 0) << it.err;
  EXPECT_TRUE(contains(it.out, " flag\n") && contains(it.out, "loglevel ") && contains(it.out, "/opt/p"))
      << it.out;
  EXPECT_TRUE(contains(it.out, " sample ") && contains(it.out, " environment\n")) << it.out;
  EXPECT_EQ(it.err, "tractor: TRACTOR_SPAWN_METHOD=sample overrides --spawn-backend of_flag\n");
  EXPECT_TRUE(contains(run("config --json --plugin-path " + plugins + "/good").out,
                       R"({"name":"timeouts.hard_kill","value":"1600ms","origin":"built in"})"));
}

TEST(tractor_cli, settings_with_a_key_that_no_plugin_has_are_shown_and_wrong) {
  const environment method("TRACTOR_SPAWN_METHOD", "nope"), level("TRACTOR_LOGLEVEL", nullptr);
  const outcome it = run("config");
  EXPECT_EQ(it.code, 2);
  EXPECT_TRUE(contains(it.out, "nope")) << it.out;
  EXPECT_TRUE(it.err.starts_with("tractor: TRACTOR_SPAWN_METHOD: unknown spawn backend 'nope'")) << it.err;
}

}  // namespace
}  // namespace tractor::cli_test
