// A child has the descriptors that were asked for, at their numbers, and no others.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <random>
#include <set>
#include <system_error>

#include "state.hpp"
#include "support.hpp"
#include "tractor/plugin/spawn_tools.hpp"

namespace backend_tests {

using tractor::spawn_request;
namespace {

using mapping = std::vector<std::pair<int, int>>;

std::string identity(int fd) {
  struct stat info {};
  return ::fstat(fd, &info) == 0 ? std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) : "closed";
}

/// Ten files, each another, at numbers from 40 on.
class files {
 public:
  files() {
    for (int i = 0; i < 10; ++i) {
      const int pipe = ::memfd_create(std::to_string(i).c_str(), MFD_CLOEXEC);
      held_[i].reset(::fcntl(pipe, F_DUPFD_CLOEXEC, 40));
      ::close(pipe);
    }
  }
  int operator[](int i) const { return held_[i].get(); }

 private:
  tractor::owned_fd held_[10];
};

/// What the child must have: the mapping, the report, and the standard streams that are not mapped, unless an
/// exec would close them.
std::string expected(const mapping& fds) {
  std::map<int, std::string> all;
  for (int stream = 0; stream <= 2; ++stream)
    if ((::fcntl(stream, F_GETFD) & FD_CLOEXEC) == 0) all[stream] = identity(stream);
  for (const auto& [ours, theirs] : fds) all[theirs] = identity(ours);
  std::string text;
  for (const auto& [number, what] : all) text += std::to_string(number) + " " + what + "\n";
  return text;
}

class descriptor_mapping : public any_backend {
 protected:
  void check(mapping fds) {
    report_pipe pipe;
    spawn_request wanted = request("descriptors", &pipe);
    wanted.fds.insert(wanted.fds.end(), fds.begin(), fds.end());
    const std::string wish = expected(wanted.fds);
    EXPECT_EQ(report_of(wanted, pipe), wish);
  }
};

}  // namespace

TEST_P(descriptor_mapping, with_no_mapping_only_the_standard_streams_are_there) { check({}); }

TEST_P(descriptor_mapping, numbers_can_be_swapped) {
  const files f;
  check({{f[0], f[1]}, {f[1], f[0]}});
  check({{f[0], f[1]}, {f[1], f[2]}, {f[2], f[0]}, {f[3], f[4]}, {f[4], f[3]}});
}

TEST_P(descriptor_mapping, a_number_may_be_the_same_on_both_sides) {
  const files f;
  check({{f[0], f[0]}, {f[5], f[6]}});
}

TEST_P(descriptor_mapping, one_descriptor_may_go_to_several_numbers) {
  const files f;
  check({{f[0], 3}, {f[0], 4}, {f[0], f[1]}, {f[1], f[0]}, {f[0], 250}});
}

TEST_P(descriptor_mapping, low_numbers_and_standard_streams_can_be_taken) {
  const files f;
  check({{f[0], 0}, {f[1], 2}, {0, 7}, {f[2], 3}, {f[3], 5}, {2, 4}});
}

TEST_P(descriptor_mapping, a_descriptor_of_the_host_program_without_close_on_exec_stays_out) {
  const files f;
  tractor::owned_fd low(::fcntl(f[0], F_DUPFD, 3)), middle(::fcntl(f[0], F_DUPFD, 60)),
      high(::fcntl(f[0], F_DUPFD, 220));
  check({{f[1], 30}, {f[2], 100}});
}

TEST_P(descriptor_mapping, a_closed_standard_stream_is_closed_in_the_child) {
  tractor::owned_fd saved(::fcntl(0, F_DUPFD_CLOEXEC, 10));
  ::close(0);
  // The lowest free number is 0 now: nothing of the backend's own may turn up there.
  check({});
  const files f;
  check({{f[0], 9}});
  ::dup2(saved.get(), 0);
}

TEST_P(descriptor_mapping, two_hundred_descriptors_are_passed) {
  const files f;
  mapping fds;
  for (int i = 0; i < 200; ++i) fds.emplace_back(f[i % 10], 300 + i);
  check(fds);
}

TEST_P(descriptor_mapping, a_closed_descriptor_or_a_number_given_twice_is_refused_by_name) {
  const files f;
  for (const mapping& bad :
       {mapping{{399, 5}}, mapping{{f[0], 5}, {f[1], 5}}, mapping{{f[0], -1}}, mapping{{f[0], 1 << 30}}}) {
    spawn_request wanted = request("exit 0");
    wanted.fds = bad;
    try {
      tractor::run_loop([&]() -> tractor::task<> { auto child = co_await backend_->spawn(wanted); });
      ADD_FAILURE() << "no error for " << bad.front().first << " -> " << bad.front().second;
    } catch (const std::system_error& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find(key_ + ": cannot start '" + wanted.title + "': descriptor"), std::string::npos)
          << text;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(backends, descriptor_mapping, ::testing::Values("trio_like", "fork_spawn"),
                         [](const auto& info) { return std::string(info.param); });

TEST(plan_descriptors, gives_exactly_the_mapping_for_thousands_of_random_ones) {
  std::mt19937 random(20240607);
  const auto below = [&](int end) { return static_cast<int>(random() % static_cast<unsigned>(end)); };
  for (int round = 0; round < 5000; ++round) {
    std::map<int, int> table;  // number -> file
    for (int number = 0; number < 24; ++number)
      if (number <= 2 || below(3) > 0) table[number] = number;
    mapping fds;
    std::set<int> taken;
    for (int i = below(10); i > 0; --i) {
      const int ours = below(24), theirs = below(20);
      if (table.count(ours) && taken.insert(theirs).second) fds.emplace_back(ours, theirs);
    }
    std::map<int, int> wish;
    for (int stream = 0; stream <= 2; ++stream) wish[stream] = stream;
    for (const auto& [ours, theirs] : fds) wish[theirs] = ours;
    for (const auto& step : tractor::plan_descriptors(fds)) {
      if (step.what == tractor::descriptor_step::action::copy) {
        ASSERT_TRUE(table.count(step.from)) << "copy of a closed descriptor";
        table[step.to] = table[step.from];
      } else if (step.what == tractor::descriptor_step::action::close) {
        table.erase(step.from);
      } else {
        table.erase(table.lower_bound(step.from), table.end());
      }
    }
    ASSERT_EQ(table, wish) << "round " << round;
  }
}

}  // namespace backend_tests
