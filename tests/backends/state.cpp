#include "state.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

namespace backend_tests {

std::string process_state() {
  std::ostringstream out;
  out << "directory " << std::filesystem::current_path().string() << "\n";
  std::ifstream status("/proc/thread-self/status");
  for (std::string line; std::getline(status, line);)
    for (const char* field : {"Umask:", "Cpus_allowed:", "SigBlk:", "SigIgn:", "SigCgt:"})
      if (line.rfind(field, 0) == 0) out << line << "\n";
  for (int which = 0; which < RLIM_NLIMITS; ++which) {
    rlimit limit{};
    ::getrlimit(static_cast<__rlimit_resource_t>(which), &limit);
    out << "limit " << which << " " << limit.rlim_cur << " " << limit.rlim_max << "\n";
  }
  out << "group " << ::getpgrp() << "\nsession " << ::getsid(0) << "\n";
  std::set<std::string> variables;
  for (char** at = environ; *at; ++at) variables.insert(*at);
  for (const std::string& variable : variables) out << "variable " << variable << "\n";
  return out.str();
}

std::string open_descriptors() {
  std::map<int, std::string> found;
  DIR* folder = ::opendir("/proc/self/fd");
  while (const dirent* entry = ::readdir(folder)) {
    const int number = std::atoi(entry->d_name);
    struct stat info {};
    if (entry->d_name[0] == '.' || number == ::dirfd(folder) || ::fstat(number, &info) != 0) continue;
    found[number] = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino);
  }
  ::closedir(folder);
  std::ostringstream out;
  for (const auto& [number, identity] : found) out << number << " " << identity << "\n";
  return out.str();
}

std::string field_of(const std::string& state, const std::string& field) {
  std::istringstream lines(state);
  std::string all;
  for (std::string line; std::getline(lines, line);)
    if (line.rfind(field, 0) == 0) all += line + "\n";
  return all;
}

}  // namespace backend_tests
