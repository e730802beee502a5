// What a dead actor leaves running is found and ended; what has a living parent never is.
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <sstream>

#include "support.hpp"
#include "tractor/plugin/orphans.hpp"

namespace backend_tests {

using namespace tractor;

namespace {

/// A child of this test with a child of its own; titles are unique to this run.
class orphans : public any_backend {
 protected:
  void SetUp() override {
    any_backend::SetUp();
    title_ = "_subactor[orphan@" + std::to_string(::getpid()) + "]";
  }
  /// Starts both; the first one's handle comes back, `orphan_` holds the pid of the second.
  task<std::unique_ptr<child_process>> family(report_pipe& pipe, const char* life) {
    spawn_request wanted = request("sleeper", &pipe);
    wanted.env.emplace_back("TRACTOR_TEST_BACKEND", key_);
    wanted.env.emplace_back("TRACTOR_TEST_TITLE", title_);
    wanted.env.emplace_back("TRACTOR_TEST_ORPHAN_DO", life);
    auto parent = co_await backend_->spawn(wanted);
    for (int i = 0; i < 2; ++i) {  // the two write in any order
      std::istringstream line(pipe.read_line());
      std::string word;
      line >> word;
      if (word == "child") line >> orphan_;
    }
    EXPECT_GT(orphan_, 0);
    co_return parent;
  }
  task<> kill(std::unique_ptr<child_process>& parent) {
    parent->signal(SIGKILL);
    co_await parent->wait();
  }
  bool found(const leftovers& all) const {
    for (const leftover& one : all)
      if (one.pid == orphan_) return one.kind == "process" && one.name == title_;
    return false;
  }
  leftovers only_ours(const leftovers& all) const {
    leftovers ours;
    for (const leftover& one : all)
      if (one.pid == orphan_) ours.push_back(one);
    return ours;
  }

  std::string title_;
  int orphan_ = 0;
};

}  // namespace

TEST_P(orphans, an_actor_with_a_living_parent_is_neither_found_nor_ended) {
  run_loop([&]() -> task<> {
    report_pipe pipe;
    auto parent = co_await family(pipe, "sleep");
    EXPECT_FALSE(found(backend_->scan()));
    const leftovers forged{leftover("process", title_, orphan_)};
    const reap_report report = backend_->reap(forged);
    EXPECT_TRUE(report.removed.empty());
    EXPECT_EQ(report.failed.size(), 1u);
    EXPECT_EQ(::kill(orphan_, 0), 0);
    co_await kill(parent);
    backend_->reap(forged);
    EXPECT_TRUE(gone_within(orphan_, 5));
  });
}

TEST_P(orphans, one_whose_parent_was_killed_is_found_and_ended_by_sigint) {
  run_loop([&]() -> task<> {
    report_pipe pipe;
    auto parent = co_await family(pipe, "sleep");
    co_await kill(parent);
    const leftovers all = backend_->scan();
    EXPECT_TRUE(found(all));
    const auto start = std::chrono::steady_clock::now();
    const reap_report report = backend_->reap(only_ours(all));
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2)) << "no time is slept away";
    EXPECT_EQ(report.removed.size(), 1u);
    EXPECT_TRUE(report.failed.empty());
    EXPECT_TRUE(gone_within(orphan_, 1));
    EXPECT_FALSE(found(backend_->scan()));
  });
}

TEST_P(orphans, one_that_ignores_sigint_is_killed_after_the_grace) {
  run_loop([&]() -> task<> {
    report_pipe pipe;
    auto parent = co_await family(pipe, "stubborn");
    co_await kill(parent);
    const reap_report report = end_orphans(only_ours(backend_->scan()), std::chrono::milliseconds(200));
    EXPECT_EQ(report.killed.size(), 1u);
    EXPECT_TRUE(report.removed.empty());
    EXPECT_TRUE(gone_within(orphan_, 1));
  });
}

TEST_P(orphans, the_children_of_a_living_process_are_ended_if_it_is_named) {
  run_loop([&]() -> task<> {
    report_pipe pipe;
    auto parent = co_await family(pipe, "sleep");
    const leftovers others = find_children(::getpid() + 100'000, {"_subactor["});
    EXPECT_TRUE(others.empty());
    leftovers ours = only_ours(find_children(parent->pid(), {"_subactor["}));
    EXPECT_EQ(ours.size(), 1u);
    const reap_report refused = end_children(::getpid(), ours);
    EXPECT_EQ(refused.failed.size(), 1u) << "of another parent";
    const reap_report report = end_children(parent->pid(), ours);
    EXPECT_EQ(report.removed.size(), 1u);
    // Its parent has not looked yet.
    EXPECT_TRUE(report.failed.empty() && report.killed.empty());
    co_await kill(parent);
  });
}

TEST_P(orphans, a_pid_with_another_title_and_one_that_is_gone_are_told_apart) {
  run_loop([&]() -> task<> {
    report_pipe pipe;
    auto parent = co_await family(pipe, "sleep");
    co_await kill(parent);
    const leftovers wrong{leftover("process", "_subactor[another@00000000]", orphan_),
                          leftover("socket", "/tmp/x.sock", orphan_)};
    const reap_report refused = backend_->reap(wrong);
    EXPECT_EQ(refused.failed.size(), 2u);
    EXPECT_EQ(::kill(orphan_, 0), 0);
    const leftovers ours = only_ours(backend_->scan());
    EXPECT_EQ(backend_->reap(ours).removed.size(), 1u);
    EXPECT_EQ(backend_->reap(ours).removed.size(), 1u) << "gone already counts as removed";
  });
}

INSTANTIATE_TEST_SUITE_P(backends, orphans, ::testing::Values("trio_like", "fork_spawn"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace backend_tests
