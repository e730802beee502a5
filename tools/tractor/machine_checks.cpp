#include "machine_checks.hpp"

#include <arpa/inet.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>

#include "tractor/plugin/owned_fd.hpp"

namespace tractor::cli {
namespace {

using verdict = machine_check::verdict;

std::string first_line(const char* path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

machine_check good(const char* name, std::string value) {
  return {name, std::move(value), verdict::good, ""};
}
machine_check limited(const char* name, std::string value, const char* means) {
  return {name, std::move(value), verdict::limited, means};
}
machine_check missing(const char* name, const char* means) {
  return {name, std::strerror(errno), verdict::missing, means};
}

machine_check kernel() {
  utsname name{};
  ::uname(&name);
  return good("kernel", std::string(name.sysname) + " " + name.release + " " + name.machine);
}

machine_check pidfds() {
  const owned_fd self(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!self) return missing("pidfd_open", "children cannot be supervised: Linux 5.3 or later is needed");
  if (::syscall(SYS_pidfd_send_signal, self.get(), 0, nullptr, 0) != 0)
    return missing("pidfd_send_signal",
                   "children cannot be ended safely: a filter of system calls forbids it");
  return good("pidfds", "work");
}

machine_check clone3() {
  clone_args args{};
  args.exit_signal = SIGCHLD;
  const long pid = ::syscall(SYS_clone3, &args, sizeof args);
  if (pid == 0) ::_exit(0);
  if (pid < 0)
    return missing("clone3",
                   "fork_spawn cannot start actors: Linux 5.3 or later is needed, without a filter");
  ::waitpid(static_cast<pid_t>(pid), nullptr, 0);
  return good("clone3", "works");
}

// In a child, so that this process stays where it is.
machine_check namespaces() {
  const pid_t child = ::fork();
  if (child < 0) return missing("fork", "no process can be started: too many run already");
  if (child == 0) ::_exit(::unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC) == 0 ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return good("namespaces", "allowed");
  return limited("namespaces", "not allowed",
                 "tests cannot be put into a sandbox; look at kernel.unprivileged_userns_clone and "
                 "user.max_user_namespaces");
}

machine_check loopback() {
  const owned_fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0)
    return missing("loopback", "the transport tcp cannot listen at 127.0.0.1: is the interface lo up?");
  return good("loopback", "127.0.0.1 can be bound");
}

// As the transport uds chooses it: a relative path counts as none.
machine_check runtime_folder() {
  const char* const given = std::getenv("XDG_RUNTIME_DIR");
  const std::string base = given && *given == '/' ? given : "/tmp";
  const char* const name = "runtime folder";
  if (::access(base.c_str(), W_OK | X_OK) != 0)
    return missing(name, "the transport uds cannot bind there: set XDG_RUNTIME_DIR to a folder of yours");
  // What is added: /tractor-<uid>/<name>@<pid>.sock; a path holds 107 bytes.
  constexpr std::size_t roomy = 60;
  if (base.size() > roomy)
    return limited(
        name, base,
        "long: sockets are named by digests, not by actors, or not at all; use a shorter XDG_RUNTIME_DIR");
  struct statfs info {};
  if (::statfs(base.c_str(), &info) == 0 && info.f_type != TMPFS_MAGIC)
    return limited(name, base + ", not in memory",
                   "socket files that come and go by the thousand wait for its file system: set "
                   "XDG_RUNTIME_DIR to a folder on a tmpfs");
  return good(name, base);
}

machine_check shared_memory() {
  struct statvfs info {};
  if (::statvfs("/dev/shm", &info) != 0)
    return missing("/dev/shm", "no memory can be shared: mount a tmpfs there");
  const std::uint64_t free = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize >> 20;
  const std::string value = std::to_string(free) + " MiB free";
  if (free < 64) return limited("/dev/shm", value, "large arrays and rings in shared memory will not fit");
  return good("/dev/shm", value);
}

machine_check open_files() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const std::string value = std::to_string(limit.rlim_cur) + " of " + std::to_string(limit.rlim_max);
  // A parent holds about four for each child.
  if (limit.rlim_cur < 1024)
    return limited("open files", value, "a parent has room for few children: raise ulimit -n");
  return good("open files", value);
}

machine_check processes() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NPROC, &limit);
  const bool endless = limit.rlim_cur == RLIM_INFINITY;
  const std::string value = (endless ? "no limit" : std::to_string(limit.rlim_cur)) + ", kernel.pid_max " +
                            first_line("/proc/sys/kernel/pid_max");
  if (!endless && limit.rlim_cur < 256)
    return limited("processes", value, "large trees will not fit: raise ulimit -u");
  return good("processes", value);
}

machine_check debugging() {
  const std::string scope = first_line("/proc/sys/kernel/yama/ptrace_scope");
  if (scope.empty() || scope == "0") return good("ptrace", "allowed");
  return limited("ptrace", "kernel.yama.ptrace_scope " + scope,
                 "gdb and strace follow only their own children");
}

machine_check processors() {
  cpu_set_t set;
  CPU_ZERO(&set);
  ::sched_getaffinity(0, sizeof set, &set);
  const int count = CPU_COUNT(&set);
  if (count < 2)
    return limited("processors", std::to_string(count), "actors take turns: nothing runs side by side");
  return good("processors", std::to_string(count));
}

}  // namespace

const char* to_string(verdict is) {
  switch (is) {
    case verdict::limited:
      return "limited";
    case verdict::missing:
      return "MISSING";
    default:
      return "good";
  }
}

std::vector<machine_check> check_machine() {
  return {kernel(),        pidfds(),     clone3(),    namespaces(), loopback(), runtime_folder(),
          shared_memory(), open_files(), processes(), processors(), debugging()};
}

}  // namespace tractor::cli
