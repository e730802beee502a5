#include "plugin/process_end.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <vector>

#include "tractor/plugin/owned_fd.hpp"

namespace tractor::detail {
namespace {

using clock = std::chrono::steady_clock;

/// The title: the first argument; empty for a zombie and for a process that is gone.
std::string title_of(int pid) {
  std::string text = read_proc(pid, "cmdline");
  return text.substr(0, text.find('\0'));
}

bool is_helper(const leftover& item) { return item.name.rfind("_zygote[", 0) == 0; }

/// One orphan, pinned by its pidfd while it is being ended.
struct target {
  explicit target(const leftover& item)
      : item(item), pidfd(static_cast<int>(::syscall(SYS_pidfd_open, item.pid, 0))) {}
  void send(int signo) const noexcept { ::syscall(SYS_pidfd_send_signal, pidfd.get(), signo, nullptr, 0); }
  leftover item;
  owned_fd pidfd;
};
using targets = std::vector<std::unique_ptr<target>>;

/// Moves those that end before `deadline` from `alive` to `gone`.
void await_ends(targets& alive, leftovers& gone, clock::time_point deadline) {
  while (!alive.empty()) {
    std::vector<pollfd> polls;
    for (const auto& one : alive) polls.push_back(pollfd{one->pidfd.get(), POLLIN, 0});
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - clock::now()).count();
    const int ready = ::poll(polls.data(), polls.size(), static_cast<int>(std::max<long long>(left, 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return;
    targets rest;
    for (std::size_t i = 0; i < alive.size(); ++i) {
      if (polls[i].revents != 0)
        gone.push_back(alive[i]->item);
      else
        rest.push_back(std::move(alive[i]));
    }
    alive = std::move(rest);
  }
}

void fail(reap_report& report, leftover item, const std::string& why) {
  item.detail = why;
  report.failed.push_back(std::move(item));
}

/// Pins each leftover and proves it once more.
targets prove(const leftovers& found, const std::function<bool(int pid)>& ours, const char* refusal,
              reap_report& report) {
  targets proven;
  for (const leftover& item : found) {
    if (item.kind != "process" || item.pid <= 1) {
      fail(report, item, "not a process that this backend could have left behind");
      continue;
    }
    auto one = std::make_unique<target>(item);
    const std::string title = title_of(item.pid);
    if (!one->pidfd && errno != ESRCH)
      fail(report, item, std::string("no pidfd: ") + std::strerror(errno));
    else if (!one->pidfd || title.empty())
      report.removed.push_back(item);
    else if (title != item.name)
      fail(report, item, "its pid is now '" + title + "', which was not touched");
    else if (!ours(item.pid))
      fail(report, item, refusal);
    else
      proven.push_back(std::move(one));
  }
  return proven;
}

}  // namespace

std::string read_proc(int pid, const char* name) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/" + name);
  // Not by iterators: a process that ends while it is read is no error here, but those would throw.
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

int parent_of(int pid) {
  const std::string text = read_proc(pid, "stat");
  const std::size_t comm_end = text.rfind(')');
  if (comm_end == std::string::npos) return 0;
  std::istringstream fields(text.substr(comm_end + 1));
  char state = 0;
  int parent = 0;
  fields >> state >> parent;
  return parent;
}

void for_each_process(const std::function<void(int pid, const std::string& title)>& look) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    struct stat owner {};
    if (::stat(entry.path().c_str(), &owner) != 0 || owner.st_uid != ::geteuid()) continue;
    const int pid = std::stoi(name);
    const std::string title = title_of(pid);
    if (!title.empty()) look(pid, title);
  }
}

reap_report end_processes(const leftovers& found, const std::function<bool(int pid)>& ours,
                          const char* refusal, std::chrono::milliseconds grace) {
  reap_report report;
  targets alive = prove(found, ours, refusal, report);
  // A helper holds nothing that would want a clean-up, and listens to no other signal.
  for (const auto& one : alive) one->send(is_helper(one->item) ? SIGKILL : SIGINT);
  await_ends(alive, report.removed, clock::now() + grace);
  for (const auto& one : alive) one->send(SIGKILL);
  await_ends(alive, report.killed, clock::now() + std::chrono::seconds(1));
  for (const auto& one : alive) fail(report, one->item, "it survived SIGKILL for a second");
  return report;
}

}  // namespace tractor::detail
