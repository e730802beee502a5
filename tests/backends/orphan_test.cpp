// What a dead actor leaves running is found and ended; what has a living parent never is.
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <sstream>

#include "support.hpp"
#include "tractor/plugin/orphans.hpp"

namespace backend_tests {

using namespace tractor;

namespace {

/// A process that starts a child, below one that adopts: another program, as the init of a machine is, that
/// reaps nobody. Ends them all.
class family {
 public:
  family(const std::string& backend, const std::string& title, const char* life) {
    report_pipe pipe;
    adopter_ = ::fork();
    if (adopter_ == 0) be_the_adopter(pipe, backend, title, life);
    ::setpgid(adopter_, adopter_);
    for (int i = 0; i < 3; ++i) {  // they write in any order
      std::istringstream line(pipe.read_line());
      std::string word;
      line >> word;
      if (word == "parent") line >> parent_;
      if (word == "child") line >> child_;
    }
    EXPECT_GT(parent_, 0);
    EXPECT_GT(child_, 0);
  }
  family(const family&) = delete;
  ~family() {
    ::kill(-adopter_, SIGKILL);
    // Whose parent ends becomes ours, where this process adopts.
    while (::waitpid(-adopter_, nullptr, 0) > 0) continue;
  }

  int parent() const noexcept { return parent_; }
  int child() const noexcept { return child_; }
  void kill_parent() const {
    send_signal(parent_, SIGKILL);
    EXPECT_TRUE(gone_within(parent_, 5));
  }

 private:
  [[noreturn]] static void be_the_adopter(const report_pipe& pipe, const std::string& backend,
                                          const std::string& title, const char* life) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const int parent = ::fork();
    if (parent == 0) {
      ::dup2(pipe.child_end(), report_fd);
      ::setenv("TRACTOR_TEST_BACKEND", backend.c_str(), 1);
      ::setenv("TRACTOR_TEST_TITLE", title.c_str(), 1);
      ::setenv("TRACTOR_TEST_ORPHAN_DO", life, 1);
      ::setenv("TRACTOR_TEST_DO", "sleeper", 1);
      ::_exit(child_main());
    }
    const std::string line = "parent " + std::to_string(parent) + "\n";
    if (::write(pipe.child_end(), line.data(), line.size()) > 0) ::execlp("sleep", "sleep", "60", nullptr);
    ::_exit(1);
  }

  int adopter_ = -1, parent_ = 0, child_ = 0;
};

/// What a killed parent leaves; titles are unique to this run.
class orphans : public any_backend {
 protected:
  family start_family(const char* life) { return family(key_, title_, life); }
  bool found(const leftovers& all, const family& kin) const {
    for (const leftover& one : all)
      if (one.pid == kin.child()) return one.kind == "process" && one.name == title_;
    return false;
  }
  static leftovers only_ours(const leftovers& all, const family& kin) {
    leftovers ours;
    for (const leftover& one : all)
      if (one.pid == kin.child()) ours.push_back(one);
    return ours;
  }

  const std::string title_ = "_subactor[orphan@" + std::to_string(::getpid()) + "]";
};

}  // namespace

TEST_P(orphans, an_actor_with_a_living_parent_is_neither_found_nor_ended) {
  const family kin = start_family("sleep");
  EXPECT_FALSE(found(backend_->scan(), kin));
  const leftovers forged{leftover("process", title_, kin.child())};
  const reap_report report = backend_->reap(forged);
  EXPECT_TRUE(report.removed.empty());
  EXPECT_EQ(report.failed.size(), 1u);
  EXPECT_EQ(::kill(kin.child(), 0), 0);
  kin.kill_parent();
  backend_->reap(forged);
  EXPECT_TRUE(gone_within(kin.child(), 5));
}

TEST_P(orphans, one_whose_parent_was_killed_is_found_and_ended_by_sigint) {
  const family kin = start_family("sleep");
  kin.kill_parent();
  const leftovers all = backend_->scan();
  EXPECT_TRUE(found(all, kin));
  const auto start = std::chrono::steady_clock::now();
  const reap_report report = backend_->reap(only_ours(all, kin));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2)) << "no time is slept away";
  EXPECT_EQ(report.removed.size(), 1u);
  EXPECT_TRUE(report.failed.empty());
  EXPECT_TRUE(gone_within(kin.child(), 1));
  EXPECT_FALSE(found(backend_->scan(), kin));
}

TEST_P(orphans, one_that_ignores_sigint_is_killed_after_the_grace) {
  const family kin = start_family("stubborn");
  kin.kill_parent();
  const reap_report report = end_orphans(only_ours(backend_->scan(), kin), std::chrono::milliseconds(200));
  EXPECT_EQ(report.killed.size(), 1u);
  EXPECT_TRUE(report.removed.empty());
  EXPECT_TRUE(gone_within(kin.child(), 1));
}

TEST_P(orphans, the_children_of_a_living_process_are_ended_if_it_is_named) {
  const family kin = start_family("sleep");
  const leftovers others = find_children(::getpid() + 100'000, {"_subactor["});
  EXPECT_TRUE(others.empty());
  leftovers ours = only_ours(find_children(kin.parent(), {"_subactor["}), kin);
  EXPECT_EQ(ours.size(), 1u);
  const reap_report refused = end_children(::getpid(), ours);
  EXPECT_EQ(refused.failed.size(), 1u) << "of another parent";
  const reap_report report = end_children(kin.parent(), ours);
  EXPECT_EQ(report.removed.size(), 1u);
  // Its parent has not looked yet.
  EXPECT_TRUE(report.failed.empty() && report.killed.empty());
  kin.kill_parent();
}

TEST_P(orphans, a_pid_with_another_title_and_one_that_is_gone_are_told_apart) {
  const family kin = start_family("sleep");
  kin.kill_parent();
  const leftovers wrong{leftover("process", "_subactor[another@00000000]", kin.child()),
                        leftover("socket", "/tmp/x.sock", kin.child())};
  const reap_report refused = backend_->reap(wrong);
  EXPECT_EQ(refused.failed.size(), 2u);
  EXPECT_EQ(::kill(kin.child(), 0), 0);
  const leftovers ours = only_ours(backend_->scan(), kin);
  EXPECT_EQ(backend_->reap(ours).removed.size(), 1u);
  EXPECT_EQ(backend_->reap(ours).removed.size(), 1u) << "gone already counts as removed";
}

INSTANTIATE_TEST_SUITE_P(backends, orphans, ::testing::Values("trio_like", "fork_spawn"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace backend_tests
