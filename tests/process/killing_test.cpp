// SIGKILL and SIGINT, SIGTERM, SIGUSR1 from outside, to any process of a tree of seven actors.
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <random>

#include "program.hpp"

namespace killing_test {

using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

std::string title_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/cmdline");
  std::string title;
  std::getline(in, title, '\0');
  return title;
}

pid_t parent_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  std::getline(in, stat);
  const std::size_t name_end = stat.rfind(')');
  return name_end == stat.npos ? 0 : std::atoi(stat.c_str() + std::min(name_end + 4, stat.size()));
}

// The zygote of an actor is its copy: for a moment it has its title, too.
bool is_actor(pid_t pid, const std::string& title) {
  return title.starts_with("_subactor") && title_of(parent_of(pid)) != title;
}

/// The program's tree; says on failure what it wrote.
class running_tree {
 public:
  running_tree(const std::string& method, const std::string& proto, const std::string& registry)
      : run(program("tree", method, proto, registry)) {}

  /// Waits until all leaves are there; yields every process below the root, zygotes too.
  std::vector<pid_t> grown() {
    for (const std::string leaf : {"taa", "tab", "tba", "tbb"})
      EXPECT_TRUE(run.wait_for_output("leaf " + leaf + " is up", roomy(10s))) << run.err();
    return run.descendants();
  }

  /// The one whose title names the actor.
  static pid_t named(const std::vector<pid_t>& among, const std::string& actor) {
    for (const pid_t pid : among)
      if (title_of(pid).starts_with("_subactor[" + actor + "@")) return pid;
    return -1;
  }

  void ends_with(int code, const std::vector<pid_t>& below) {
    const auto status = run.wait(roomy(8s));
    ASSERT_TRUE(status.has_value()) << "the root does not end\n" << run.err();
    EXPECT_EQ(status->code(), code) << status->text() << "\n" << run.err();
    EXPECT_TRUE(all_gone(below, roomy(5s))) << run.err();
  }

  subprocess run;
};

// True once each has ended, whether its parent has looked or not.
bool ended(const std::vector<pid_t>& pids, std::chrono::nanoseconds bound) {
  const auto until = std::chrono::steady_clock::now() + bound;
  const auto runs = [](pid_t pid) { return !title_of(pid).empty(); };
  while (std::ranges::any_of(pids, runs)) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(2ms);
  }
  return true;
}

// What a tree left on disk is gone after the next boot: the harness looks once the test is over.
void boot_again(const std::string& method, const std::string& proto, const std::string& registry) {
  subprocess next(program("once", method, proto, registry));
  const auto status = next.wait(roomy(10s));
  ASSERT_TRUE(status.has_value()) << next.err();
  EXPECT_TRUE(status->ok()) << status->text() << "\n" << next.err();
}

void kill_one(const std::string& who, const std::string& method, const std::string& proto,
              const std::string& registry) {
  running_tree tree(method, proto, registry);
  const auto below = tree.grown();
  const pid_t victim = running_tree::named(below, who);
  ASSERT_GT(victim, 0);
  ::kill(victim, SIGKILL);
  tree.ends_with(1, below);
  EXPECT_THAT(tree.run.err(), HasSubstr("'" + who + "@"));
  EXPECT_THAT(tree.run.err(), HasSubstr("SIGKILL"));
}

// Ctrl-C at a terminal goes to all processes at once, and what the others make of it may be there first.
TRACTOR_CELL_TEST(interrupts, of_the_whole_tree_are_one_however_late_the_root_is,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  for (int round = 0; round < count(5, 50); ++round) {
    running_tree tree(method, proto, addr);
    const auto below = tree.grown();
    std::vector<pid_t> leaves;
    for (const std::string leaf : {"taa", "tab", "tba", "tbb"}) leaves.push_back(tree.named(below, leaf));
    tree.run.signal(SIGSTOP);
    tree.run.signal_tree(SIGINT);
    EXPECT_TRUE(ended(leaves, roomy(8s)));
    tree.run.signal(SIGCONT);
    tree.ends_with(130, below);
  }
}

// A random one of the tree's processes, once there is one whose title begins so; an empty title is the root.
pid_t random_process(running_tree& tree, const std::vector<std::string>& titles, std::mt19937_64& random) {
  for (int tries = 0; tries < 2000; ++tries) {
    auto below = tree.run.descendants();
    std::ranges::sort(below);
    std::vector<pid_t> all;
    for (const std::string& title : titles) {
      if (title.empty()) all.push_back(tree.run.pid());
      for (const pid_t pid : below)
        if (!title.empty() && title_of(pid).starts_with(title)) all.push_back(pid);
    }
    if (!all.empty()) return all[random() % all.size()];
    tree.run.wait(500us);
  }
  return -1;
}

// Kills one process of each of so many trees, at a random instant of its life; nothing may be left of any.
void kill_at_random(const std::vector<std::string>& titles, const std::string& method,
                    const std::string& proto, const std::string& registry) {
  std::mt19937_64 random(seed());
  for (int round = 0; round < count(3, 100); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    running_tree tree(method, proto, registry);
    ASSERT_GT(random_process(tree, titles, random), 0) << tree.run.err();
    // Somewhere in the boot of the tree, or after it.
    tree.run.wait(std::chrono::microseconds(random() % 100'000));
    const pid_t victim = random_process(tree, titles, random);
    ASSERT_GT(victim, 0) << tree.run.err();
    const std::string title = title_of(victim);
    const bool actor = is_actor(victim, title);
    auto others = tree.run.descendants();
    ::kill(victim, SIGKILL);
    auto status = tree.run.wait(victim == tree.run.pid() || actor ? roomy(8s) : 300ms);
    // One that was no actor (a zygote between two spawns) may be missed by nobody yet.
    const bool missed = status.has_value() || actor || victim == tree.run.pid();
    for (const pid_t pid : tree.run.descendants()) others.push_back(pid);
    if (!missed) {
      tree.run.signal(SIGINT);
      status = tree.run.wait(roomy(8s));
    }
    if (!status) {
      tree.run.signal_tree(SIGUSR1);
      tree.run.wait(roomy(300ms));
    }
    ASSERT_TRUE(status.has_value()) << "nobody missed " << title << "\n" << tree.run.err();
    if (actor) {
      EXPECT_EQ(status->code(), 1) << status->text() << "\n" << tree.run.err();
      EXPECT_THAT(tree.run.err(), HasSubstr("'" + title.substr(10, title.size() - 11) + "'"));
      EXPECT_THAT(tree.run.err(), HasSubstr("SIGKILL"));
    }
    EXPECT_TRUE(all_gone(others, roomy(6s))) << tree.run.err();
    if (victim == tree.run.pid()) boot_again(method, proto, registry);
  }
  boot_again(method, proto, registry);
}

TRACTOR_CELL_TEST(killing, of_a_leaf_ends_the_tree_with_an_error_that_names_it,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  kill_one("tab", method, proto, addr);
}

TRACTOR_CELL_TEST(killing, of_a_middle_actor_ends_the_tree_with_an_error_that_names_it,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  kill_one("tb", method, proto, addr);
}

TRACTOR_CELL_TEST(killing, of_the_root_leaves_no_process_and_no_file,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  {
    running_tree tree(method, proto, addr);
    const auto below = tree.grown();
    ::kill(tree.run.pid(), SIGKILL);
    tree.run.wait(5s);
    EXPECT_TRUE(all_gone(below, roomy(5s)));
  }
  boot_again(method, proto, addr);
}

// Nobody is left to put away what the others had: that is for the next boot.
TRACTOR_CELL_TEST(killing, of_all_processes_at_once_leaves_no_process_and_no_file,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  {
    running_tree tree(method, proto, addr);
    const auto below = tree.grown();
    tree.run.signal_tree(SIGSTOP);
    tree.run.kill_tree();
    EXPECT_TRUE(all_gone(below, roomy(5s)));
  }
  boot_again(method, proto, addr);
}

TRACTOR_CELL_TEST(killing, of_the_root_at_any_time_leaves_nothing,
                  (start_method method, tpt_proto proto, reg_addr addr), timeout(400s)) {
  kill_at_random({""}, method, proto, addr);
}

TRACTOR_CELL_TEST(killing, of_a_middle_actor_at_any_time_leaves_nothing,
                  (start_method method, tpt_proto proto, reg_addr addr), timeout(400s)) {
  kill_at_random({"_subactor[ta@", "_subactor[tb@"}, method, proto, addr);
}

TRACTOR_CELL_TEST(killing, of_a_leaf_at_any_time_leaves_nothing,
                  (start_method method, tpt_proto proto, reg_addr addr), timeout(400s)) {
  kill_at_random({"_subactor[taa@", "_subactor[tab@", "_subactor[tba@", "_subactor[tbb@"}, method, proto,
                 addr);
}

TRACTOR_CELL_TEST(killing, of_any_process_at_any_time_leaves_nothing,
                  (start_method method, tpt_proto proto, reg_addr addr), timeout(400s)) {
  kill_at_random({"", "_"}, method, proto, addr);
}

TRACTOR_CELL_TEST(interrupts, end_a_tree_with_the_code_of_the_signal,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  for (const int signo : {SIGINT, SIGTERM, SIGHUP}) {
    running_tree tree(method, proto, addr);
    const auto below = tree.grown();
    tree.run.signal(signo);
    tree.ends_with(128 + signo, below);
    EXPECT_THAT(tree.run.err(), HasSubstr(std::string("SIG") + ::sigabbrev_np(signo)));
  }
}

TRACTOR_CELL_TEST(interrupts, by_a_terminal_that_is_closed_are_no_news_under_nohup,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  command line("/usr/bin/nohup");
  const command bare = program("tree", method, proto, addr);
  for (const std::string& word : bare.words()) line.arg(word);
  subprocess run(line);
  for (const std::string leaf : {"taa", "tab", "tba", "tbb"})
    ASSERT_TRUE(run.wait_for_output("leaf " + leaf + " is up", roomy(10s))) << run.err();
  const auto below = run.descendants();
  run.signal_tree(SIGHUP);
  EXPECT_FALSE(run.wait(200ms).has_value()) << run.err();
  EXPECT_EQ(run.descendants().size(), below.size());
  run.signal(SIGINT);
  const auto status = run.wait(roomy(10s));
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code(), 130) << run.err();
  EXPECT_TRUE(all_gone(below, roomy(5s)));
}

TRACTOR_CELL_TEST(interrupts, given_twice_end_a_root_that_does_not_listen,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("stubborn", method, proto, addr));
  ASSERT_TRUE(run.wait_for_output("ready", roomy(10s))) << run.err();
  const auto below = run.descendants();
  run.signal(SIGINT);
  EXPECT_FALSE(run.wait(200ms).has_value());
  run.signal(SIGINT);
  const auto status = run.wait(roomy(3s));
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(status->code(), 130) << run.err();
  EXPECT_TRUE(all_gone(below, roomy(5s)));
  // It had no time to clear up: that is for the next boot.
  boot_again(method, proto, addr);
}

TRACTOR_CELL_TEST(interrupts, by_sigusr1_print_task_trees_and_end_nobody,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  running_tree tree(method, proto, addr);
  const auto below = tree.grown();
  for (int round = 0; round < 2; ++round) tree.run.signal_tree(SIGUSR1);
  for (const std::string who : {"root", "ta", "tb", "taa", "tab", "tba", "tbb"})
    EXPECT_TRUE(tree.run.wait_for_output("task tree of actor '" + who + "@", roomy(5s))) << tree.run.err();
  auto after = tree.run.descendants();
  auto before = below;
  std::ranges::sort(after);
  std::ranges::sort(before);
  EXPECT_EQ(after, before);
  tree.run.signal(SIGINT);
  tree.ends_with(130, below);
}

TRACTOR_CELL_TEST(interrupts, by_sigusr1_in_the_boot_of_a_tree_end_nobody,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  running_tree tree(method, proto, addr);
  // From the first child on, which is when the root is an actor.
  while (tree.run.descendants().empty() && !tree.run.wait(1ms)) {
  }
  for (int round = 0; round < 50; ++round) {
    tree.run.signal_tree(SIGUSR1);
    tree.run.wait(2ms);
  }
  const auto below = tree.grown();
  tree.run.signal(SIGINT);
  tree.ends_with(130, below);
}

}  // namespace killing_test
