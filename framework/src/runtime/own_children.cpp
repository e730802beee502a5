#include "runtime/own_children.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>

#include "tractor/plugin/owned_fd.hpp"

namespace tractor::detail {

namespace {

struct closes_folder {
  void operator()(DIR* folder) const noexcept { ::closedir(folder); }
};

// Calls `visit` with the name of each entry that is a number.
template <class Visit> void each_number_in(const std::string& path, const Visit& visit) {
  const std::unique_ptr<DIR, closes_folder> folder(::opendir(path.c_str()));
  if (!folder) return;
  while (const dirent* const entry = ::readdir(folder.get()))
    if (std::strspn(entry->d_name, "0123456789") == std::strlen(entry->d_name)) visit(entry->d_name);
}

// Not by a stream: a process that ends while it is read is no error here, but a stream buffer throws.
int parent_of(const std::string& pid) {
  const owned_fd file(::open(("/proc/" + pid + "/stat").c_str(), O_RDONLY | O_CLOEXEC));
  char text[512] = {};
  if (!file || ::read(file.get(), text, sizeof text - 1) <= 0) return 0;
  // The name may have any character: the last bracket ends it.
  const char* const name_end = std::strrchr(text, ')');
  char state = 0;
  int parent = 0;
  if (!name_end || std::sscanf(name_end + 1, " %c %d", &state, &parent) != 2) return 0;
  return parent;
}

}  // namespace

bool read_child_lists(const std::string& threads_folder, std::vector<int>& into) {
  const auto list_of = [&](const std::string& thread) { return threads_folder + "/" + thread + "/children"; };
  if (::access(list_of(std::to_string(::gettid())).c_str(), R_OK) != 0) return false;
  each_number_in(threads_folder, [&](const std::string& thread) {
    std::ifstream in(list_of(thread));
    for (int pid; in >> pid;) into.push_back(pid);
  });
  return true;
}

std::vector<int> children_by_parent() {
  std::vector<int> pids;
  const int self = ::getpid();
  each_number_in("/proc", [&](const std::string& pid) {
    if (parent_of(pid) == self) pids.push_back(std::atoi(pid.c_str()));
  });
  return pids;
}

std::vector<int> children_of_self() {
  std::vector<int> pids;
  if (!read_child_lists("/proc/self/task", pids)) return children_by_parent();
  return pids;
}

}  // namespace tractor::detail
