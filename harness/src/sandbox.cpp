#include "sandbox.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "tractor/plugin/owned_fd.hpp"

namespace tractor::harness::detail {

namespace {

constexpr int no_sandbox_code = 125;

bool is_inside = false, has_own_users = false;

[[noreturn]] void give_up(const std::string& step) {
  throw std::system_error(errno, std::generic_category(), "no sandbox: " + step);
}

// A user of its own namespace keeps its number, and has every right inside.
void map_user(uid_t user, gid_t group) {
  std::ofstream("/proc/self/setgroups") << "deny" << std::flush;
  std::ofstream users("/proc/self/uid_map"), groups("/proc/self/gid_map");
  users << user << " " << user << " 1" << std::flush;
  groups << group << " " << group << " 1" << std::flush;
  if (!users || !groups) give_up("the map of users");
}

void leave_namespaces() {
  constexpr int wanted = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWNET;
  if (::unshare(wanted) == 0) return;
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(wanted | CLONE_NEWUSER) != 0) give_up("namespaces");
  map_user(user, group);
  has_own_users = true;
}

void start_loopback() {
  const owned_fd any(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq loopback{};
  std::strcpy(loopback.ifr_name, "lo");
  if (!any || ::ioctl(any.get(), SIOCGIFFLAGS, &loopback) != 0) give_up("its loopback");
  loopback.ifr_flags = static_cast<short>(loopback.ifr_flags | IFF_UP | IFF_RUNNING);
  if (::ioctl(any.get(), SIOCSIFFLAGS, &loopback) != 0) give_up("its loopback");
}

void furnish() {
  if (::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) give_up("mounts of its own");
  if (::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) != 0)
    give_up("a /proc of its own");
  start_loopback();
}

// A zombie is nobody's any more: whom its parent has not reaped.
bool has_ended(const std::filesystem::path& process) {
  std::string line;
  std::getline(std::ifstream(process / "stat"), line);
  const std::size_t name_end = line.rfind(") ");
  return name_end == line.npos || line[name_end + 2] == 'Z' || line[name_end + 2] == 'X';
}

// What the test left: it ends with this process. The runner finds a file in the folder of the worker.
void name_the_rest(const std::string& folder) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string pid = entry.path().filename();
    if (pid == "1" || pid.find_first_not_of("0123456789") != pid.npos) continue;
    std::string comm;
    std::getline(std::ifstream(entry.path() / "comm"), comm);
    if (!folder.empty() && !has_ended(entry.path()))
      std::ofstream(folder + rest_of_sandbox, std::ios::app) << comm << "\n";
    std::fprintf(stderr, "ended with its sandbox: %s (pid %s there)\n", comm.c_str(), pid.c_str());
  }
}

/// The first process of the sandbox: reaps whoever comes to it until the worker has ended, and tells how. Its
/// own end is that of all in there.
[[noreturn]] void be_init(pid_t worker, int tell, const std::string& folder) {
  int status = 0;
  for (int raw = 0;;) {
    const pid_t ended = ::waitpid(-1, &raw, __WALL);
    if (ended < 0 && errno == EINTR) continue;
    if (ended == worker) status = raw;
    if (ended == worker || ended < 0) break;
  }
  name_the_rest(folder);
  [[maybe_unused]] const auto told = ::write(tell, &status, sizeof status);
  ::_exit(0);
}

// True when the process at the other end of the pipe is gone.
bool is_cut(int pipe) {
  pollfd end{pipe, POLLIN, 0};
  return ::poll(&end, 1, 0) > 0;
}

[[noreturn]] void end_like(int status) {
  if (!WIFSIGNALED(status)) ::_exit(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  // One core of it is enough.
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  ::signal(number, SIG_DFL);
  sigset_t only;
  ::sigemptyset(&only);
  ::sigaddset(&only, number);
  ::sigprocmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(number);
  ::_exit(128 + number);
}

}  // namespace

void enter_sandbox(const std::string& folder) {
  std::array<int, 2> told{}, life{};
  if (::pipe2(told.data(), O_CLOEXEC) != 0 || ::pipe2(life.data(), O_CLOEXEC) != 0) give_up("pipes");
  owned_fd told_read(told[0]), told_write(told[1]), life_read(life[0]), life_write(life[1]);
  leave_namespaces();
  std::fflush(nullptr);
  const pid_t init = ::fork();
  if (init < 0) give_up("its first process");
  if (init > 0) {
    told_write.reset();
    life_read.reset();
    // With us all that is in there would end at once.
    ::signal(SIGINT, SIG_IGN);
    int status = 0;
    const bool known = ::read(told_read.get(), &status, sizeof status) == sizeof status;
    int own = 0;
    ::waitpid(init, &own, 0);
    end_like(known ? status : own);
  }
  life_write.reset();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (is_cut(life_read.get())) ::_exit(no_sandbox_code);
  try {
    furnish();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ::_exit(no_sandbox_code);
  }
  const pid_t worker = ::fork();
  if (worker < 0) ::_exit(no_sandbox_code);
  if (worker > 0) be_init(worker, told_write.get(), folder);
  is_inside = true;
}

bool in_sandbox() noexcept { return is_inside; }

void give_up_rights() noexcept {
  if (!has_own_users) return;
  __user_cap_header_struct version{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3]{};
  ::syscall(SYS_capset, &version, none);
}

std::string why_no_sandbox() {
  std::array<int, 2> said{};
  if (::pipe2(said.data(), O_CLOEXEC) != 0) return std::strerror(errno);
  owned_fd read_end(said[0]), write_end(said[1]);
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(write_end.get(), STDERR_FILENO);
    try {
      enter_sandbox("");
      ::_exit(0);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ::_exit(no_sandbox_code);
    }
  }
  write_end.reset();
  std::string text;
  char chunk[512];
  for (ssize_t count; (count = ::read(read_end.get(), chunk, sizeof chunk)) > 0;)
    text.append(chunk, static_cast<std::size_t>(count));
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) return "no process to try it in";
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return text.empty() ? "no sandbox: it ended before it began" : text.substr(0, text.find('\n'));
}

void die_with(int runner) noexcept {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != runner) ::_exit(1);
}

}  // namespace tractor::harness::detail
