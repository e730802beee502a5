// A spawn backend that breaks its rules, each in another way; `test_conformance.sh` expects exactly these.
#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <system_error>

#include "tractor/async/async.hpp"
#include "tractor/plugin/descriptor.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/pidfd_child.hpp"
#include "tractor/plugin/spawn_tools.hpp"

namespace {

using namespace tractor;

class misreported_child final : public child_process {
 public:
  explicit misreported_child(std::unique_ptr<child_process> real) : real_(std::move(real)) {}
  int pid() const noexcept override { return real_->pid(); }
  task<exit_status> wait() override {
    const exit_status end = co_await real_->wait();
    co_return end.code() == 255 ? exit_status::exited(254) : end;  // FAIL: not what the child said
  }
  void signal(int signo) noexcept override { real_->signal(signo); }

 private:
  std::unique_ptr<child_process> real_;
};

class broken_backend final : public spawn_backend {
 public:
  spawn_capability caps() const noexcept override { return spawn_capability::fresh_exec; }

  task<std::unique_ptr<child_process>> spawn(const spawn_request& request) override {
    co_await checkpoint();
    try {
      check_request(request, "broken");
    } catch (const std::system_error&) {
      if (::open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) std::abort();  // LEAK: nobody closes it
      throw;
    }
    std::vector<std::string> variables = child_environment(request);
    std::vector<char*> env;
    for (std::string& it : variables) env.push_back(it.data());
    env.push_back(nullptr);
    co_return std::make_unique<misreported_child>(adopt_child(start(request, env.data())));
  }

 private:
  // FAIL: the working directory of the request is forgotten.
  static pid_t start(const spawn_request& request, char** env) {
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    using step = descriptor_step::action;
    for (const descriptor_step& it : plan_descriptors(request.fds)) {
      if (it.what == step::copy) ::posix_spawn_file_actions_adddup2(&actions, it.from, it.to);
      if (it.what == step::close) ::posix_spawn_file_actions_addclose(&actions, it.from);
      if (it.what == step::close_from) ::posix_spawn_file_actions_addclosefrom_np(&actions, it.from);
    }
    sigset_t defaults;
    std::memset(&defaults, 0xff, sizeof defaults);
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setsigdefault(&attributes, &defaults);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    std::string title = request.title;
    char* argv[] = {title.data(), nullptr};
    pid_t pid = 0;
    const int error = ::posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, argv, env);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::system_error(error, std::generic_category(), "broken: cannot start");
    return pid;
  }
};

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::spawn_backend, broken_backend>("broken", "", "0.1.0",
                                                                     "breaks its rules");
