#include "tractor/plugin/registry.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <type_traits>

#include "../log/captured_log.hpp"
#include "temporary_folder.hpp"
#include "tractor/plugin/descriptor.hpp"
#include "tractor/plugin/spawn_backend.hpp"
#include "tractor/plugin/transport.hpp"

namespace tractor::plugin::registry_test {
namespace {

namespace fs = std::filesystem;
using test::temporary_folder;

static_assert(!std::is_copy_constructible_v<registry> && !std::is_move_constructible_v<registry>);

const std::string plugins = TRACTOR_TEST_PLUGINS;
const std::string bad = plugins + "/bad";

search_path path_of(std::initializer_list<std::string> folders) {
  search_path out;
  for (const auto& it : folders) out.add(it, "the test");
  return out;
}

/// Returns "fault: text" of what the body throws.
std::string error_of(auto&& body) {
  try {
    body();
  } catch (const plugin_error& error) {
    return to_string(error.fault()) + ": " + error.what();
  }
  return "no error";
}

std::string transport_error(const search_path& folders, const std::string& key) {
  return error_of([&] { registry(folders).transport(key); });
}

const plugin_info* find(const std::vector<plugin_info>& all, const std::string& kind,
                        const std::string& key) {
  const auto it =
      std::ranges::find_if(all, [&](const auto& one) { return one.kind == kind && one.key == key; });
  return it == all.end() ? nullptr : &*it;
}

TEST(plugin_registry, loads_a_transport_by_key) {
  registry it(path_of({plugins + "/good"}));
  EXPECT_TRUE(it.transport("sample").encrypts()) << "the interface pointer must be that of the second base";
  EXPECT_EQ(it.transport("sample").default_registry().text(), "/sample/registry");
}

TEST(plugin_registry, loads_a_spawn_backend_by_key) {
  registry it(path_of({plugins + "/good"}));
  EXPECT_TRUE(has(it.spawn("sample").caps(), spawn_capability::fork));
  EXPECT_FALSE(has(it.spawn("sample").caps(), spawn_capability::debugger));
}

TEST(plugin_registry, makes_one_object_whatever_name_it_is_asked_by) {
  registry it(path_of({plugins + "/good"}));
  EXPECT_EQ(&it.transport("sample"), &it.transport("sample"));
  EXPECT_EQ(&it.transport("sample"), &it.transport("probe"));
  EXPECT_EQ(it.resolve("transport", "sample_alias"), "sample");
  EXPECT_EQ(it.resolve("spawn", "sample"), "sample");
}

TEST(plugin_registry, a_trusted_key_is_found_by_its_file_and_others_are_not_looked_at) {
  const temporary_folder folder;
  const std::string name = "libtractor_transport_sample.so";
  // Two files of one name: refused by whoever reads both folders.
  fs::copy(plugins + "/good/" + name, folder.path());
  registry reading(path_of({folder.path(), plugins + "/good"}));
  EXPECT_EQ(error_of([&] { reading.transport("sample"); }).substr(0, 9), "conflict:");
  registry trusting(path_of({"/nowhere", plugins + "/good", folder.path()}));
  trusting.trust_keys();
  EXPECT_EQ(trusting.transport("sample").default_registry().text(), "/sample/registry");
  EXPECT_EQ(trusting.resolve("transport", "sample"), "sample");
}

TEST(plugin_registry, a_name_without_a_file_is_looked_for_in_the_folders_even_if_keys_are_trusted) {
  registry it(path_of({plugins + "/good"}));
  it.trust_keys();
  EXPECT_EQ(it.resolve("transport", "sample_alias"), "sample");
  EXPECT_EQ(&it.transport("probe"), &it.transport("sample"));
  EXPECT_EQ(error_of([&] { it.transport("smaple"); }).substr(0, 12), "unknown key:");
  EXPECT_EQ(error_of([&] { it.transport("../sample"); }).substr(0, 12), "unknown key:");
}

TEST(plugin_registry, a_file_that_is_no_plugin_is_refused_even_if_keys_are_trusted) {
  const temporary_folder folder;
  const std::string file = folder.write("libtractor_transport_text.so", "#!/bin/sh\n");
  registry it(path_of({folder.path()}));
  it.trust_keys();
  EXPECT_EQ(error_of([&] { it.transport("text"); }),
            "not an ELF file: " + file + ": not an ELF file, so no plugin");
}

TEST(plugin_registry, an_unknown_key_lists_the_known_ones_and_the_paths_tried) {
  EXPECT_EQ(transport_error(path_of({plugins + "/good"}), "smaple"),
            "unknown key: unknown transport 'smaple': known are sample (or sample_alias, probe); tried " +
                plugins + "/good/libtractor_transport_smaple.so");
  EXPECT_EQ(error_of([] { registry(path_of({plugins + "/good"})).spawn("probe"); }),
            "unknown key: unknown spawn backend 'probe': known are sample; tried " + plugins +
                "/good/libtractor_spawn_probe.so")
      << "an alias of a transport is none of a backend";
}

TEST(plugin_registry, a_kind_without_any_plugin_names_every_path_tried) {
  EXPECT_EQ(
      transport_error(path_of({"/nowhere/a", "/nowhere/b"}), "sample"),
      "not found: no plugin for the transport 'sample': tried /nowhere/a/libtractor_transport_sample.so, "
      "/nowhere/b/libtractor_transport_sample.so: set --plugin-path or TRACTOR_PLUGIN_PATH");
}

TEST(plugin_registry, a_key_that_is_no_file_name_is_shown_escaped) {
  const std::string text = transport_error(path_of({plugins + "/good"}), "../\x1b[2J");
  EXPECT_EQ(text.substr(0, 47), "unknown key: unknown transport '../\\x1b[2J': kn");
}

TEST(plugin_registry, a_file_that_is_no_elf_is_refused) {
  const temporary_folder folder;
  const std::string file = folder.write("libtractor_transport_text.so", "#!/bin/sh\n");
  EXPECT_EQ(transport_error(path_of({folder.path()}), "text"),
            "not an ELF file: " + file + ": not an ELF file, so no plugin");
  folder.write("libtractor_transport_text.so", "");
  EXPECT_EQ(transport_error(path_of({folder.path()}), "text"),
            "not an ELF file: " + file + ": not an ELF file, so no plugin");
}

TEST(plugin_registry, a_library_without_descriptor_is_refused) {
  EXPECT_EQ(
      transport_error(path_of({bad}), "bare"),
      "no descriptor: " + bad +
          "/libtractor_transport_bare.so: exports no 'tractor_plugin', so it is no plugin (or hides its "
          "symbols)");
}

TEST(plugin_registry, another_abi_is_refused_with_both_texts_and_runs_no_code) {
  ::unsetenv("TRACTOR_TEST_FOREIGN_CODE_RAN");
  EXPECT_EQ(
      transport_error(path_of({bad}), "foreign"),
      "wrong ABI: " + bad +
          "/libtractor_transport_foreign.so: compiled for another ABI: the plugin says 'tractor-1 gcc-4', "
          "this kernel says '" +
          std::string(compose_abi().view()) +
          "': compile it again with the compiler and the headers of this kernel");
  EXPECT_EQ(std::getenv("TRACTOR_TEST_FOREIGN_CODE_RAN"), nullptr);
}

TEST(plugin_registry, a_wrong_magic_is_refused) {
  EXPECT_EQ(
      transport_error(path_of({bad}), "magic"),
      "bad descriptor: " + bad +
          "/libtractor_transport_magic.so: its 'tractor_plugin' is no descriptor: its magic is 0x12345678, "
          "and not 0x4c505254");
}

TEST(plugin_registry, a_short_descriptor_is_refused) {
  EXPECT_EQ(transport_error(path_of({bad}), "short"),
            "bad descriptor: " + bad +
                "/libtractor_transport_short.so: its descriptor has a size of 48 bytes, and not the " +
                std::to_string(sizeof(tractor_plugin_descriptor)) + " of this kernel: compile it again");
}

TEST(plugin_registry, a_text_without_end_is_refused) {
  EXPECT_EQ(
      transport_error(path_of({bad}), "endless"),
      "bad descriptor: " + bad + "/libtractor_transport_endless.so: a text of its descriptor has no end");
}

TEST(plugin_registry, a_key_that_is_not_that_of_the_file_name_is_refused) {
  EXPECT_EQ(
      transport_error(path_of({bad}), "renamed"),
      "wrong name: " + bad +
          "/libtractor_transport_renamed.so: the file's name says transport 'renamed', its descriptor says "
          "transport 'twin': rename it to libtractor_transport_twin.so");
}

TEST(plugin_registry, a_kind_that_is_not_that_of_the_file_name_is_refused) {
  EXPECT_EQ(error_of([] { registry(path_of({bad})).spawn("twin"); }),
            "wrong name: " + bad +
                "/libtractor_spawn_twin.so: the file's name says spawn 'twin', its descriptor says transport "
                "'twin': rename it to libtractor_transport_twin.so");
}

TEST(plugin_registry, what_the_loader_refuses_is_told_in_its_own_words) {
  const std::string text = transport_error(path_of({bad}), "unloadable");
  EXPECT_EQ(text.substr(0, text.find(": undefined symbol")),
            "not loadable: " + bad + "/libtractor_transport_unloadable.so: cannot be loaded: " + bad +
                "/libtractor_transport_unloadable.so");
  EXPECT_NE(text.find("nobody_defines_this"), std::string::npos) << text;
  EXPECT_EQ(text.find("escriptor"), std::string::npos) << "no 'Bad file descriptor' or the like: " << text;
}

TEST(plugin_registry, a_plugin_that_cannot_be_created_says_why) {
  EXPECT_EQ(transport_error(path_of({bad}), "throwing"),
            "not created: " + bad +
                "/libtractor_transport_throwing.so: its object cannot be created: no such device");
}

TEST(plugin_registry, two_files_with_one_key_are_an_error_that_names_both) {
  EXPECT_EQ(transport_error(path_of({plugins + "/key_twin", plugins + "/good"}), "sample"),
            "conflict: two plugins claim the transport 'sample': " + plugins +
                "/good/libtractor_transport_sample.so and " + plugins +
                "/key_twin/libtractor_transport_sample.so: take one of them off the plugin path");
}

TEST(plugin_registry, two_files_with_one_alias_are_an_error_that_names_both) {
  const search_path folders = path_of({plugins + "/good", plugins + "/alias_twin"});
  const std::string text = "conflict: two plugins claim the transport 'probe': " + plugins +
                           "/alias_twin/libtractor_transport_twin.so and " + plugins +
                           "/good/libtractor_transport_sample.so: take one of them off the plugin path";
  EXPECT_EQ(transport_error(folders, "probe"), text);
  EXPECT_EQ(transport_error(folders, "twin"), text);
  EXPECT_NO_THROW(registry(folders).spawn("sample")) << "kinds have nothing to do with each other";
}

TEST(plugin_registry, one_file_that_is_reached_in_two_ways_is_no_conflict) {
  const temporary_folder folder;
  fs::create_directory_symlink(plugins + "/good", folder.path() + "/link");
  registry it(path_of({plugins + "/good", folder.path() + "/link"}));
  EXPECT_EQ(it.list().size(), 2u);
  EXPECT_NO_THROW(it.transport("sample"));
}

TEST(plugin_registry, a_folder_or_file_that_everybody_may_write_is_refused) {
  const temporary_folder folder;
  const std::string file = folder.path() + "/libtractor_transport_sample.so";
  fs::copy_file(plugins + "/good/libtractor_transport_sample.so", file);
  fs::permissions(folder.path(), fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(transport_error(path_of({folder.path()}), "sample"),
            "insecure: " + file + ": its folder can be written by everybody: chmod o-w " + folder.path());
  fs::permissions(folder.path(), fs::perms::others_write, fs::perm_options::remove);
  fs::permissions(file, fs::perms::others_write, fs::perm_options::add);
  EXPECT_EQ(transport_error(path_of({folder.path()}), "sample"),
            "insecure: " + file + ": the file can be written by everybody: chmod o-w " + file);
  fs::permissions(file, fs::perms::others_write, fs::perm_options::remove);
  EXPECT_NO_THROW(registry(path_of({folder.path()})).transport("sample"));
}

TEST(plugin_registry, a_link_into_a_folder_that_everybody_may_write_is_refused) {
  const temporary_folder safe, open;
  const std::string file = safe.path() + "/libtractor_transport_sample.so";
  fs::copy_file(plugins + "/good/libtractor_transport_sample.so", open.path() + "/real.so");
  fs::permissions(open.path(), fs::perms::others_write, fs::perm_options::add);
  fs::create_symlink(open.path() + "/real.so", file);
  EXPECT_EQ(
      transport_error(path_of({safe.path()}), "sample"),
      "insecure: " + file + ": the folder it leads to can be written by everybody: chmod o-w " + open.path());
}

TEST(plugin_registry, a_refused_file_does_not_hide_a_good_one) {
  const temporary_folder folder;
  folder.write("libtractor_transport_sample.so", "rubbish");
  const search_path folders = path_of({folder.path(), plugins + "/good"});
  EXPECT_NO_THROW(registry(folders).transport("sample"));
  // Nor in a child, which takes its parent's word that the key is good.
  registry trusting(folders);
  trusting.trust_keys();
  EXPECT_NO_THROW(trusting.transport("sample"));
}

TEST(plugin_registry, a_refused_file_that_is_passed_over_is_told_as_a_warning) {
  const temporary_folder folder;
  folder.write("libtractor_transport_sample.so", "rubbish");
  const log::test::captured_log captured;
  log::apply(log::parse_spec("plugin:warning"));
  registry(path_of({folder.path(), plugins + "/good"})).transport("sample");
  ASSERT_EQ(captured.lines.size(), 1u);
  EXPECT_NE(captured.lines[0].find("WARNING plugin " + folder.path() + "/libtractor_transport_sample.so"),
            std::string::npos)
      << captured.lines[0];
}

TEST(plugin_registry, finds_a_plugin_that_was_put_there_later) {
  const temporary_folder folder;
  registry it(path_of({folder.path()}));
  EXPECT_THROW(it.transport("sample"), plugin_error);
  fs::copy_file(plugins + "/good/libtractor_transport_sample.so",
                folder.path() + "/libtractor_transport_sample.so");
  EXPECT_NO_THROW(it.transport("sample"));
}

TEST(plugin_registry, lists_good_and_refused_plugins) {
  registry it(path_of({plugins + "/good", bad}));
  const auto all = it.list();
  const plugin_info* const good = find(all, "transport", "sample");
  ASSERT_NE(good, nullptr);
  EXPECT_TRUE(good->good());
  EXPECT_EQ(good->version, "1.2");
  EXPECT_EQ(good->summary, "carries nothing, for tests");
  EXPECT_EQ(good->aliases, (std::vector<std::string>{"sample_alias", "probe"}));
  EXPECT_EQ(good->abi, compose_abi().view());
  const plugin_info* const foreign = find(all, "transport", "foreign");
  ASSERT_NE(foreign, nullptr);
  EXPECT_EQ(foreign->fault, fault::wrong_abi);
  EXPECT_EQ(foreign->abi, "tractor-1 gcc-4");
  EXPECT_NE(foreign->reason.find("tractor-1 gcc-4"), std::string::npos);
  EXPECT_EQ(find(all, "transport", "sometransport"), nullptr) << "other files of the folder are no plugins";
}

TEST(plugin_registry, check_says_what_a_plugin_can_do) {
  registry it(path_of({}));
  const plugin_info spawn = it.check(plugins + "/good/libtractor_spawn_sample.so");
  EXPECT_TRUE(spawn.good()) << spawn.reason;
  EXPECT_EQ(spawn.capabilities, (std::vector<std::string>{"fork", "batch"}));
  EXPECT_EQ(it.check(plugins + "/good/libtractor_transport_sample.so").capabilities,
            std::vector<std::string>{"encrypts"});
}

TEST(plugin_registry, check_never_throws_for_a_bad_plugin) {
  registry it(path_of({}));
  EXPECT_EQ(it.check("x.so").reason, "'x.so' is relative: give the whole path of the plugin, from /");
  EXPECT_EQ(it.check("/nowhere/libtractor_transport_x.so").fault, fault::not_found);
  EXPECT_EQ(it.check(bad + "/sometransport.so").reason,
            bad +
                "/sometransport.so: a plugin's file is named libtractor_<kind>_<key>.so, this one "
                "'libtractor_transport_twin.so'");
  EXPECT_EQ(it.check(bad + "/libtractor_transport_throwing.so").fault, fault::not_created);
  EXPECT_EQ(it.check(bad + "/libtractor_transport_unloadable.so").fault, fault::not_loadable);
  EXPECT_EQ(it.check(bad).fault, fault::not_elf) << "a folder is no file";
}

TEST(plugin_registry, a_cut_off_plugin_is_refused_wherever_it_is_cut) {
  const temporary_folder folder;
  const std::string whole = plugins + "/good/libtractor_transport_sample.so";
  const std::string file = folder.path() + "/libtractor_transport_sample.so";
  const auto size = fs::file_size(whole);
  for (int part = 1; part < 20; ++part) {
    fs::copy_file(whole, file, fs::copy_options::overwrite_existing);
    fs::resize_file(file, size * part / 20);
    registry it(path_of({folder.path()}));
    EXPECT_FALSE(it.list().at(0).good()) << part;
  }
}

TEST(plugin_descriptor, the_abi_text_names_compiler_library_and_sizes) {
  const std::string text(compose_abi().view());
  for (const char* part : {"tractor-5 ", "cxx11abi-1", "boost-1_81", "pointer=8", "io=", "promise="})
    EXPECT_NE(text.find(part), std::string::npos) << text;
}

TEST(plugin_search_path, keeps_order_and_drops_repetitions) {
  search_path it;
  it.add_list("/b:/a/::/b", "TRACTOR_PLUGIN_PATH");
  it.add("/c", "the config file");
  ASSERT_EQ(it.folders().size(), 3u);
  EXPECT_EQ(it.folders()[0].path, "/b");
  EXPECT_EQ(it.folders()[1].path, "/a");
  EXPECT_EQ(it.folders()[2].origin, "the config file");
}

TEST(plugin_search_path, a_relative_folder_is_refused) {
  EXPECT_EQ(
      error_of([] { search_path().add_list("/a:plugins", "TRACTOR_PLUGIN_PATH"); }),
      "relative path: the plugin folder 'plugins' of TRACTOR_PLUGIN_PATH is relative: give its whole path, "
      "from /");
  EXPECT_NE(error_of([] { search_path().add(".", "--plugin-path"); }), "no error");
  EXPECT_NE(error_of([] { search_path().add("", "--plugin-path"); }), "no error");
}

TEST(plugin_search_path, is_composed_of_flag_environment_config_and_the_built_in_folder) {
  ::setenv("TRACTOR_PLUGIN_PATH", "/env1:/env2", 1);
  const auto folders = search_path::compose({"/flag"}, {"/config"}).folders();
  ::unsetenv("TRACTOR_PLUGIN_PATH");
  ASSERT_EQ(folders.size(), 5u);
  EXPECT_EQ(folders[0].path, "/flag");
  EXPECT_EQ(folders[1].path, "/env1");
  EXPECT_EQ(folders[2].path, "/env2");
  EXPECT_EQ(folders[3].path, "/config");
  EXPECT_EQ(folders[4].path, built_in_folder());
  EXPECT_TRUE(built_in_folder().starts_with('/'));
  EXPECT_TRUE(built_in_folder().ends_with("/tractor/plugins"));
}

}  // namespace
}  // namespace tractor::plugin::registry_test
