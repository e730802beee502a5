// What a child actor has from its parent: the same under every backend, as the parent is when it starts the
// child.
#include <gmock/gmock.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace inheritance_test {

using namespace tractor;
using namespace tractor::harness;

using state = std::map<std::string, std::string>;

state state_of_this_process() {
  state out;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    for (const std::string field : {"Umask", "Cpus_allowed_list", "SigBlk", "NoNewPrivs"})
      if (line.starts_with(field + ":")) out[field] = line;
  std::ifstream limits("/proc/self/limits");
  for (std::string line; std::getline(limits, line);)
    for (const std::string limit : {"Max open files", "Max core file size", "Max stack size"})
      if (line.starts_with(limit)) out[limit] = line;
  out["folder"] = std::filesystem::current_path();
  out["group"] = std::to_string(::getpgrp());
  out["session"] = std::to_string(::getsid(0));
  out["nice"] = std::to_string(::getpriority(PRIO_PROCESS, 0));
  const char* const variable = std::getenv("INHERITANCE_TEST");
  out["variable"] = variable ? variable : "(not set)";
  out["stdin"] = std::filesystem::read_symlink("/proc/self/fd/0");
  return out;
}

task<state> state_of_the_child() { co_return state_of_this_process(); }
task<state> grandstate_of_the_child() {
  state out;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto leaf = co_await an.run_in_actor<&state_of_the_child>("leaf");
    out = co_await leaf.wait_for_result();
  });
  co_return out;
}

/// Another state of this process; the old one comes back at the end.
class changed_state {
 public:
  explicit changed_state(const std::string& folder) : folder_(std::filesystem::current_path()) {
    std::filesystem::current_path(folder);
    umask_ = ::umask(0137);
    ::sched_getaffinity(0, sizeof cpus_, &cpus_);
    cpu_set_t one;
    CPU_ZERO(&one);
    int cpu = 0;
    while (!CPU_ISSET(cpu, &cpus_)) ++cpu;
    CPU_SET(cpu, &one);
    ::sched_setaffinity(0, sizeof one, &one);
    ::getrlimit(RLIMIT_NOFILE, &files_);
    const rlimit fewer{300, files_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &fewer);
    sigset_t more;
    sigemptyset(&more);
    sigaddset(&more, SIGRTMIN + 3);
    ::pthread_sigmask(SIG_BLOCK, &more, &mask_);
    ::setenv("INHERITANCE_TEST", "set after the boot", 1);
  }
  changed_state(const changed_state&) = delete;
  changed_state& operator=(const changed_state&) = delete;
  ~changed_state() {
    ::unsetenv("INHERITANCE_TEST");
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
    ::setrlimit(RLIMIT_NOFILE, &files_);
    ::sched_setaffinity(0, sizeof cpus_, &cpus_);
    ::umask(umask_);
    std::filesystem::current_path(folder_);
  }

 private:
  std::filesystem::path folder_;
  mode_t umask_;
  cpu_set_t cpus_;
  rlimit files_;
  sigset_t mask_;
};

TRACTOR_TEST(inheritance, of_a_child_and_a_grandchild_is_the_state_at_the_time_of_the_start,
             (tmp_dir & tmp)) {
  const changed_state changed(tmp.path());
  const state ours = state_of_this_process();
  EXPECT_EQ(ours.size(), 13u) << "some field was not found";
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&state_of_the_child, &grandstate_of_the_child>());
    auto theirs = co_await kid.run<&state_of_the_child>();
    EXPECT_EQ(theirs, ours);
    auto below = co_await kid.run<&grandstate_of_the_child>();
    EXPECT_EQ(below, ours);
    an.cancel();
  });
}

}  // namespace inheritance_test
