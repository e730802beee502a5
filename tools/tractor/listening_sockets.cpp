#include "listening_sockets.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include "procfs.hpp"

namespace tractor::cli {
namespace {

// Words of four bytes, each as a number of this machine.
std::string host_text(const std::string& hex, int family) {
  std::uint32_t words[4] = {};
  for (std::size_t i = 0; i < 4 && i * 8 + 8 <= hex.size(); ++i)
    words[i] = static_cast<std::uint32_t>(std::stoul(hex.substr(i * 8, 8), nullptr, 16));
  char text[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(family, words, text, sizeof text);
  return text;
}

}  // namespace

listening_sockets::listening_sockets() {
  read_tcp("/proc/net/tcp", AF_INET);
  read_tcp("/proc/net/tcp6", AF_INET6);
  read_unix();
}

std::vector<std::string> listening_sockets::of(int pid) const {
  std::vector<std::string> found;
  const std::string folder = procfs::folder_of(pid) + "/fd/";
  for (const auto& name : procfs::names_in(folder)) {
    const std::string target = procfs::target_of(folder + name);
    if (target.rfind("socket:[", 0) != 0) continue;
    const auto at = by_inode_.find(std::strtoull(target.c_str() + 8, nullptr, 10));
    if (at != by_inode_.end()) found.push_back(at->second);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

// sl local remote state queues timer retransmits uid timeout inode
void listening_sockets::read_tcp(const char* path, int family) {
  std::istringstream lines(procfs::read(path));
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

// address references protocol flags type state inode path
void listening_sockets::read_unix() {
  constexpr unsigned long accepts = 0x10000;
  std::istringstream lines(procfs::read("/proc/net/unix"));
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

}  // namespace tractor::cli
