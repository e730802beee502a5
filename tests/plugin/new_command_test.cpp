// `tractor new`: what it refuses, and that nothing is left then. tests/tooling/test_third_party.sh builds
// what it writes.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "cli_support.hpp"
#include "temporary_folder.hpp"

namespace tractor::new_command_test {
namespace {

using cli_test::contains;
using cli_test::outcome;
using cli_test::run_in;
using plugin::test::temporary_folder;
using names = std::set<std::string>;

names names_in(const std::string& folder) {
  names out;
  for (const auto& it : std::filesystem::directory_iterator(folder))
    out.insert(it.path().filename().string());
  return out;
}

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool is_one_line(const std::string& text) {
  return text.starts_with("tractor: ") && text.find('\n') == text.size() - 1;
}

TEST(tractor_new, writes_a_project_of_each_kind_with_the_key_in_it) {
  for (const auto& [kind, source, function] :
       {std::tuple("transport", "transport.cpp", "tractor_add_transport(pigeon "),
        std::tuple("backend", "backend.cpp", "tractor_add_spawn_backend(pigeon ")}) {
    const temporary_folder folder;
    const outcome it = run_in(folder.path(), std::string("new ") + kind + " pigeon");
    EXPECT_EQ(it.code, 0) << it.err;
    EXPECT_TRUE(it.out.starts_with("./pigeon: ")) << it.out;
    const std::string project = folder.path() + "/pigeon/";
    EXPECT_EQ(names_in(project), (names{"CMakeLists.txt", "README.md", source}));
    EXPECT_TRUE(contains(text_of(project + "CMakeLists.txt"), function));
    EXPECT_TRUE(contains(text_of(project + source), "key = \"pigeon\";"));
    EXPECT_TRUE(contains(text_of(project + "README.md"), "tractor plugins check build/lib"));
    for (const std::string& name : names_in(project))
      EXPECT_FALSE(contains(text_of(project + name), "sample")) << name;
  }
}

TEST(tractor_new, what_it_writes_is_the_sample_but_for_the_key) {
  const temporary_folder folder;
  EXPECT_EQ(run_in(folder.path(), "new transport sample_abstract").code, 0);
  EXPECT_EQ(run_in(folder.path(), "new backend sample_nice").code, 0);
  for (const std::string key : {"sample_abstract", "sample_nice"})
    for (const std::string& name : names_in(folder.path() + "/" + key))
      EXPECT_EQ(text_of(folder.path() + "/" + key + "/" + name),
                text_of(TRACTOR_TEST_SAMPLES "/" + key + "/" + name));
}

TEST(tractor_new, a_key_may_be_the_name_of_a_command) {
  const temporary_folder folder;
  for (const std::string key : {"plugins", "new", "transport", "backend"}) {
    const outcome it = run_in(folder.path(), "new transport " + key);
    EXPECT_EQ(it.code, 0) << key << ": " << it.err;
    EXPECT_TRUE(std::filesystem::exists(folder.path() + "/" + key + "/transport.cpp")) << key;
  }
}

TEST(tractor_new, makes_the_folders_above_and_takes_an_empty_one) {
  const temporary_folder folder;
  EXPECT_EQ(run_in(folder.path(), "new backend cloud --in some/where").code, 0);
  EXPECT_TRUE(std::filesystem::exists(folder.path() + "/some/where/backend.cpp"));
  const outcome here = run_in(folder.path() + "/some", "new backend cloud --in .", "mkdir empty && cd empty");
  EXPECT_EQ(here.code, 0) << here.err;
  EXPECT_TRUE(std::filesystem::exists(folder.path() + "/some/empty/backend.cpp"));
}

TEST(tractor_new, a_name_that_is_no_key_is_refused) {
  const temporary_folder folder;
  for (const std::string& name :
       {std::string("Pigeon"), std::string("1st"), std::string("_pigeon"), std::string("car-rier"),
        std::string("../up"), std::string("''"), std::string(48, 'a')}) {
    const outcome it = run_in(folder.path(), "new transport " + name);
    EXPECT_EQ(it.code, 2) << name;
    EXPECT_EQ(it.out, "") << name;
    EXPECT_TRUE(is_one_line(it.err) && contains(it.err, "small letters, digits and _")) << name << it.err;
  }
  EXPECT_EQ(names_in(folder.path()), names{});
  EXPECT_EQ(run_in(folder.path(), "new transport " + std::string(47, 'a')).code, 0);
}

TEST(tractor_new, a_key_that_a_plugin_has_already_is_refused) {
  const temporary_folder folder;
  const plugin::test::environment plugins("TRACTOR_PLUGIN_PATH", TRACTOR_TEST_PLUGINS "/good");
  for (const std::string name : {"transport sample", "transport probe", "backend sample"}) {
    const outcome it = run_in(folder.path(), "new " + name);
    EXPECT_EQ(it.code, 2) << name;
    EXPECT_TRUE(is_one_line(it.err) &&
                contains(it.err, "' is taken by " TRACTOR_TEST_PLUGINS "/good/libtractor_"))
        << name << ": " << it.err;
  }
  EXPECT_EQ(names_in(folder.path()), names{});
  EXPECT_EQ(run_in(folder.path(), "new backend probe").code, 0)
      << "an alias of a transport is free for a backend";
}

TEST(tractor_new, wrong_usage_is_one_clear_line) {
  const temporary_folder folder;
  for (const auto& [arguments, part] :
       {std::pair("new", "a kind is required: transport or backend"),
        std::pair("new frobnicate", "frobnicate"), std::pair("new transport", "NAME is required"),
        std::pair("new transport a b", "b"), std::pair("new transport a --frobnicate", "--frobnicate"),
        std::pair("new transport a --in", "--in")}) {
    const outcome it = run_in(folder.path(), arguments);
    EXPECT_EQ(it.code, 2) << arguments;
    EXPECT_TRUE(is_one_line(it.err) && contains(it.err, part)) << arguments << ": " << it.err;
  }
  EXPECT_EQ(names_in(folder.path()), names{});
}

TEST(tractor_new, a_folder_in_use_and_a_file_are_left_alone) {
  const temporary_folder folder;
  std::filesystem::create_directory(folder.path() + "/pigeon");
  folder.write("pigeon/mine", "text");
  folder.write("cloud", "text");
  const outcome used = run_in(folder.path(), "new transport pigeon");
  EXPECT_EQ(used.code, 2);
  EXPECT_EQ(used.err, "tractor: the folder './pigeon' is not empty\n");
  EXPECT_EQ(names_in(folder.path() + "/pigeon"), names{"mine"});
  const outcome file = run_in(folder.path(), "new backend cloud");
  EXPECT_EQ(file.code, 2);
  EXPECT_EQ(file.err, "tractor: './cloud' is there and is no folder\n");
  const outcome below = run_in(folder.path(), "new backend rain --in cloud/rain");
  EXPECT_EQ(below.code, 1);
  EXPECT_TRUE(is_one_line(below.err) && contains(below.err, "cannot make the folder '")) << below.err;
  EXPECT_EQ(text_of(folder.path() + "/cloud"), "text");
}

TEST(tractor_new, nothing_is_left_of_what_could_not_be_written) {
  const temporary_folder folder;
  // The source is longer than a file may be here, the file before it is not.
  const outcome it =
      run_in(folder.path(), "new transport pigeon --in some/where", "trap '' XFSZ && ulimit -f 4");
  EXPECT_EQ(it.code, 1);
  EXPECT_EQ(it.out, "");
  EXPECT_TRUE(is_one_line(it.err) && contains(it.err, "/some/where/transport.cpp': File too large"))
      << it.err;
  EXPECT_EQ(names_in(folder.path()), names{});
}

}  // namespace
}  // namespace tractor::new_command_test
