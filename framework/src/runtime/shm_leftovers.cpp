#include "tractor/runtime/shm_leftovers.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <vector>

#include "runtime/shm_owner.hpp"

namespace tractor {

namespace {

namespace fs = std::filesystem;
using detail::segment_owner;

/// A file, whatever it is called.
using file_id = std::pair<dev_t, ino_t>;

/// One file of this user. A value.
class segment_file {
 public:
  std::string path;
  file_id id;
  std::optional<segment_owner> owner;
};

std::optional<segment_file> look_at(const fs::path& path) {
  struct stat is {};
  if (::lstat(path.c_str(), &is) != 0 || !S_ISREG(is.st_mode) || is.st_uid != ::geteuid())
    return std::nullopt;
  return segment_file{path, {is.st_dev, is.st_ino}, detail::owner_in_name(path.filename().string())};
}

std::vector<segment_file> files_in(const std::string& folder) {
  std::vector<segment_file> out;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (auto file = look_at(entry.path())) out.push_back(std::move(*file));
  std::ranges::sort(out, {}, &segment_file::path);
  return out;
}

void add_mapped(std::set<file_id>& used, const fs::path& process) {
  std::ifstream maps(process / "maps");
  for (std::string line; std::getline(maps, line);) {
    unsigned major = 0, minor = 0;
    unsigned long long inode = 0;
    if (std::sscanf(line.c_str(), "%*s %*s %*s %x:%x %llu", &major, &minor, &inode) == 3 && inode != 0)
      used.emplace(::makedev(major, minor), inode);
  }
}

void add_open(std::set<file_id>& used, const fs::path& process) {
  std::error_code ignored;
  for (const auto& fd : fs::directory_iterator(process / "fd", ignored)) {
    struct stat is {};
    if (::stat(fd.path().c_str(), &is) == 0) used.emplace(is.st_dev, is.st_ino);
  }
}

// Every file that a process has mapped or open, as far as we may look.
std::set<file_id> files_in_use() {
  std::set<file_id> used;
  std::error_code ignored;
  for (const auto& process : fs::directory_iterator("/proc", ignored)) {
    if (std::atoi(process.path().filename().c_str()) == 0) continue;
    add_mapped(used, process.path());
    add_open(used, process.path());
  }
  return used;
}

leftover as_leftover(const segment_file& file) {
  if (!file.owner) return {"shm", file.path, 0, "nobody uses it"};
  const std::string pid = std::to_string(file.owner->pid);
  const bool dead = file.owner->now() == segment_owner::state::dead;
  return {"shm", file.path, file.owner->pid,
          dead ? "process " + pid + ", which made it, is dead"
               : "nobody uses it; process " + pid + " of another pid namespace made it"};
}

leftovers unused_of(std::vector<segment_file> files) {
  leftovers found;
  if (files.empty()) return found;
  const std::set<file_id> used = files_in_use();
  for (const segment_file& file : files)
    if (!used.contains(file.id)) found.push_back(as_leftover(file));
  return found;
}

// Empty when it is gone.
std::string remove(const leftover& what, const std::set<file_id>& used) {
  const auto file = look_at(what.name);
  struct stat is {};
  if (!file) return ::lstat(what.name.c_str(), &is) != 0 && errno == ENOENT ? "" : "it is no file of ours";
  if (used.contains(file->id)) return "a process uses it";
  if (file->owner && file->owner->now() == segment_owner::state::lives) return "its owner lives";
  if (::unlink(what.name.c_str()) == 0 || errno == ENOENT) return {};
  return std::strerror(errno);
}

}  // namespace

leftovers find_dead_segments(const std::string& folder) {
  std::vector<segment_file> files = files_in(folder);
  std::erase_if(files, [](const segment_file& file) {
    return !file.owner || file.owner->now() != segment_owner::state::dead;
  });
  return unused_of(std::move(files));
}

leftovers find_unused_segments(const std::string& folder) {
  std::vector<segment_file> files = files_in(folder);
  std::erase_if(files, [](const segment_file& file) {
    return file.owner && file.owner->now() == segment_owner::state::lives;
  });
  return unused_of(std::move(files));
}

reap_report remove_segments(const leftovers& found) {
  reap_report report;
  if (found.empty()) return report;
  const std::set<file_id> used = files_in_use();
  for (leftover each : found) {
    const std::string why = each.kind == "shm" ? remove(each, used) : "it is not a shared segment";
    if (why.empty()) {
      report.removed.push_back(std::move(each));
    } else {
      each.detail = why;
      report.failed.push_back(std::move(each));
    }
  }
  return report;
}

}  // namespace tractor
