#include "ctest_file.hpp"

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "declared.hpp"
#include "joined.hpp"
#include "test_bound.hpp"
#include "test_result.hpp"

namespace tractor::harness::detail {

namespace {

// What automake and CTest take for a skip.
constexpr const char* code_of_skip = "77";

// In brackets nothing of a word is special to CMake.
std::string quoted(const std::string& word) { return "[==[" + word + "]==]"; }

std::string labels_of(const test_result& named, const test_case* test) {
  std::vector<std::string> out{named.suite()};
  if (const std::string cell = named.cell(); !cell.empty()) {
    out.push_back(cell.substr(0, cell.find('+')));
    out.push_back(cell.substr(cell.find('+') + 1));
  }
  if (test) out.insert(out.end(), test->labels.begin(), test->labels.end());
  return joined(out, ";");
}

std::string words_of(const flags& given) {
  std::string out;
  for (const std::string& each : given.for_workers) out += " " + quoted(each);
  if (given.isolate) out += std::string(" --isolate=") + word_of(*given.isolate);
  return out;
}

}  // namespace

void write_ctest_file(const std::string& file, const flags& given, const std::vector<std::string>& names) {
  std::ofstream out(file);
  const std::string program = quoted(std::filesystem::read_symlink("/proc/self/exe"));
  const std::string words = words_of(given);
  for (const std::string& name : names) {
    test_result named;
    named.name = name;
    const test_case* const test = find_declared(name);
    // CTest comes last, behind a runner with that bound.
    const auto bound =
        std::chrono::ceil<std::chrono::seconds>(bound_of_process(name)) + std::chrono::seconds(10);
    out << "add_test(" << quoted(name) << " " << program << " " << quoted("--gtest_filter=" + name)
        << " --skip-code=" << code_of_skip << words << ")\n"
        << "set_tests_properties(" << quoted(name) << " PROPERTIES LABELS " << quoted(labels_of(named, test))
        << " TIMEOUT " << bound.count() << " PROCESSORS " << (test ? test->processors : 1)
        << " SKIP_RETURN_CODE " << code_of_skip << ")\n";
  }
  out.close();
  if (!out) throw std::system_error(errno, std::generic_category(), "cannot write " + file);
}

}  // namespace tractor::harness::detail
