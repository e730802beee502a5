// Segments: how they are made, found and removed.
#include "tractor/runtime/shm_segment.hpp"

#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include <cstring>
#include <fstream>

#include "shm_support.hpp"
#include "tractor/msg/codec.hpp"
#include "tractor/runtime/shm_array.hpp"

namespace shm_segment_test {

using namespace tractor;
using namespace tractor::testing;
using ::testing::HasSubstr;

static_assert(!std::is_move_constructible_v<shm_segment>);
static_assert(std::is_copy_constructible_v<shm_token>);
static_assert(msg::wire_type<shm_token>);

namespace {

// Runs `body` in a forked copy of this process; yields its exit code, or 1000 + the signal.
template <class F> int in_a_copy(F&& body) {
  const pid_t pid = ::fork();
  if (pid == 0) ::_exit(body());
  int status = 0;
  ::waitpid(pid, &status, 0);
  return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

// A /dev/shm of this process alone with room for 64 KiB; false where that is not allowed.
bool small_shm() {
  const auto user = ::geteuid();
  const auto group = ::getegid();
  if (::unshare(user == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0) return false;
  // A user who is nobody there owns no file.
  if (user != 0) {
    std::ofstream("/proc/self/setgroups") << "deny" << std::flush;
    std::ofstream("/proc/self/uid_map") << user << " " << user << " 1" << std::flush;
    std::ofstream("/proc/self/gid_map") << group << " " << group << " 1" << std::flush;
  }
  return ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
         ::mount("tmpfs", shm_folder, "tmpfs", 0, "size=64k") == 0;
}

}  // namespace

TEST(shm_segment, is_a_zeroed_file_of_this_user_alone_while_its_object_lives) {
  std::string key;
  {
    const auto made = shm_segment::create(100'000);
    key = made->key();
    EXPECT_EQ(made->size(), 100'000u);
    EXPECT_TRUE(made->writable());
    EXPECT_TRUE(made->owned());
    EXPECT_EQ(made->data()[99'999], std::byte{0});
    struct stat is {};
    ASSERT_EQ(::stat(path_of(key).c_str(), &is), 0);
    EXPECT_EQ(is.st_mode & 07777, 0600u);
    EXPECT_EQ(is.st_uid, ::geteuid());
    EXPECT_GE(is.st_blocks * 512, 100'000) << "its memory is not reserved";
    EXPECT_THAT(key, HasSubstr("." + std::to_string(::getpid()) + "."));
  }
  EXPECT_FALSE(is_there(key));
}

TEST(shm_segment, has_a_name_of_its_own) {
  const auto one = shm_segment::create(1);
  const auto two = shm_segment::create(1);
  EXPECT_NE(one->key(), two->key());
}

TEST(shm_segment, is_shared_with_those_who_attach) {
  const auto made = shm_segment::create(4096);
  const auto reader = shm_segment::attach(made->key());
  const auto writer = shm_segment::attach(made->key(), shm_access::read_write);
  EXPECT_FALSE(reader->writable());
  EXPECT_FALSE(reader->owned());
  EXPECT_EQ(reader->size(), 4096u);
  std::memcpy(writer->data() + 10, "hello", 5);
  EXPECT_EQ(std::memcmp(reader->data() + 10, "hello", 5), 0);
  EXPECT_EQ(std::memcmp(made->data() + 10, "hello", 5), 0);
}

TEST(shm_segment, keeps_its_memory_for_those_who_attached_before_its_name_went) {
  auto made = shm_segment::create(16);
  const auto reader = shm_segment::attach(made->key());
  const std::string key = made->key();
  made->data()[0] = std::byte{7};
  made->unlink();
  EXPECT_FALSE(is_there(key));
  EXPECT_FALSE(made->owned());
  made->unlink();
  made.reset();
  EXPECT_EQ(reader->data()[0], std::byte{7});
  const auto why = thrown_by<shm_error>([&] { shm_segment::attach(key); });
  EXPECT_THAT(why, HasSubstr(key));
  EXPECT_THAT(why, HasSubstr("it goes with the actor that made it"));
}

TEST(shm_segment, is_not_removed_by_one_who_attached) {
  const auto made = shm_segment::create(16);
  {
    const auto reader = shm_segment::attach(made->key());
    reader->unlink();
  }
  EXPECT_TRUE(is_there(made->key()));
}

TEST(shm_segment, is_not_removed_by_a_forked_copy_of_its_object) {
  auto made = shm_segment::create(16);
  const int code = in_a_copy([&] {
    made.reset();
    return 0;
  });
  EXPECT_EQ(code, 0);
  EXPECT_TRUE(is_there(made->key()));
}

TEST(shm_segment, attaches_nothing_but_segments) {
  for (const char* name :
       {"", "passwd", "/etc/passwd", "../etc/passwd", "tractor-shm.1", "tractor-shm.a.b.c.d",
        "tractor-shm.1.2.3.0123456789abcdef/../x", "tractor-shm.-1.2.3.0123456789abcdef"}) {
    const auto why = thrown_by<shm_error>([&] { shm_segment::attach(name); });
    EXPECT_THAT(why, HasSubstr("this is not the name of one")) << name;
  }
}

TEST(shm_segment, that_does_not_fit_is_an_error_and_leaves_nothing) {
  struct statvfs room {};
  ASSERT_EQ(::statvfs(shm_folder, &room), 0);
  const std::size_t too_much = room.f_blocks * room.f_frsize + 4096;
  EXPECT_THAT(thrown_by<shm_error>([&] { shm_segment::create(too_much); }), HasSubstr(std::strerror(ENOSPC)));
  EXPECT_THAT(thrown_by<shm_error>([&] { shm_segment::create(std::size_t(-1)); }),
              HasSubstr(std::strerror(EFBIG)));
  thrown_by<shm_error>([&] { shm_segment::create(0); });
  EXPECT_THAT(own_segments(), ::testing::IsEmpty());
}

// Where a mount is not allowed, the copy ends with 0 as well: the test above is the same without one.
TEST(shm_segment, of_a_full_folder_is_an_error_and_no_sigbus) {
  const int code = in_a_copy([] {
    if (!small_shm()) return 0;
    const auto half = shm_segment::create(40'000);
    std::memset(half->data(), 1, half->size());
    try {
      const auto other = shm_segment::create(40'000);
      std::memset(other->data(), 1, other->size());
      return 1;
    } catch (const shm_error& error) {
      return std::strstr(error.what(), std::strerror(ENOSPC)) ? 0 : 2;
    }
  });
  EXPECT_EQ(code, 0);
}

TEST(shm_token, is_equal_to_one_of_the_same_segment_and_alike_to_one_of_the_same_layout) {
  const auto one = open_shm_array<double>(10);
  const auto two = open_shm_array<double>(10);
  const auto other = open_shm_array<float>(10);
  EXPECT_EQ(one.token(), one.token());
  EXPECT_FALSE(one.token() == two.token());
  EXPECT_TRUE(one.token().same_layout(two.token()));
  EXPECT_FALSE(one.token().same_layout(other.token()));
}

TEST(shm_token, travels_whole) {
  const auto array = open_shm_array<double>(10);
  const shm_token sent = array.token();
  const msg::buffer bytes = msg::encoded(sent);
  EXPECT_EQ(msg::decode_all<shm_token>(bytes.view()), sent);
  EXPECT_EQ(sent.text(), "array of 10 float64 (8 bytes each)");
}

}  // namespace shm_segment_test
