#include "trio_like.hpp"

#include <spawn.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <system_error>
#include <vector>

#include "tractor/async/checkpoint.hpp"
#include "tractor/plugin/orphans.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/pidfd_child.hpp"
#include "tractor/plugin/spawn_tools.hpp"

namespace tractor {
namespace {

const std::string key = "trio_like";

void check(int error, const spawn_request& request, const std::string& step) {
  if (error != 0)
    throw std::system_error(error, std::generic_category(),
                            key + ": cannot start '" + request.title + "': " + step);
}

// What happens to the child's descriptors and directory between vfork and exec.
class file_actions {
 public:
  explicit file_actions(const spawn_request& request) : request_(request) {
    check(::posix_spawn_file_actions_init(&actions_), request, "posix_spawn_file_actions_init");
  }
  file_actions(const file_actions&) = delete;
  file_actions& operator=(const file_actions&) = delete;
  ~file_actions() { ::posix_spawn_file_actions_destroy(&actions_); }

  void change_directory(int directory) {
    check(::posix_spawn_file_actions_addfchdir_np(&actions_, directory), request_, "change of directory");
  }
  void add(const descriptor_step& step) {
    int error = 0;
    switch (step.what) {
      case descriptor_step::action::copy:
        error = ::posix_spawn_file_actions_adddup2(&actions_, step.from, step.to);
        break;
      case descriptor_step::action::close:
        error = ::posix_spawn_file_actions_addclose(&actions_, step.from);
        break;
      case descriptor_step::action::close_from:
        error = ::posix_spawn_file_actions_addclosefrom_np(&actions_, step.from);
        break;
    }
    check(error, request_, "descriptor " + std::to_string(step.from));
  }
  const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

 private:
  const spawn_request& request_;
  posix_spawn_file_actions_t actions_;
};

// Every signal at its default; the mask stays as it is. An ignored SIGPIPE is inherited by the contract.
class spawn_attributes {
 public:
  spawn_attributes() {
    ::posix_spawnattr_init(&attributes_);
    sigset_t defaults;
    // Not sigfillset: it leaves out the two signals that glibc keeps for itself, which posix_spawn then
    // ignores in the child.
    std::memset(&defaults, 0xff, sizeof defaults);
    struct sigaction pipe {};
    ::sigaction(SIGPIPE, nullptr, &pipe);
    if (pipe.sa_handler == SIG_IGN) ::sigdelset(&defaults, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &defaults);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGDEF);
  }
  spawn_attributes(const spawn_attributes&) = delete;
  spawn_attributes& operator=(const spawn_attributes&) = delete;
  ~spawn_attributes() { ::posix_spawnattr_destroy(&attributes_); }
  const posix_spawnattr_t* get() const noexcept { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
};

std::unique_ptr<child_process> start(const spawn_request& request) {
  check_request(request, key);
  file_actions actions(request);
  owned_fd directory;
  if (!request.working_directory.empty()) {
    directory.reset(open_working_directory(request, key));
    actions.change_directory(directory.get());
  }
  for (const descriptor_step& step : plan_descriptors(request.fds)) actions.add(step);
  const spawn_attributes attributes;

  std::vector<std::string> environment = child_environment(request);
  std::vector<char*> env;
  for (std::string& variable : environment) env.push_back(variable.data());
  env.push_back(nullptr);
  std::string title = request.title;
  char* argv[] = {title.data(), nullptr};

  pid_t pid = 0;
  // The link, not where it leads: a file that was replaced on disk must not mix two versions in one tree.
  check(::posix_spawn(&pid, "/proc/self/exe", actions.get(), attributes.get(), argv, env.data()), request,
        "exec of /proc/self/exe");
  return adopt_child(pid);
}

}  // namespace

task<std::unique_ptr<child_process>> trio_like::spawn(const spawn_request& request) {
  co_await checkpoint();
  co_return start(request);
}

leftovers trio_like::scan() const { return find_orphans({"_subactor["}); }
reap_report trio_like::reap(const leftovers& found, std::chrono::milliseconds grace) {
  return end_orphans(found, grace);
}

}  // namespace tractor
