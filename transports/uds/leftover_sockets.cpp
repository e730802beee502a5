#include "leftover_sockets.hpp"

#include <dirent.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

#include "folder_lock.hpp"
#include "socket_probe.hpp"
#include "tractor/plugin/loop_socket.hpp"
#include "tractor/plugin/runtime_folder.hpp"
#include "uds_address.hpp"

namespace tractor::uds {

namespace {

// What the kernel lists as listening needs no probe, which a living actor would see as a broken connection.
// (Sockets of other network namespaces are not listed: for those the probe tells.)
std::set<std::string> listening_paths() {
  constexpr unsigned long accepts_connections = 0x10000;
  std::set<std::string> paths;
  std::ifstream table("/proc/net/unix");
  std::string line;
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string skip, flags, path;
    fields >> skip >> skip >> skip >> flags >> skip >> skip >> skip >> std::ws;
    if (!std::getline(fields, path)) continue;
    if (std::strtoul(flags.c_str(), nullptr, 16) & accepts_connections) paths.insert(path);
  }
  return paths;
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(folder.c_str()), &::closedir);
  if (!open) return names;
  while (const dirent* entry = ::readdir(open.get())) names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

// Empty when it is gone.
std::string remove(const std::string& path) {
  try {
    folder_lock lock(folder_of(path), LOCK_EX);
    if (!lock.lock_blocking()) return "another process holds the lock of its folder";
    const finding what = probe(path);
    if (what == finding::nothing) return {};
    if (what != finding::dead_socket) return describe(what);
    if (::unlink(path.c_str()) == 0 || errno == ENOENT) return {};
    return std::strerror(errno);
  } catch (const boost::system::system_error& error) {
    return error.code().message();
  }
}

}  // namespace

leftovers find_dead_sockets() {
  leftovers found;
  const std::string folder = runtime_folder();
  std::optional<std::set<std::string>> listening;  // read when there is something to look up
  for (const std::string& name : files_in(folder)) {
    const std::optional<int> owner = owner_in_name(name);
    if (owner && !listening) listening = listening_paths();
    const std::string path = folder + "/" + name;
    if (!owner || listening->contains(path) || probe(path) != finding::dead_socket) continue;
    if (name == registry_file)
      found.emplace_back("socket", path, 0, "no registrar listens on it");
    else
      found.emplace_back("socket", path, *owner,
                         "nobody listens on it; process " + std::to_string(*owner) + " bound it");
  }
  return found;
}

reap_report remove_dead_sockets(const leftovers& found) {
  reap_report report;
  for (leftover each : found) {
    const std::string why = each.kind == "socket" && each.name.starts_with('/')
                                ? remove(each.name)
                                : "it is not a socket of this transport";
    if (why.empty()) {
      report.removed.push_back(std::move(each));
    } else {
      each.detail = why;
      report.failed.push_back(std::move(each));
    }
  }
  return report;
}

}  // namespace tractor::uds
