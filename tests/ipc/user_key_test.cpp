// The key that processes of one user share.
#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "../plugin/environment.hpp"
#include "../plugin/temporary_folder.hpp"
#include "support.hpp"

namespace tractor::ipc::test::user_key_test {
using plugin::test::environment;
using plugin::test::temporary_folder;

namespace {

/// The key as hex digits, or the error.
std::string key() {
  std::string text;
  try {
    for (const std::byte each : load_user_key()) {
      char hex[3];
      std::snprintf(hex, sizeof hex, "%02x", std::to_integer<unsigned>(each));
      text += hex;
    }
  } catch (const handshake_error& error) {
    text = error.what();
  }
  return text;
}

class user_key_file : public ::testing::Test {
 protected:
  temporary_folder folder_;
  const std::string path_ = folder_.path() + "/config/tractor/key";
  environment file_{"TRACTOR_KEY_FILE", path_.c_str()};

  std::string content() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
};

}  // namespace

TEST_F(user_key_file, is_made_on_first_use_for_its_owner_alone_and_kept) {
  const std::string first = key();
  EXPECT_EQ(first.size(), 64u) << first;
  struct stat info {};
  ASSERT_EQ(::stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  EXPECT_EQ(info.st_size, 32);
  EXPECT_EQ(key(), first);
  std::size_t files = 0;
  for ([[maybe_unused]] const auto& each :
       std::filesystem::directory_iterator(folder_.path() + "/config/tractor"))
    ++files;
  EXPECT_EQ(files, 1u) << "nothing is left aside";
}

TEST_F(user_key_file, is_found_by_variable_then_in_the_config_folder_then_at_home) {
  const environment none("TRACTOR_KEY_FILE", nullptr);
  const std::string home = folder_.path() + "/home", config = folder_.path() + "/xdg";
  const environment at_home("HOME", home.c_str());
  {
    const environment no_config("XDG_CONFIG_HOME", nullptr);
    key();
    EXPECT_TRUE(std::filesystem::exists(home + "/.config/tractor/key"));
  }
  const environment with_config("XDG_CONFIG_HOME", config.c_str());
  key();
  EXPECT_TRUE(std::filesystem::exists(config + "/tractor/key"));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(user_key_file, has_its_place_in_the_home_of_the_user_even_if_the_environment_tells_of_none) {
  const environment none("TRACTOR_KEY_FILE", nullptr), no_config("XDG_CONFIG_HOME", nullptr);
  {
    const environment home("HOME", "/some/where");
    EXPECT_EQ(user_key_path(), "/some/where/.config/tractor/key");
  }
  const passwd* const user = ::getpwuid(::geteuid());
  ASSERT_NE(user, nullptr);
  for (const char* const unusable : {static_cast<const char*>(nullptr), "no/whole/path"}) {
    const environment home("HOME", unusable);
    EXPECT_EQ(user_key_path(), std::string(user->pw_dir) + "/.config/tractor/key");
  }
}

TEST_F(user_key_file, that_depends_on_the_working_directory_is_refused) {
  const environment relative("TRACTOR_KEY_FILE", "some\033key");
  EXPECT_EQ(key(), "TRACTOR_KEY_FILE: expected a whole path, from /, found 'some\\x1bkey'");
}

TEST_F(user_key_file, that_cannot_be_made_is_an_error_that_names_the_variable) {
  const environment nowhere("TRACTOR_KEY_FILE", "/proc/no/key");
  EXPECT_EQ(key(),
            "the key file /proc/no/key cannot be made: No such file or directory: set TRACTOR_KEY_FILE to "
            "where it can be made");
}

TEST_F(user_key_file, that_others_can_read_is_refused_with_what_to_do) {
  key();
  ASSERT_EQ(::chmod(path_.c_str(), 0640), 0);
  EXPECT_EQ(key(),
            "the key file " + path_ + " can be read by others: chmod 600 it, or remove it for a new key");
}

TEST_F(user_key_file, of_another_size_is_refused_and_left_alone) {
  key();
  for (const std::size_t size : {0u, 31u, 33u}) {
    std::ofstream(path_, std::ios::binary) << std::string(size, 'k');
    EXPECT_TRUE(has(key(), "is not 32 bytes long")) << size;
    EXPECT_EQ(content().size(), size);
  }
}

TEST_F(user_key_file, that_is_no_plain_file_is_refused_without_waiting) {
  std::filesystem::create_directories(folder_.path() + "/config/tractor");
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_TRUE(has(key(), "is not a regular file"));
  std::filesystem::remove(path_);
  std::filesystem::create_symlink("/dev/zero", path_);
  EXPECT_TRUE(has(key(), "cannot be read"));
}

TEST_F(user_key_file, two_first_users_agree_on_one_key) {
  constexpr int users = 8;
  std::vector<std::string> keys(users);
  std::vector<pid_t> pids;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  for (int i = 0; i < users; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto key = load_user_key();
      (void)!::write(ends[1], key.data(), key.size());
      ::_exit(0);
    }
    pids.push_back(child);
  }
  ::close(ends[1]);
  const std::string kept = [&] {
    for (const pid_t each : pids) ::waitpid(each, nullptr, 0);
    return content();
  }();
  for (int i = 0; i < users; ++i) {
    std::string one(32, '\0');
    ASSERT_EQ(::read(ends[0], one.data(), one.size()), 32);
    EXPECT_EQ(one, kept);
  }
  ::close(ends[0]);
}

}  // namespace tractor::ipc::test::user_key_test
