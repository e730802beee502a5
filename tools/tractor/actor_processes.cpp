#include "actor_processes.hpp"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <sstream>

#include "listening_sockets.hpp"
#include "procfs.hpp"

namespace tractor::cli {
namespace {

using role = actor_process::role;
using procfs::folder_of;
using procfs::names_in;
using procfs::read;

constexpr std::string_view actor_prefix = "_subactor[", helper_prefix = "_zygote[";

bool same_program(int one, int other) {
  struct stat a {
  }, b{};
  return ::stat((folder_of(one) + "/exe").c_str(), &a) == 0 &&
         ::stat((folder_of(other) + "/exe").c_str(), &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

const char* word_for(char state) {
  switch (state) {
    case 'R':
      return "running";
    case 'D':
      return "waiting";
    case 'T':
    case 't':
      return "stopped";
    case 'Z':
    case 'X':
      return "zombie";
    default:
      return "sleeping";
  }
}

double uptime() { return std::strtod(read("/proc/uptime").c_str(), nullptr); }

/// Reads what /proc/PID/stat says; false if the process is gone.
bool read_stat(int pid, actor_process& into, std::string& comm) {
  const std::string text = read(folder_of(pid) + "/stat");
  const std::size_t begin = text.find('('), end = text.rfind(')');
  if (begin == std::string::npos || end == std::string::npos) return false;
  comm = text.substr(begin + 1, end - begin - 1);
  std::istringstream fields(text.substr(end + 1));
  char state = 0;
  std::string skipped;
  std::uint64_t user = 0, system = 0, started = 0, pages = 0;
  fields >> state >> into.parent;
  for (int field = 5; field < 14; ++field) fields >> skipped;
  fields >> user >> system;
  for (int field = 16; field < 20; ++field) fields >> skipped;
  fields >> into.threads >> skipped >> started >> skipped >> pages;
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  into.cpu_seconds = static_cast<double>(user + system) / ticks;
  into.age_seconds = std::max(0., uptime() - static_cast<double>(started) / ticks);
  into.pid = pid;
  into.state = word_for(state);
  into.rss_kib = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) / 1024;
  return true;
}

std::uint64_t pss_of(int pid) {
  std::istringstream lines(read(folder_of(pid) + "/smaps_rollup"));
  for (std::string line; std::getline(lines, line);)
    if (line.rfind("Pss:", 0) == 0) return std::strtoull(line.c_str() + 4, nullptr, 10);
  return 0;
}

void add_once(std::vector<std::string>& to, const std::string& text) {
  if (std::find(to.begin(), to.end(), text) == to.end()) to.push_back(text);
}

// Plugins are found by the names of their files, which are theirs by contract.
void read_plugins(actor_process& into) {
  constexpr std::string_view file = "/libtractor_", end = ".so", spawn = "spawn_", transport = "transport_";
  std::istringstream lines(read(folder_of(into.pid) + "/maps"));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.rfind(file);
    if (at == std::string::npos || !line.ends_with(end) || line.find('/', at + 1) != std::string::npos)
      continue;
    const std::string name = line.substr(at + file.size(), line.size() - at - file.size() - end.size());
    if (name.starts_with(spawn)) add_once(into.backends, name.substr(spawn.size()));
    if (name.starts_with(transport)) add_once(into.transports, name.substr(transport.size()));
  }
}

// The title, or of a zombie, which has none, the part of it that the kernel keeps.
std::string title_of(int pid, const std::string& comm) {
  const std::string text = read(folder_of(pid) + "/cmdline");
  return text.empty() ? comm : text.substr(0, text.find('\0'));
}

// What stands in the brackets.
std::string name_in(const std::string& title) {
  const std::size_t begin = title.find('[') + 1, end = title.rfind(']');
  return title.substr(begin, end == std::string::npos ? end : end - begin);
}

using by_parent = std::multimap<int, actor_process>;

// Parents before children.
void put_with_children(const by_parent& all, actor_process at, std::size_t depth,
                       std::vector<actor_process>& out) {
  at.depth = depth;
  const auto [first, last] = all.equal_range(at.pid);
  out.push_back(std::move(at));
  for (auto child = first; child != last; ++child) put_with_children(all, child->second, depth + 1, out);
}

std::map<int, actor_process> find_titled(bool helpers) {
  std::map<int, actor_process> found;
  for (const auto& name : names_in("/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    actor_process one;
    std::string comm;
    struct stat owner {};
    const int pid = std::stoi(name);
    if (::stat(folder_of(pid).c_str(), &owner) != 0 || owner.st_uid != ::geteuid()) continue;
    if (!read_stat(pid, one, comm)) continue;
    const std::string title = title_of(pid, comm);
    if (title.rfind(actor_prefix, 0) == 0)
      one.is = role::actor;
    else if (helpers && title.rfind(helper_prefix, 0) == 0)
      one.is = role::helper;
    else
      continue;
    one.name = name_in(title);
    found.emplace(pid, std::move(one));
  }
  return found;
}

void add_roots(std::map<int, actor_process>& to) {
  std::vector<actor_process> roots;
  for (const auto& [pid, one] : to) {
    actor_process root;
    if (to.contains(one.parent) || one.parent <= 1 || !same_program(pid, one.parent)) continue;
    if (!read_stat(one.parent, root, root.name)) continue;
    root.is = role::root;
    roots.push_back(std::move(root));
  }
  for (auto& root : roots) to.emplace(root.pid, root);
}

void look_closer(actor_process& one, const listening_sockets& sockets) {
  one.pss_kib = pss_of(one.pid);
  if (one.is == role::helper) return;
  one.listens = sockets.of(one.pid);
  read_plugins(one);
}

}  // namespace

const char* to_string(role is) {
  switch (is) {
    case role::root:
      return "root";
    case role::helper:
      return "helper";
    default:
      return "actor";
  }
}

std::vector<actor_process> find_actor_processes(bool helpers) {
  std::map<int, actor_process> found = find_titled(helpers);
  add_roots(found);
  const listening_sockets sockets;
  by_parent children;  // by pid among those of one parent
  for (auto& [pid, one] : found) {
    look_closer(one, sockets);
    children.emplace(one.parent, one);
  }
  std::vector<actor_process> out;
  for (const auto& [pid, one] : found)
    if (!found.contains(one.parent)) put_with_children(children, one, 0, out);
  return out;
}

std::optional<actor_process> find_actor_process(int pid) {
  struct stat owner {};
  actor_process one;
  std::string comm;
  if (::stat(folder_of(pid).c_str(), &owner) != 0 || owner.st_uid != ::geteuid() ||
      !read_stat(pid, one, comm))
    return std::nullopt;
  const std::string title = title_of(pid, comm);
  if (title.rfind(helper_prefix, 0) == 0) return std::nullopt;
  const bool titled = title.rfind(actor_prefix, 0) == 0;
  one.is = titled ? role::actor : role::root;
  one.name = titled ? name_in(title) : comm;
  look_closer(one, listening_sockets());
  if (!titled && one.backends.empty()) return std::nullopt;
  return one;
}

}  // namespace tractor::cli
