#include "child.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>

namespace tractor::conformance {
namespace {

std::string file_text(const char* path) {
  std::ifstream file(path);
  std::string text(std::istreambuf_iterator<char>(file), {});
  return text.substr(0, text.find_first_of(std::string("\0\n", 2)));
}

std::string open_numbers() {
  std::set<int> numbers;
  for (int fd = 0; fd < 1024; ++fd)
    if (::access(("/proc/self/fd/" + std::to_string(fd)).c_str(), F_OK) == 0) numbers.insert(fd);
  std::string text;
  for (const int fd : numbers) text.append(text.empty() ? "" : ",").append(std::to_string(fd));
  return text;
}

std::string variable(const char* name) {
  const char* text = std::getenv(name);
  return text ? text : "(not set)";
}

std::string target_of(int fd) {
  std::error_code ignored;
  return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd), ignored).string();
}

std::string open_targets(const std::string& numbers) {
  std::istringstream in(numbers);
  std::string text;
  for (std::string number; std::getline(in, number, ',');)
    if (const int fd = std::atoi(number.c_str()); fd > 2) text += " " + number + "=" + target_of(fd);
  return text;
}

std::string limits() {
  std::string text;
  for (const int which : lowered_limits) {
    rlimit now{};
    ::getrlimit(static_cast<__rlimit_resource_t>(which), &now);
    text.append(text.empty() ? "" : " ").append(std::to_string(now.rlim_cur));
  }
  return text;
}

int processors() {
  cpu_set_t allowed;
  return ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : -1;
}

bool fresh = false;

int say_state() {
  const std::string numbers = open_numbers();  // before anything here opens one
  const mode_t mask = ::umask(0);
  ::umask(mask);
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  struct sigaction usr2 {};
  ::sigaction(SIGUSR2, nullptr, &usr2);
  std::ostringstream out;
  out << "fds " << numbers << "\nparent " << ::getppid() << "\numask " << mask << "\nfiles " << files.rlim_cur
      << "\nusr1 " << (::sigismember(&blocked, SIGUSR1) ? "blocked" : "open") << "\nusr2 "
      << (usr2.sa_handler == SIG_DFL ? "default" : "not default") << "\ncwd "
      << std::filesystem::current_path().string() << "\ntitle " << file_text("/proc/self/cmdline")
      << "\ncomm " << file_text("/proc/self/comm") << "\nenv_a " << variable("TRACTOR_CONFORMANCE_A")
      << "\nstdin " << target_of(0) << "\nstderr " << target_of(2) << "\ncpus " << processors() << "\nenv_b "
      << variable("TRACTOR_CONFORMANCE_B") << "\npid " << ::getpid() << "\nborn "
      << (fresh ? "fresh" : "a copy") << "\ntargets" << open_targets(numbers) << "\nlimits " << limits()
      << "\nignored " << signal_set("SigIgn") << "\nblocked " << signal_set("SigBlk") << '\n';
  const std::string text = out.str();
  return ::write(report_fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) ? 0 : 98;
}

}  // namespace

std::string signal_set(const std::string& name) {
  std::ifstream file("/proc/thread-self/status");
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name + ":")) return line.substr(line.find_last_of("\t ") + 1);
  return "(not told)";
}

int fresh_child_main() {
  fresh = true;
  return child_main();
}

int child_main() {
  const std::string life = variable(life_variable);
  if (life.starts_with("exit ")) return std::atoi(life.c_str() + 5);
  if (life.starts_with("raise ")) return ::raise(std::atoi(life.c_str() + 6));
  if (life == "state") return say_state();
  if (life == "stubborn") ::signal(SIGINT, SIG_IGN);
  if (life == "stubborn" || life == "ready") {
    if (::write(report_fd, "\n", 1) != 1) return 98;
  } else if (life != "sleep") {
    return 99;
  }
  for (;;) ::pause();
}

}  // namespace tractor::conformance
