#include "annotations.hpp"

#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "utf8_text.hpp"

namespace tractor::harness::detail {

namespace {

// A byte that would end the text is written as in a URL, and so is what marks it.
std::string escaped(const std::string& text, std::string_view bytes) {
  std::string out;
  for (const char c : as_utf8(text)) {
    char code[8];
    std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    bytes.find(c) == bytes.npos ? out += c : out += code;
  }
  return out;
}

std::string in_message(const std::string& text) { return escaped(text, "%\r\n"); }
std::string in_property(const std::string& text) { return escaped(text, "%\r\n:,"); }

std::string below(const std::string& file, const std::string& workspace) {
  if (workspace.empty() || !std::filesystem::path(file).is_absolute()) return file;
  const std::filesystem::path out = std::filesystem::path(file).lexically_relative(workspace);
  return out.empty() || *out.begin() == ".." ? file : out.string();
}

// A compiler that is started in the folder of the build may have been given paths from there, as ccache does.
std::string whole_path(const std::string& program, const std::string& file) {
  std::error_code unknown;
  std::filesystem::path folder = program;
  if (file.empty() || std::filesystem::path(file).is_absolute()) return file;
  while (folder.has_relative_path()) {
    folder = folder.parent_path();
    if (std::filesystem::exists(folder / file, unknown)) return (folder / file).lexically_normal();
  }
  return file;
}

}  // namespace

std::string github_annotations(const test_results& results, const std::string& workspace) {
  std::string out;
  for (const test_result& each : sorted(results)) {
    if (!is_bad(each.what)) continue;
    out += "::error ";
    if (!each.file.empty())
      out += "file=" + in_property(below(each.file, workspace)) + ",line=" + std::to_string(each.line) + ",";
    const std::string reason = each.reason.empty() ? "" : ": " + each.reason;
    out += "title=" + in_property(each.name) + "::" + in_message(std::string(word_of(each.what)) + reason) +
           "\n";
  }
  return out;
}

void complete_places(test_results& results) {
  for (test_result& each : results)
    if (is_bad(each.what)) each.file = whole_path(each.program, each.file);
}

}  // namespace tractor::harness::detail
