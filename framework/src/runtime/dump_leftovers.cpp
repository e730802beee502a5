#include "tractor/runtime/dump_leftovers.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "tractor/plugin/runtime_folder.hpp"

namespace tractor {

namespace {

constexpr std::string_view file_prefix = "tractor-stackscope-", file_suffix = ".log";

// 0 for a file that is called otherwise.
int pid_in(std::string_view name) {
  if (!name.starts_with(file_prefix) || !name.ends_with(file_suffix)) return 0;
  name.remove_prefix(file_prefix.size());
  int pid = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
  const bool all = error == std::errc() && end + file_suffix.size() == name.data() + name.size();
  return all && pid > 0 ? pid : 0;
}

bool is_dead(int pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

}  // namespace

std::string dump_path(int pid) {
  return runtime_folder() + "/" + std::string(file_prefix) + std::to_string(pid) + std::string(file_suffix);
}

leftovers find_dead_dumps() {
  leftovers found;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(runtime_folder(), ignored)) {
    struct stat is {};
    const int pid = pid_in(entry.path().filename().native());
    if (pid == 0 || !is_dead(pid) || ::lstat(entry.path().c_str(), &is) != 0) continue;
    if (S_ISREG(is.st_mode) && is.st_uid == ::geteuid())
      found.emplace_back("dump", entry.path(), pid, "process " + std::to_string(pid) + " is dead");
  }
  std::ranges::sort(found, {}, &leftover::name);
  return found;
}

reap_report remove_dumps(const leftovers& found) {
  reap_report report;
  for (leftover each : found) {
    if (!is_dead(each.pid)) {
      each.detail = "its process lives";
      report.failed.push_back(std::move(each));
    } else if (::unlink(each.name.c_str()) == 0 || errno == ENOENT) {
      report.removed.push_back(std::move(each));
    } else {
      each.detail = std::strerror(errno);
      report.failed.push_back(std::move(each));
    }
  }
  return report;
}

}  // namespace tractor
