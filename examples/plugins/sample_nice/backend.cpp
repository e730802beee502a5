// A spawn backend whose children give way to others: each is a fresh run of the program, ten steps nicer than
// its parent.
#include <spawn.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <system_error>

#include "tractor/async/checkpoint.hpp"
#include "tractor/plugin/descriptor.hpp"
#include "tractor/plugin/orphans.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/pidfd_child.hpp"
#include "tractor/plugin/spawn_tools.hpp"

namespace {

using namespace tractor;

const std::string key = "sample_nice";
constexpr int steps = 10, nicest = 19;

// What posix_spawn is told, and its end.
class spawn_plan {
 public:
  explicit spawn_plan(const spawn_request& request) {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
    if (!request.working_directory.empty()) {
      directory_.reset(open_working_directory(request, key));
      ::posix_spawn_file_actions_addfchdir_np(&actions, directory_.get());
    }
    using step = descriptor_step::action;
    for (const descriptor_step& it : plan_descriptors(request.fds)) {
      if (it.what == step::copy) ::posix_spawn_file_actions_adddup2(&actions, it.from, it.to);
      if (it.what == step::close) ::posix_spawn_file_actions_addclose(&actions, it.from);
      if (it.what == step::close_from) ::posix_spawn_file_actions_addclosefrom_np(&actions, it.from);
    }
    // By the contract a child has the default for each signal, but keeps an ignored SIGPIPE.
    sigset_t defaults;
    std::memset(&defaults, 0xff, sizeof defaults);
    struct sigaction pipe {};
    ::sigaction(SIGPIPE, nullptr, &pipe);
    if (pipe.sa_handler == SIG_IGN) ::sigdelset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
  }
  spawn_plan(const spawn_plan&) = delete;
  spawn_plan& operator=(const spawn_plan&) = delete;
  ~spawn_plan() {
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
  }

  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;

 private:
  owned_fd directory_;
};

class nice_backend final : public spawn_backend {
 public:
  spawn_capability caps() const noexcept override { return spawn_capability::fresh_exec; }

  task<std::unique_ptr<child_process>> spawn(const spawn_request& request) override {
    co_await checkpoint();
    check_request(request, key);
    const spawn_plan plan(request);
    std::vector<std::string> variables = child_environment(request);
    std::vector<char*> env;
    for (std::string& it : variables) env.push_back(it.data());
    env.push_back(nullptr);
    std::string title = request.title;
    char* argv[] = {title.data(), nullptr};
    pid_t pid = 0;
    const int error =
        ::posix_spawn(&pid, "/proc/self/exe", &plan.actions, &plan.attributes, argv, env.data());
    if (error != 0)
      throw std::system_error(error, std::generic_category(), key + ": cannot start '" + title + "'");
    auto child = adopt_child(pid);
    // Anybody may become nicer; if it fails the child runs all the same.
    const int now = ::getpriority(PRIO_PROCESS, 0);
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(pid), std::min(now + steps, nicest));
    co_return std::move(child);
  }

  leftovers scan() const override { return find_orphans({"_subactor["}); }
  reap_report reap(const leftovers& found, std::chrono::milliseconds grace) override {
    return end_orphans(found, grace);
  }
};

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::spawn_backend, nice_backend>(
        "sample_nice", "", "0.1.0", "starts a child as a fresh run of the program, nicer than its parent");
