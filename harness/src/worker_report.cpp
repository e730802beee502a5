#include "worker_report.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>
#include <vector>

namespace tractor::harness::detail {

namespace {

constexpr const char* file_name = "/report";

constexpr std::size_t most_of_a_reason = 160;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// The lines of an assertion as one: `Expected equality of these values: 1 + 1 Which is: 2, 3`.
std::string one_line(const std::string& text) {
  std::string out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == line.npos) continue;
    line = line.substr(begin, line.find_last_not_of(" \t") + 1 - begin);
    const bool belongs_to_the_last = out.ends_with(':') || line.starts_with("Which is: ");
    if (!out.empty()) out += belongs_to_the_last ? " " : ", ";
    out += line;
  }
  if (out.size() <= most_of_a_reason) return out;
  std::size_t end = most_of_a_reason;
  while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0) == 0x80) --end;  // no half of a letter
  return out.substr(0, end) + "...";
}

std::string place_of(const testing::TestPartResult& part) {
  if (!part.file_name()) return "";
  return std::filesystem::path(part.file_name()).filename().string() + ":" +
         std::to_string(part.line_number()) + ": ";
}

/// What one failure says, and of what kind it is.
struct complaint {
  verdict what = verdict::fail;
  std::string text;
};

complaint read_complaint(const testing::TestPartResult& part) {
  std::string text = part.message();
  // gtest puts `Failed` above a text of one's own.
  if (const std::string head = "Failed\n"; text.starts_with(head)) text.erase(0, head.size());
  for (const verdict known : {verdict::leak, verdict::timeout, verdict::xpass, verdict::xfail}) {
    const std::string word = std::string(word_of(known)) + ": ";
    if (text.starts_with(word)) return {known, first_line(text.substr(word.size()))};
  }
  if (part.skipped()) return {verdict::skip, first_line(text)};
  return {verdict::fail, place_of(part) + one_line(text)};
}

void set_place(test_result& of, const testing::TestPartResult& part) {
  of.file = part.file_name() ? part.file_name() : "";
  of.line = part.line_number();
}

// The first error of the test itself, which explains its leaks; these are told besides.
test_result judge(const testing::TestResult& result) {
  test_result out;
  out.what = result.Skipped() ? verdict::skip : verdict::pass;
  std::vector<std::string> leaks;
  const testing::TestPartResult* first_leak = nullptr;
  for (int i = 0; i < result.total_part_count(); ++i) {
    const testing::TestPartResult& part = result.GetTestPartResult(i);
    if (!part.failed() && !part.skipped()) continue;
    const complaint said = read_complaint(part);
    if (said.what == verdict::leak) {
      leaks.push_back(said.text);
      if (!first_leak) first_leak = &part;
      continue;
    }
    if (is_bad(out.what)) continue;
    out.what = said.what;
    out.reason = said.text;
    set_place(out, part);
  }
  if (first_leak && !is_bad(out.what)) set_place(out, *first_leak);
  // One stands for all.
  if (leaks.size() == 1) out.add_leak(leaks.front());
  if (leaks.size() > 1) out.add_leak(leaks.front() + ", and " + std::to_string(leaks.size() - 1) + " more");
  return out;
}

class worker_listener final : public testing::EmptyTestEventListener {
 public:
  explicit worker_listener(std::string file) : file_(std::move(file)) {}

  void OnTestEnd(const testing::TestInfo& info) override { write(judge(*info.result())); }
  // The set-up and the tear-down of its suite, and of the program: a fixture of the session at its end.
  void OnTestSuiteEnd(const testing::TestSuite& suite) override { add_around(suite.ad_hoc_test_result()); }
  void OnTestProgramEnd(const testing::UnitTest& unit) override { add_around(unit.ad_hoc_test_result()); }

 private:
  // What the test has left stays told, and so does its own error, which comes first.
  void add_around(const testing::TestResult& result) {
    // A set-up of the program that skips lets no test begin.
    if (!told_ && result.Skipped()) write(judge(result));
    if (!result.Failed() || (told_ && is_bad(told_->what) && told_->what != verdict::leak)) return;
    test_result around = judge(result);
    if (told_ && told_->what == verdict::leak) around.add_leak(told_->reason);
    write(around);
  }

  void write(const test_result& seen) {
    told_ = seen;
    std::ofstream(file_) << word_of(seen.what) << "\n"
                         << seen.reason << "\n"
                         << seen.left << "\n"
                         << seen.file << "\n"
                         << seen.line << "\n";
  }
  std::string file_;
  std::optional<test_result> told_;
};

}  // namespace

void report_to(const std::string& folder) {
  testing::UnitTest::GetInstance()->listeners().Append(new worker_listener(folder + file_name));
}

std::optional<test_result> read_report(const std::string& folder) {
  std::ifstream in(folder + file_name);
  std::string word;
  test_result out;
  if (!std::getline(in, word) || !std::getline(in, out.reason) || !std::getline(in, out.left) ||
      !std::getline(in, out.file) || !(in >> out.line))
    return std::nullopt;
  const auto* const known = std::ranges::find(all_verdicts, word, [](verdict each) { return word_of(each); });
  if (known == std::end(all_verdicts)) return std::nullopt;
  out.what = *known;
  return out;
}

namespace {

constexpr const char* frame_end = "[==========] 1 test from 1 test suite ran.";

// A mark of gtest's stands behind what was printed last, which may have left its line open.
void drop_line(std::string& text, std::size_t at) {
  if (at != text.npos) text.erase(at, std::min(text.find('\n', at), text.size() - 1) + 1 - at);
}

// What the surroundings of the test have printed at their set-up.
std::string printed_before(std::string text, const std::string& suite) {
  if (const std::size_t head = text.find("[==========] Running "); head != text.npos) {
    text.erase(0, head);
    drop_line(text, 0);
  }
  drop_line(text, text.find("[----------] Global test environment set-up."));
  drop_line(text, text.find("[----------] 1 test from " + suite));
  return text;
}

// And at their tear-down.
std::string printed_behind(std::string text, const std::string& suite) {
  text.resize(std::min(text.rfind(frame_end), text.size()));
  drop_line(text, text.rfind("[----------] Global test environment tear-down"));
  const std::size_t of_suite = text.rfind("[----------] 1 test from " + suite + " (");
  drop_line(text, of_suite);
  // It has an empty line beneath.
  if (of_suite != text.npos && of_suite < text.size() && text[of_suite] == '\n') drop_line(text, of_suite);
  return text;
}

// The last one, since a test may print some of others, even of its own name.
std::size_t end_mark(const std::string& text, const std::string& test) {
  std::size_t out = text.npos;
  for (const char* const word : {"[       OK ] ", "[  FAILED  ] ", "[  SKIPPED ] "}) {
    const std::string mark = word + test;
    // Behind the frame the test may be listed again.
    std::size_t at = text.rfind(mark, text.rfind(frame_end));
    while (at != text.npos) {
      const std::string_view rest = std::string_view(text).substr(at + mark.size());
      if (rest.starts_with(" (") || rest.starts_with("\n") || rest.starts_with(", where ")) break;
      at = at == 0 ? text.npos : text.rfind(mark, at - 1);
    }
    if (at != text.npos && (out == text.npos || at > out)) out = at;
  }
  return out;
}

}  // namespace

std::string output_of_test(const std::string& all, const std::string& test) {
  const std::string begin_mark = "[ RUN      ] " + test + "\n";
  const std::size_t begin = all.find(begin_mark);
  if (begin == all.npos) return all;
  const std::string suite = test.substr(0, test.find('.'));
  const std::string before = printed_before(all.substr(0, begin), suite);
  std::string own = all.substr(begin + begin_mark.size());
  const std::size_t end = end_mark(own, test);
  if (end == own.npos) return before + own;
  std::string behind = own.substr(end);
  own.resize(end);
  drop_line(behind, 0);
  return before + own + printed_behind(behind, suite);
}

}  // namespace tractor::harness::detail
