#include "socket_table.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

namespace tractor::harness::detail {
namespace {

namespace fs = std::filesystem;
using rows = std::vector<std::vector<std::string>>;

rows rows_of(std::istream& in) {
  rows out;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    out.emplace_back();
    for (std::string word; words >> word;) out.back().push_back(word);
  }
  return out;
}

// `0100007F:1267`: words of 32 bits as they lie in memory, then the port.
std::string address_of(const std::string& text) {
  const std::size_t colon = text.find(':');
  std::array<std::uint32_t, 4> raw{};
  const std::size_t words = colon / 8;
  if (colon == text.npos || colon % 8 != 0 || words > raw.size()) return text;
  for (std::size_t i = 0; i < words; ++i)
    raw[i] = static_cast<std::uint32_t>(std::strtoul(text.substr(i * 8, 8).c_str(), nullptr, 16));
  char name[INET6_ADDRSTRLEN] = {};
  ::inet_ntop(words == 1 ? AF_INET : AF_INET6, raw.data(), name, sizeof name);
  const std::string port = std::to_string(std::strtoul(text.c_str() + colon + 1, nullptr, 16));
  return (words == 1 ? std::string(name) : "[" + std::string(name) + "]") + ":" + port;
}

void add_internet(std::map<std::string, std::string>& to, std::istream& table) {
  constexpr std::size_t local = 1, remote = 2, state = 3, inode = 9;
  for (const auto& row : rows_of(table)) {
    if (row.size() <= inode) continue;
    // A datagram socket that only receives is in the state of a closed one.
    const bool waits = row[state] == "0A" || row[remote].ends_with(":0000");
    to[row[inode]] = waits ? "listens on " + address_of(row[local])
                           : address_of(row[local]) + " to " + address_of(row[remote]);
  }
}

void add_unix(std::map<std::string, std::string>& to, std::istream& table) {
  constexpr std::size_t flags = 3, inode = 6, path = 7;
  constexpr unsigned long accepts = 0x10000;
  for (const auto& row : rows_of(table)) {
    if (row.size() <= path) continue;
    const bool waits = (std::strtoul(row[flags].c_str(), nullptr, 16) & accepts) != 0;
    to[row[inode]] = (waits ? "listens on " : "accepted on ") + row[path];
  }
}

}  // namespace

void socket_table::read() const {
  if (is_read_) return;
  is_read_ = true;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(process_ + "/net", ignored)) {
    if (!entry.is_regular_file(ignored)) continue;
    std::ifstream table(entry.path());
    std::string head;
    std::getline(table, head);
    // Every protocol of the internet has a table of its own, and all have these columns.
    if (head.find("local_address") != head.npos) add_internet(by_inode_, table);
    if (entry.path().filename() == "unix") add_unix(by_inode_, table);
  }
}

std::string socket_table::describe(const std::string& target) const {
  const std::string head = "socket:[";
  if (!target.starts_with(head) || !target.ends_with("]")) return {};
  read();
  const auto known = by_inode_.find(target.substr(head.size(), target.size() - head.size() - 1));
  return known == by_inode_.end() ? "" : " (" + known->second + ")";
}

}  // namespace tractor::harness::detail
