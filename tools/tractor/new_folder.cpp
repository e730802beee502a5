#include "new_folder.hpp"

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace tractor::cli {
namespace fs = std::filesystem;

new_folder::new_folder(const fs::path& where) : where_(where) {
  std::vector<fs::path> missing;
  std::error_code error;
  for (fs::path at = where; !fs::exists(at, error); at = at.parent_path()) missing.push_back(at);
  made_.reserve(missing.size());
  for (; !missing.empty(); missing.pop_back()) {
    if (fs::create_directory(missing.back(), error)) made_.push_back(missing.back());
    if (!error) continue;
    remove_all_made();
    throw std::system_error(error, "cannot make the folder '" + missing.back().string() + "'");
  }
}

new_folder::~new_folder() { remove_all_made(); }

void new_folder::write(std::string_view name, const std::string& text) {
  const fs::path path = where_ / name;
  const auto failure = [&](int number) {
    return std::system_error(number, std::generic_category(), "cannot write '" + path.string() + "'");
  };
  made_.reserve(made_.size() + 1);
  std::FILE* const file = std::fopen(path.c_str(), "wxe");
  if (!file) throw failure(errno);
  made_.push_back(path);
  int number = std::fwrite(text.data(), 1, text.size(), file) == text.size() ? 0 : errno;
  if (std::fclose(file) != 0 && number == 0) number = errno;
  if (number != 0) throw failure(number);
}

// Backwards: files go before their folders. What somebody else put there meanwhile stays, and so does its
// folder.
void new_folder::remove_all_made() noexcept {
  std::error_code ignored;
  for (; !made_.empty(); made_.pop_back()) fs::remove(made_.back(), ignored);
}

}  // namespace tractor::cli
