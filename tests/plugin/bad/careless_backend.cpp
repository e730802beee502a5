// A spawn backend that works, but for what is easily forgotten; `test_conformance.sh` expects exactly these
// mistakes.
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "tractor/async/async.hpp"
#include "tractor/plugin/descriptor.hpp"
#include "tractor/plugin/orphans.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/pidfd_child.hpp"
#include "tractor/plugin/spawn_tools.hpp"

namespace {

using namespace tractor;

class forgetful_child final : public child_process {
 public:
  explicit forgetful_child(std::unique_ptr<child_process> real) : real_(std::move(real)) {}
  int pid() const noexcept override { return end_ ? 0 : real_->pid(); }  // FAIL: forgotten at its end
  task<exit_status> wait() override {
    if (!end_) end_ = co_await real_->wait();  // FAIL: no checkpoint the second time
    co_return *end_;
  }
  void signal(int signo) noexcept override { real_->signal(signo); }

 private:
  std::unique_ptr<child_process> real_;
  std::optional<exit_status> end_;
};

class careless_backend final : public spawn_backend {
 public:
  spawn_capability caps() const noexcept override { return spawn_capability::fork; }  // FAIL: it is an exec

  void prepare(const boot_info&) override {
    directory_ = std::filesystem::current_path();
    const pid_t parent = ::getpid();
    helper_ = ::fork();
    if (helper_ != 0) return;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (::getppid() == parent) ::pause();
    ::_exit(0);
  }

  task<std::unique_ptr<child_process>> spawn(const spawn_request& request) override {
    co_await checkpoint();
    check_request(request, "careless");
    siginfo_t gone{};
    ::waitid(P_PID, static_cast<id_t>(helper_), &gone, WEXITED | WNOHANG | WNOWAIT);
    if (gone.si_pid != 0) co_await sleep_forever();  // TIMEOUT: nobody is told that the helper is gone
    const pid_t pid = start(request);
    co_await checkpoint();  // FAIL: a cancel forgets the child
    const owned_fd log(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    if (!log)  // FAIL: so does an error
      throw std::system_error(errno, std::generic_category(), "careless: no log");
    co_return std::make_unique<forgetful_child>(adopt_child(pid));
  }

  std::vector<int> helper_pids() const override {
    if (helper_ == 0) return {};
    return {helper_, ::getpid()};  // FAIL: that one is no helper
  }
  void shutdown() noexcept override {
    if (helper_ == 0) return;
    ::kill(helper_, SIGTERM);  // TIMEOUT: one that is stopped does not end
    ::waitpid(helper_, nullptr, 0);
    helper_ = 0;
  }

  leftovers scan() const override { return find_orphans({"_subactor["}); }
  // FAIL: no proof, no grace
  reap_report reap(const leftovers& found, std::chrono::milliseconds) override {
    reap_report report;
    for (const leftover& each : found) {
      ::kill(each.pid, SIGKILL);
      report.removed.push_back(each);
    }
    return report;
  }

 private:
  pid_t start(const spawn_request& request) const {
    std::vector<std::string> variables = child_environment(request);
    std::vector<char*> env;
    for (std::string& it : variables) env.push_back(it.data());
    env.push_back(nullptr);
    std::string title = request.title.substr(0, 64);  // FAIL: a title may be longer
    char* argv[] = {title.data(), nullptr};
    const pid_t pid = ::fork();
    if (pid < 0) throw std::system_error(errno, std::generic_category(), "careless: cannot start");
    if (pid > 0) return pid;
    become(request);
    ::execve("/proc/self/exe", argv, env.data());
    ::_exit(127);
  }

  void become(const spawn_request& request) const {
    // FAIL: the directory at `prepare`; FAIL: one that is not there
    const std::string& directory = request.working_directory.empty() ? directory_ : request.working_directory;
    if (::chdir(directory.c_str()) != 0) errno = 0;
    for (const auto& [ours, theirs] : request.fds) ::dup2(ours, theirs);  // FAIL: they may change places
    for (int fd = 3; fd < 1024; ++fd)
      if (std::ranges::none_of(request.fds, [&](const auto& it) { return it.second == fd; })) ::close(fd);
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);  // FAIL: SIGPIPE stays ignored
    rlimit time{};
    ::getrlimit(RLIMIT_CPU, &time);
    time.rlim_cur = time.rlim_max;  // FAIL: a limit is the parent's
    ::setrlimit(RLIMIT_CPU, &time);
  }

  std::string directory_;
  pid_t helper_ = 0;
};

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::spawn_backend, careless_backend>("careless", "", "0.1.0",
                                                                       "forgets what is easily forgotten");
