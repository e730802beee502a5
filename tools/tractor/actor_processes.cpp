#include "actor_processes.hpp"

#include <arpa/inet.h>
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <sstream>

namespace tractor::cli {
namespace {

using role = actor_process::role;

constexpr std::string_view actor_prefix = "_subactor[", helper_prefix = "_zygote[";

std::string folder_of(int pid) { return "/proc/" + std::to_string(pid); }

std::string read(const std::string& path) {
  std::ifstream file(path);
  // Not by iterators: a process that ends while it is read is no error here, but those would throw.
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  if (DIR* const open = ::opendir(folder.c_str())) {
    while (const dirent* const entry = ::readdir(open)) names.emplace_back(entry->d_name);
    ::closedir(open);
  }
  return names;
}

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

/// Reads what /proc/PID/stat says; false if the process is gone.
bool read_stat(int pid, actor_process& into, std::string& comm) {
  const std::string text = read(folder_of(pid) + "/stat");
  const std::size_t begin = text.find('('), end = text.rfind(')');
  if (begin == std::string::npos || end == std::string::npos) return false;
  comm = text.substr(begin + 1, end - begin - 1);
  std::istringstream fields(text.substr(end + 1));
  char state = 0;
  std::string skipped;
  fields >> state >> into.parent;
  for (int field = 5; field < 20; ++field) fields >> skipped;
  std::uint64_t pages = 0;
  fields >> into.threads;
  for (int field = 21; field < 24; ++field) fields >> skipped;
  fields >> pages;
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

/// Multiaddrs of all listening sockets of the machine, by inode.
class listening_sockets {
 public:
  listening_sockets() {
    read_tcp("/proc/net/tcp", AF_INET);
    read_tcp("/proc/net/tcp6", AF_INET6);
    read_unix();
  }

  std::vector<std::string> of(int pid) const {
    std::vector<std::string> found;
    const std::string folder = folder_of(pid) + "/fd/";
    for (const auto& name : names_in(folder)) {
      char target[64] = {};
      if (::readlink((folder + name).c_str(), target, sizeof target - 1) < 0) continue;
      if (std::strncmp(target, "socket:[", 8) != 0) continue;
      const auto at = by_inode_.find(std::strtoull(target + 8, nullptr, 10));
      if (at != by_inode_.end()) found.push_back(at->second);
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

 private:
  // sl local remote state queues timer retransmits uid timeout inode
  void read_tcp(const char* path, int family) {
    std::istringstream lines(read(path));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::istringstream fields(line);
      std::string slot, local, remote, state, skipped;
      std::uint64_t inode = 0;
      fields >> slot >> local >> remote >> state;
      for (int field = 4; field < 9; ++field) fields >> skipped;
      const std::size_t colon = local.find(':');
      if (!(fields >> inode) || state != "0A" || colon == std::string::npos) continue;
      by_inode_[inode] = std::string(family == AF_INET ? "/ip4/" : "/ip6/") +
                         host_text(local.substr(0, colon), family) + "/tcp/" +
                         std::to_string(std::stoul(local.substr(colon + 1), nullptr, 16));
    }
  }
  // Words of four bytes, each as a number of this machine.
  static std::string host_text(const std::string& hex, int family) {
    std::uint32_t words[4] = {};
    for (std::size_t i = 0; i < 4 && i * 8 + 8 <= hex.size(); ++i)
      words[i] = static_cast<std::uint32_t>(std::stoul(hex.substr(i * 8, 8), nullptr, 16));
    char text[INET6_ADDRSTRLEN] = {};
    ::inet_ntop(family, words, text, sizeof text);
    return text;
  }
  // address references protocol flags type state inode path
  void read_unix() {
    constexpr unsigned long accepts = 0x10000;
    std::istringstream lines(read("/proc/net/unix"));
    std::string line;
    std::getline(lines, line);
    while (std::getline(lines, line)) {
      std::istringstream fields(line);
      std::string address, references, protocol, flags, type, state, path;
      std::uint64_t inode = 0;
      fields >> address >> references >> protocol >> flags >> type >> state >> inode >> std::ws;
      std::getline(fields, path);
      if (path.empty() || (std::strtoul(flags.c_str(), nullptr, 16) & accepts) == 0) continue;
      by_inode_[inode] = "/unix/" + (path.front() == '/' ? path.substr(1) : path);
    }
  }

  std::map<std::uint64_t, std::string> by_inode_;
};

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
    one.pss_kib = pss_of(pid);
    if (one.is != role::helper) one.listens = sockets.of(pid);
    children.emplace(one.parent, one);
  }
  std::vector<actor_process> out;
  for (const auto& [pid, one] : found)
    if (!found.contains(one.parent)) put_with_children(children, one, 0, out);
  return out;
}

}  // namespace tractor::cli
