// What dead owners leave, and what is none of ours.
#include "tractor/runtime/shm_leftovers.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <csignal>

#include "runtime/shm_owner.hpp"
#include "shm_support.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/runtime/shm_segment.hpp"

namespace shm_leftovers_test {

using namespace tractor;
using namespace tractor::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using tractor::detail::segment_owner;

namespace {

// A folder that plays /dev/shm.
class shm_leftovers : public ::testing::Test {
 protected:
  shm_leftovers() {
    char name[] = "/dev/shm/tractor-test-XXXXXX";
    folder = ::mkdtemp(name);
  }
  ~shm_leftovers() override { std::filesystem::remove_all(folder); }

  std::string add(const std::string& name) {
    std::ofstream(folder + "/" + name) << "some bytes";
    return folder + "/" + name;
  }
  std::vector<std::string> names(const leftovers& found) {
    std::vector<std::string> out;
    for (const leftover& each : found) out.push_back(each.name);
    return out;
  }

  std::string folder;
};

// The name of a segment of a process that is dead by now.
std::string name_of_the_dead() {
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const std::string name = detail::new_segment_name();
    ::_exit(::write(ends[1], name.data(), name.size()) < 0 ? 1 : 0);
  }
  char name[256] = {};
  EXPECT_GT(::read(ends[0], name, sizeof name - 1), 0);
  ::waitpid(pid, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
  return name;
}

}  // namespace

TEST(segment_owner, is_told_by_the_name) {
  const auto self = detail::owner_in_name(detail::new_segment_name());
  ASSERT_TRUE(self.has_value());
  EXPECT_EQ(self->pid, ::getpid());
  EXPECT_EQ(self->now(), segment_owner::state::lives);
  const auto dead = detail::owner_in_name(name_of_the_dead());
  ASSERT_TRUE(dead.has_value());
  EXPECT_EQ(dead->now(), segment_owner::state::dead);

  segment_owner reused = *self;
  ++reused.started;
  EXPECT_EQ(reused.now(), segment_owner::state::dead);
  segment_owner elsewhere = *dead;
  ++elsewhere.pid_space;
  EXPECT_EQ(elsewhere.now(), segment_owner::state::unknown);
}

TEST(segment_owner, that_is_a_zombie_is_dead) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const std::string name = detail::new_segment_name();
    ::_exit(::write(ends[1], name.data(), name.size()) < 0 ? 1 : 0);
  }
  char name[256] = {};
  ASSERT_GT(::read(ends[0], name, sizeof name - 1), 0);
  siginfo_t how{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &how, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(detail::owner_in_name(name)->now(), segment_owner::state::dead);
  ::waitpid(pid, nullptr, 0);
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(shm_leftovers, are_segments_of_dead_owners_only) {
  add(detail::new_segment_name());
  add("sem.somebody");
  add("tractor-shm.not-quite");
  const std::string dead = add(name_of_the_dead());
  EXPECT_THAT(names(find_dead_segments(folder)), ElementsAre(dead));
  EXPECT_THAT(find_dead_segments(folder).front().detail, HasSubstr("is dead"));
  const reap_report report = remove_segments(find_dead_segments(folder));
  EXPECT_THAT(names(report.removed), ElementsAre(dead));
  EXPECT_THAT(report.failed, IsEmpty());
  EXPECT_THAT(find_dead_segments(folder), IsEmpty());
}

TEST_F(shm_leftovers, are_left_alone_while_a_process_has_them_mapped_or_open) {
  const std::string dead = add(name_of_the_dead());
  {
    const owned_fd open(::open(dead.c_str(), O_RDWR | O_CLOEXEC));
    ASSERT_TRUE(open);
    EXPECT_THAT(find_dead_segments(folder), IsEmpty());
    void* const mapped = ::mmap(nullptr, 4, PROT_READ, MAP_SHARED, open.get(), 0);
    ASSERT_NE(mapped, MAP_FAILED);
    ::close(const_cast<owned_fd&>(open).release());
    EXPECT_THAT(find_dead_segments(folder), IsEmpty());
    const reap_report report = remove_segments({leftover("shm", dead)});
    ASSERT_EQ(report.failed.size(), 1u);
    EXPECT_EQ(report.failed.front().detail, "a process uses it");
    ::munmap(mapped, 4);
  }
  EXPECT_THAT(names(find_dead_segments(folder)), ElementsAre(dead));
}

TEST_F(shm_leftovers, of_others_are_found_only_by_the_rule_for_all) {
  const std::string other = add("a.segment");
  const std::string ours = add(detail::new_segment_name());
  const std::string dead = add(name_of_the_dead());
  EXPECT_THAT(names(find_unused_segments(folder)), ElementsAre(other, dead));
  const reap_report report = remove_segments(find_unused_segments(folder));
  EXPECT_EQ(report.removed.size(), 2u);
  EXPECT_EQ(::access(ours.c_str(), F_OK), 0);
  const reap_report refused = remove_segments({leftover("shm", ours), leftover("socket", other)});
  ASSERT_EQ(refused.failed.size(), 2u);
  EXPECT_EQ(refused.failed[0].detail, "its owner lives");
}

TEST_F(shm_leftovers, that_are_gone_already_count_as_removed) {
  const reap_report report = remove_segments({leftover("shm", folder + "/nothing")});
  EXPECT_EQ(report.removed.size(), 1u);
}

TEST(shm_relatives, remove_what_a_killed_process_made_even_if_it_is_in_use) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t pid = ::fork();
  if (pid == 0) {
    const auto made = shm_segment::create(100);
    if (::write(ends[1], made->key().data(), made->key().size()) < 0) ::_exit(1);
    ::pause();
  }
  char key[256] = {};
  ASSERT_GT(::read(ends[0], key, sizeof key - 1), 0);
  const auto attached = shm_segment::attach(key);
  detail::remove_segments_of({pid});
  EXPECT_TRUE(is_there(key)) << "its owner lives";
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
  EXPECT_TRUE(is_there(key));
  detail::remove_segments_of({pid + 1});
  EXPECT_TRUE(is_there(key));
  detail::remove_segments_of({pid});
  EXPECT_FALSE(is_there(key));
  ::close(ends[0]);
  ::close(ends[1]);
}

}  // namespace shm_leftovers_test
