// The folder of the sockets is private, or is not used.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "support.hpp"
#include "tractor/plugin/runtime_folder.hpp"
#include "uds/private_folder.hpp"

namespace uds_folder_test {

using namespace transport_tests;
namespace fs = std::filesystem;

namespace {

constexpr uid_t nobody = 65534;

class uds_folder : public with_runtime_folder {
 protected:
  /// Listens on the default registry; yields the refusal, or nothing.
  std::string listen() {
    std::string why;
    run([&]() -> task<> {
      uds::uds_transport over;
      try {
        co_await over.listen(over.default_registry());
      } catch (const std::exception& error) {
        why = error.what();
      }
    });
    return why;
  }
  static unsigned mode(const std::string& path) {
    struct stat is {};
    EXPECT_EQ(::lstat(path.c_str(), &is), 0) << path;
    return is.st_mode & 07777;
  }
};

}  // namespace

TEST_F(uds_folder, is_named_by_the_environment_or_by_the_user) {
  EXPECT_EQ(runtime_folder(), base_.path() + "/tractor");
  const std::string own = "/tmp/tractor-" + std::to_string(::geteuid());
  for (const char* other : {static_cast<const char*>(nullptr), "", "relative/folder"}) {
    const environment variable("XDG_RUNTIME_DIR", other);
    EXPECT_EQ(runtime_folder(), own);
  }
  const environment variable("XDG_RUNTIME_DIR", (base_.path() + "//").c_str());
  EXPECT_EQ(runtime_folder(), base_.path() + "/tractor");
}

TEST_F(uds_folder, is_made_private_whatever_the_umask) {
  for (const mode_t mask : {0000, 0022, 0777}) {
    const mode_t old = ::umask(mask);
    uds::ensure_private(folder());
    ::umask(old);
    EXPECT_EQ(mode(folder()), 0700u);
    fs::remove(folder());
  }
}

TEST_F(uds_folder, that_is_open_to_others_is_closed) {
  fs::create_directory(folder());
  ASSERT_EQ(::chmod(folder().c_str(), 0755), 0);
  EXPECT_EQ(listen(), "");
  EXPECT_EQ(mode(folder()), 0700u);
}

TEST_F(uds_folder, that_is_a_symbolic_link_is_refused) {
  fs::create_directory(base_.path() + "/elsewhere");
  fs::create_directory_symlink(base_.path() + "/elsewhere", folder());
  EXPECT_EQ(listen(), "cannot keep sockets in '" + folder() +
                          "': it is a symbolic link, not a folder; remove it, or set XDG_RUNTIME_DIR to a "
                          "folder of your own");
  EXPECT_TRUE(fs::is_empty(base_.path() + "/elsewhere"));
}

TEST_F(uds_folder, that_is_a_plain_file_is_refused) {
  std::ofstream(folder()) << "in the way";
  EXPECT_EQ(listen(), "cannot keep sockets in '" + folder() +
                          "': it is a file, not a folder; remove it, or set XDG_RUNTIME_DIR to a folder of "
                          "your own");
}

TEST_F(uds_folder, below_the_runtime_folder_is_held_to_the_same_rules) {
  uds::ensure_private(folder() + "/run1/deep");
  EXPECT_EQ(mode(folder() + "/run1"), 0700u);
  EXPECT_EQ(mode(folder() + "/run1/deep"), 0700u);
  fs::create_directory_symlink("/tmp", folder() + "/run2");
  try {
    uds::ensure_private(folder() + "/run2/deep");
    FAIL() << "it was accepted";
  } catch (const address_error& error) {
    EXPECT_TRUE(has(error.what(), "'" + folder() + "/run2': it is a symbolic link")) << error.what();
  }
}

TEST_F(uds_folder, outside_of_the_runtime_folder_is_left_alone) {
  uds::ensure_private(base_.path() + "/other");
  EXPECT_FALSE(fs::exists(base_.path() + "/other"));
  uds::ensure_private(base_.path() + "/tractor-but-not-quite");
  EXPECT_FALSE(fs::exists(base_.path() + "/tractor-but-not-quite"));
}

TEST_F(uds_folder, needs_a_base_that_exists) {
  const std::string base = base_.path() + "/missing";
  const environment variable("XDG_RUNTIME_DIR", base.c_str());
  const std::string why = listen();
  EXPECT_TRUE(has(why, "cannot open '" + base + "'")) << why;
  EXPECT_TRUE(has(why, "No such file or directory")) << why;
}

TEST_F(uds_folder, needs_a_base_that_strangers_cannot_change) {
  ASSERT_EQ(::chmod(base_.path().c_str(), 0777), 0);
  const std::string why = listen();
  EXPECT_TRUE(has(why, "'" + base_.path() + "': everybody may replace what is in it")) << why;
  ASSERT_EQ(::chmod(base_.path().c_str(), 01777), 0);
  EXPECT_EQ(listen(), "") << "with the sticky bit it is as good as /tmp";
}

TEST_F(uds_folder, of_another_owner_is_refused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a folder away";
  fs::create_directory(folder());
  ASSERT_EQ(::chown(folder().c_str(), nobody, nobody), 0);
  EXPECT_EQ(listen(),
            "cannot keep sockets in '" + folder() +
                "': it belongs to uid 65534, and we are uid 0; remove it, or set XDG_RUNTIME_DIR to "
                "a folder of your own");
  fs::remove(folder());
  ASSERT_EQ(::chown(base_.path().c_str(), nobody, nobody), 0);
  const std::string why = listen();
  EXPECT_TRUE(has(why, "'" + base_.path() + "': it belongs to uid 65534, and we are uid 0")) << why;
}

}  // namespace uds_folder_test
