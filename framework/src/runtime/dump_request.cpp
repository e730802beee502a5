#include "tractor/runtime/dump_request.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace tractor {

namespace {

std::string folder_of_process(pid_t pid) { return "/proc/" + std::to_string(pid); }

// From there to its end.
std::string read_from(const std::string& path, off_t at) {
  std::string text;
  const owned_fd file(path.empty() ? -1 : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  char chunk[16 << 10];
  for (ssize_t count; file && (count = ::pread(file.get(), chunk, sizeof chunk, at)) > 0; at += count)
    text.append(chunk, static_cast<std::size_t>(count));
  return text;
}

struct signal_report {
  bool ended = true, stopped = false, survives = false, caught = false;
};

signal_report report_on(pid_t pid, int number) {
  signal_report out;
  std::ifstream file(folder_of_process(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    const std::string value = line.substr(std::min(line.find('\t') + 1, line.size()));
    if (line.starts_with("State:")) {
      out.ended = value.starts_with("Z") || value.starts_with("X");
      out.stopped = value.starts_with("T") || value.starts_with("t");
    }
    for (const char* const which : {"SigBlk:", "SigIgn:", "SigCgt:"}) {
      if (!line.starts_with(which) || (std::strtoull(value.c_str(), nullptr, 16) >> (number - 1) & 1) == 0)
        continue;
      out.survives = true;
      out.caught |= which[3] == 'C';
    }
  }
  return out;
}

bool send(int process, int number, int value) {
  siginfo_t info{};
  info.si_signo = number;
  info.si_code = SI_QUEUE;
  info.si_pid = ::getpid();
  info.si_uid = ::getuid();
  info.si_value.sival_int = value;
  return ::syscall(SYS_pidfd_send_signal, process, number, number ? &info : nullptr, 0) == 0;
}

}  // namespace

dump_request::dump_request(pid_t pid)
    : pid_(pid), process_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {
  struct stat is {};
  if (const std::string file = dump_file(); !file.empty() && ::stat(file.c_str(), &is) == 0)
    begin_ = is.st_size;
}

// The actor has its file open: that is found wherever it lies, and whatever it is called there.
std::string dump_request::dump_file() const {
  std::error_code gone;
  for (const auto& each : std::filesystem::directory_iterator(folder_of_process(pid_) + "/fd", gone)) {
    std::error_code closed;
    const std::string target = std::filesystem::read_symlink(each.path(), closed);
    if (target.find("/tractor-stackscope-") != target.npos && target.ends_with(".log")) return each.path();
  }
  return {};
}

bool dump_request::is_heard() const { return report_on(pid_, SIGUSR1).caught; }

void dump_request::ask() {
  if (!open()) return;
  const signal_report now = report_on(pid_, SIGUSR1);
  if (!process_ || now.ended)
    is_ = answer::ended;
  else if (now.stopped)
    is_ = answer::stopped;
  else if (!now.survives)
    is_ = answer::deaf;
  else if (!send(process_.get(), SIGUSR1, quiet))
    is_ = answer::ended;
}

dump_request::answer dump_request::look() {
  if (!open()) return is_;
  std::string text = read_from(dump_file(), begin_);
  const std::size_t end = text.find("\n\n");
  if (end != text.npos) {
    is_ = answer::given;
    text.resize(end + 1);
    const std::size_t head = text.rfind("\n" + std::string(log_head));
    if (head != text.npos) {
      log_ = text.substr(head + 1 + log_head.size());
      text.resize(head + 1);
    }
    text_ = std::move(text);
  } else if (!process_ || !send(process_.get(), 0, 0)) {
    is_ = answer::ended;
  }
  return is_;
}

const char* to_string(dump_request::answer is) {
  switch (is) {
    case dump_request::answer::given:
      return "answered";
    case dump_request::answer::stopped:
      return "is stopped: it answers when it goes on";
    case dump_request::answer::ended:
      return "has ended";
    case dump_request::answer::deaf:
      return "does not listen to SIGUSR1";
    default:
      return "did not answer in time";
  }
}

}  // namespace tractor
