#include "procfs.hpp"

#include <dirent.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace tractor::cli::procfs {

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

std::string target_of(const std::string& link) {
  char target[512];
  const ssize_t size = ::readlink(link.c_str(), target, sizeof target);
  return size < 0 ? std::string() : std::string(target, static_cast<std::size_t>(size));
}

}  // namespace tractor::cli::procfs
