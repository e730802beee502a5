#include "artifacts.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace tractor::harness::detail {

namespace {

namespace fs = std::filesystem;

// What the harness keeps there for itself; the key is nobody else's business besides.
bool is_internal(const fs::path& file) {
  for (const char* const name : {"key", "prompt", "report", "rest"})
    if (file == name) return true;
  return false;
}

// Sockets and pipes have nothing in them.
void copy_files(const fs::path& from, const fs::path& to) {
  std::error_code gone;
  for (const auto& entry : fs::recursive_directory_iterator(from, gone)) {
    if (!entry.is_regular_file(gone) || entry.is_symlink(gone)) continue;
    const fs::path file = entry.path().lexically_relative(from);
    if (is_internal(file)) continue;
    const fs::path target = to / file;
    fs::create_directories(target.parent_path());
    fs::copy_file(entry.path(), target, gone);
  }
}

void write_output(const test_result& of, const fs::path& folder) {
  const fs::path output = folder / "output.txt";
  errno = 0;
  std::ofstream file(output, std::ios::binary);
  file << word_of(of.what) << ": " << of.reason << "\n" << of.output << std::flush;
  if (!file)
    throw std::system_error(errno ? errno : EIO, std::generic_category(), "cannot write " + output.string());
}

}  // namespace

void keep_artifacts(test_result& of, const std::string& from, const std::string& to, std::size_t attempt) {
  fs::path folder = fs::path(to) / file_name_of(of.name);
  if (attempt <= 1) fs::remove_all(folder);
  if (attempt > 0) folder /= "attempt-" + std::to_string(attempt);
  fs::create_directories(folder);
  copy_files(from, folder);
  write_output(of, folder);
  of.kept = folder;
}

void keep_output(test_result& of, const std::string& to) {
  const fs::path folder = fs::path(to) / file_name_of(of.name);
  of.kept.clear();
  write_output(of, folder);
  of.kept = folder;
}

}  // namespace tractor::harness::detail
