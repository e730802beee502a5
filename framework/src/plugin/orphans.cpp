#include "tractor/plugin/orphans.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include "plugin/process_end.hpp"

namespace tractor {
namespace {

using detail::parent_of;
using detail::read_proc;

bool stat_proc(int pid, const char* name, struct stat& into) {
  return ::stat(("/proc/" + std::to_string(pid) + name).c_str(), &into) == 0;
}

/// True when `pid` is known to run under somebody who did not start it as an actor.
bool adopted(int pid, int parent) {
  struct stat own {
  }, other{};
  // Parent 0 is outside of our pid namespace: nothing is known of it.
  if (parent <= 0 || !stat_proc(pid, "/exe", own)) return false;
  if (stat_proc(parent, "/exe", other)) return own.st_dev != other.st_dev || own.st_ino != other.st_ino;
  // An init that does not let us look, while the process itself does, has other rights than it: no actor has.
  return errno == EACCES && parent == 1;
}

bool starts_with_one_of(const std::string& text, const std::vector<std::string>& prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](const std::string& prefix) { return text.rfind(prefix, 0) == 0; });
}

/// The processes of this user with such a title whose parent `is_wanted(pid, parent)`.
leftovers find_processes(const std::vector<std::string>& prefixes,
                         const std::function<bool(int pid, int parent)>& is_wanted, const std::string& why) {
  leftovers found;
  detail::for_each_process([&](int pid, const std::string& title) {
    if (!starts_with_one_of(title, prefixes)) return;
    const int parent = parent_of(pid);
    if (!is_wanted(pid, parent)) return;
    std::string comm = read_proc(parent, "comm");
    if (!comm.empty()) comm.pop_back();
    found.emplace_back("process", title, pid, why + " pid " + std::to_string(parent) + " (" + comm + ")");
  });
  return found;
}

}  // namespace

leftovers find_orphans(const std::vector<std::string>& prefixes) {
  return find_processes(prefixes, &adopted, "its parent is gone; adopted by");
}

reap_report end_orphans(const leftovers& found, std::chrono::milliseconds grace) {
  const auto is_orphan = [](int pid) { return adopted(pid, parent_of(pid)); };
  return detail::end_processes(found, is_orphan, "it has a living parent, or hides it: not touched", grace);
}

leftovers find_children(int parent, const std::vector<std::string>& prefixes) {
  const auto is_child = [parent](int, int of) { return of == parent; };
  return find_processes(prefixes, is_child, "a child of");
}

reap_report end_children(int parent, const leftovers& found, std::chrono::milliseconds grace) {
  const auto is_child = [parent](int pid) { return parent_of(pid) == parent; };
  return detail::end_processes(found, is_child, "its parent is another one by now: not touched", grace);
}

}  // namespace tractor
