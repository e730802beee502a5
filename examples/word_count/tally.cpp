#include "tally.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

namespace fs = std::filesystem;

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Adds the readable text files of one folder that are not there already: some are links to others.
void add_folder(const fs::path& folder, std::set<fs::path>& seen, std::vector<std::string>& files,
                std::uintmax_t& room) {
  std::error_code ignored;
  std::set<fs::path> sorted;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) sorted.insert(entry.path());
  for (const fs::path& path : sorted) {
    const fs::path real = fs::canonical(fs::is_directory(path, ignored) ? path / "copyright" : path, ignored);
    if (ignored || !fs::is_regular_file(real, ignored) || !std::ifstream(real)) continue;
    const std::uintmax_t size = fs::file_size(real, ignored);
    if (ignored || size > room || !seen.insert(real).second) continue;
    room -= size;
    files.push_back(real);
  }
}

}  // namespace

tally count_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in || fs::is_directory(path)) throw std::runtime_error("cannot read '" + path + "'");
  const std::string text{std::istreambuf_iterator<char>(in), {}};

  tally words;
  std::string word;
  for (const char c : text) {
    if (is_letter(c)) {
      word += static_cast<char>(c | 0x20);  // to lower case
    } else if (!word.empty()) {
      ++words[word];
      word.clear();
    }
  }
  if (!word.empty()) ++words[word];
  return words;
}

tally count_files(const std::vector<std::string>& paths) {
  tally words;
  for (const auto& path : paths) merge(words, count_file(path));
  return words;
}

void merge(tally& into, const tally& from) {
  for (const auto& [word, count] : from) into[word] += count;
}

std::uint64_t total(const tally& words) {
  std::uint64_t sum = 0;
  for (const auto& [word, count] : words) sum += count;
  return sum;
}

std::vector<std::pair<std::string, std::uint64_t>> top_words(const tally& words, std::size_t count) {
  std::vector<std::pair<std::string, std::uint64_t>> all(words.begin(), words.end());
  count = std::min(count, all.size());
  const auto more_frequent = [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  };
  std::partial_sort(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(count), all.end(), more_frequent);
  all.resize(count);
  return all;
}

std::vector<std::string> default_files(std::uintmax_t bytes) {
  std::set<fs::path> seen;
  std::vector<std::string> files;
  add_folder("/usr/share/common-licenses", seen, files, bytes);
  // In a build tree the project's own pages are above the program: <project>/build/<preset>/bin/examples.
  std::error_code ignored;
  fs::path above = fs::read_symlink("/proc/self/exe", ignored);
  for (int level = 0; level < 5; ++level) above = above.parent_path();
  if (fs::exists(above / "CMakePresets.json", ignored)) add_folder(above / "docs", seen, files, bytes);
  add_folder("/usr/share/doc", seen, files, bytes);
  return files;
}
