// What a plugin file is refused for before any of its code runs, word for word.
#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include <filesystem>

#include "temporary_folder.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/transport.hpp"

namespace tractor::plugin::verify_test {
namespace {

namespace fs = std::filesystem;
using test::temporary_folder;

const std::string plugins = TRACTOR_TEST_PLUGINS;

/// Returns "fault: text" of what is thrown for the transport `key` of the folder.
std::string refusal(const std::string& folder, const std::string& key) {
  search_path folders;
  folders.add(folder, "the test");
  try {
    registry(folders).transport(key);
  } catch (const plugin_error& error) {
    return to_string(error.fault()) + ": " + error.what();
  }
  return "no error";
}

/// A good plugin in a folder of its own.
class lone_plugin {
 public:
  lone_plugin() { fs::copy_file(plugins + "/good/libtractor_transport_sample.so", file()); }
  const std::string& folder() const { return folder_.path(); }
  std::string file() const { return folder() + "/libtractor_transport_sample.so"; }

 private:
  temporary_folder folder_;
};

bool give_to(const std::string& path, uid_t owner) {
  return ::chown(path.c_str(), owner, static_cast<gid_t>(-1)) == 0;
}

TEST(plugin_verification, refuses_a_file_or_folder_of_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file to another user";
  constexpr uid_t stranger = 54321;
  const lone_plugin it;
  const std::string whose =
      " belongs to user 54321, who is neither root, nor us, nor the owner of this program";
  ASSERT_TRUE(give_to(it.file(), stranger));
  EXPECT_EQ(refusal(it.folder(), "sample"), "insecure: " + it.file() + ": the file" + whose);
  ASSERT_TRUE(give_to(it.file(), 0) && give_to(it.folder(), stranger));
  EXPECT_EQ(refusal(it.folder(), "sample"), "insecure: " + it.file() + ": its folder" + whose);
  ASSERT_TRUE(give_to(it.folder(), 0));
  EXPECT_EQ(refusal(it.folder(), "sample"), "no error");
}

TEST(plugin_verification, refuses_a_link_into_a_folder_of_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder to another user";
  const lone_plugin target;
  const temporary_folder folder;
  const std::string link = folder.path() + "/libtractor_transport_sample.so";
  fs::create_symlink(target.file(), link);
  ASSERT_TRUE(give_to(target.folder(), 54321));
  EXPECT_EQ(
      refusal(folder.path(), "sample"),
      "insecure: " + link +
          ": the folder it leads to belongs to user 54321, who is neither root, nor us, nor the owner of "
          "this program");
}

TEST(plugin_verification, says_why_it_cannot_look_at_a_file) {
  const temporary_folder folder;
  const std::string link = folder.path() + "/libtractor_transport_sample.so";
  fs::create_symlink(folder.path() + "/nothing", link);
  EXPECT_EQ(refusal(folder.path(), "sample"),
            "not found: " + link + ": cannot look at " + link + ": No such file or directory");
  fs::remove(link);
  fs::create_symlink(link, link);
  EXPECT_EQ(refusal(folder.path(), "sample"),
            "not found: " + link + ": cannot look at " + link + ": Too many levels of symbolic links");
}

TEST(plugin_verification, refuses_an_alias_that_is_no_key) {
  EXPECT_EQ(
      refusal(plugins + "/bad", "misnamed"),
      "bad descriptor: " + plugins + "/bad/libtractor_transport_misnamed.so: its alias 'Bad' is no key");
}

}  // namespace
}  // namespace tractor::plugin::verify_test
