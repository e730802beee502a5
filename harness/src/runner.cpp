#include "runner.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "annotations.hpp"
#include "failed_tests.hpp"
#include "isolated_run.hpp"
#include "joined.hpp"
#include "replay.hpp"
#include "reports.hpp"
#include "run_folder.hpp"
#include "sandbox.hpp"
#include "selection.hpp"
#include "session.hpp"
#include "tractor/harness/session.hpp"

namespace tractor::harness::detail {

namespace {

using clock = std::chrono::steady_clock;

// What the environment has narrowed, and the seed of the clock, the workers cannot know.
std::vector<std::string> words_for_workers(const flags& given, double room) {
  const session& chosen = current_session();
  std::vector<std::string> out = given.for_workers;
  isolation how = given.isolated();
  if (how == isolation::sandbox)
    if (const std::string why = why_no_sandbox(); !why.empty()) {
      std::printf("%s: each test has a process of its own and no more\n", why.c_str());
      how = isolation::process;
    }
  out.push_back(std::string("--isolate=") + word_of(how));
  out.push_back("--spawn-backend=" + joined(chosen.backends, ","));
  out.push_back("--tpt-proto=" + joined(chosen.transports, ","));
  out.push_back("--seed=" + std::to_string(chosen.seed));
  out.push_back("--head-room=" + std::to_string(room));
  out.push_back("--gtest_color=no");
  if (GTEST_FLAG_GET(also_run_disabled_tests)) out.push_back("--gtest_also_run_disabled_tests");
  if (!GTEST_FLAG_GET(catch_exceptions)) out.push_back("--gtest_catch_exceptions=0");
  if (GTEST_FLAG_GET(throw_on_failure)) out.push_back("--gtest_throw_on_failure");
  out.push_back("--gtest_death_test_style=" + GTEST_FLAG_GET(death_test_style));
  out.push_back("--runner=" + std::to_string(::getpid()));
  return out;
}

std::string head_room_text(double factor) {
  char text[32];
  std::snprintf(text, sizeof text, "head room %.1f", factor);
  return text;
}

void print_result(const test_result& result) {
  if (result.what != verdict::pass && !is_skip(result.what)) {
    std::fwrite(result.output.data(), 1, result.output.size(), stdout);
    if (!result.output.empty() && result.output.back() != '\n') std::fputc('\n', stdout);
  }
  const std::string word(word_of(result.what));
  const std::string reason = result.reason.empty() ? "" : ": " + result.reason;
  if (GTEST_FLAG_GET(brief) && !is_bad(result.what)) return;
  std::printf("[ %-7s ] %s (%lld ms)%s\n", word.c_str(), result.name.c_str(),
              static_cast<long long>(result.took.count()), reason.c_str());
  if (is_bad(result.what)) std::printf("replay: %s\n", replay_command(result.program, result.name).c_str());
  std::fflush(stdout);
}

void keep_results(const test_results& results, int durations) {
  std::set<std::string> good, failed;
  timed_tests took;
  for (const test_result& each : results) {
    (is_bad(each.what) ? failed : good).insert(each.name);
    took.emplace_back(each.took, each.name);
  }
  print_slowest(std::move(took), durations);
  remember_results(good, failed);
}

// A summary for a page is no report that was asked for: that it is missing fails no run.
void add_to_page(const std::string& page, const run_summary& summary) {
  errno = 0;
  std::ofstream file(page, std::ios::app);
  file << markdown_report(summary) << "\n" << std::flush;
  if (!file)
    std::fprintf(stderr, "the summary is not in GITHUB_STEP_SUMMARY: cannot write %s: %s\n", page.c_str(),
                 std::strerror(errno ? errno : EIO));
}

// One that cannot be written takes no other with it.
void write_reports(const flags& given, const run_summary& summary) {
  std::vector<std::string> errors;
  const auto write = [&errors](const std::string& path, const auto& text) {
    if (path.empty()) return;
    try {
      write_report(path, text());
    } catch (const std::system_error& error) {
      errors.push_back(error.what());
    }
  };
  write(given.junit, [&] { return junit_report(summary); });
  write(given.html, [&] { return html_report(summary, std::filesystem::path(given.html).parent_path()); });
  write(given.markdown, [&] { return markdown_report(summary); });
  // CI systems that show a page for each run name a file for it.
  if (const char* page = std::getenv("GITHUB_STEP_SUMMARY"); page && *page) add_to_page(page, summary);
  if (!errors.empty()) throw std::runtime_error(joined(errors, "\n"));
}

// The reports are tried before a run that may take long.
void check_reports(const flags& given) {
  for (const std::string& path : {given.junit, given.html, given.markdown})
    if (!path.empty()) check_report(path);
}

// Where a job of GitHub runs.
void annotate(test_results results) {
  const char* const there = std::getenv("GITHUB_ACTIONS");
  if (!there || !*there) return;
  const char* const workspace = std::getenv("GITHUB_WORKSPACE");
  complete_places(results);
  std::printf(
      "%s",
      github_annotations(results, workspace ? workspace : std::filesystem::current_path().string()).c_str());
  std::fflush(stdout);
}

// Counts, whatever becomes of the reports.
void print_end(const run_summary& summary, std::size_t selected) {
  const std::size_t missing = selected - summary.results.size(), passed = summary.count(verdict::pass);
  if (const int number = isolated_run::interrupted())
    std::printf("interrupted by SIG%s: %zu of %zu tests not run\n", ::sigabbrev_np(number), missing,
                selected);
  else if (missing > 0)
    std::printf("%zu %s not run\n", missing, missing == 1 ? "test was" : "tests were");
  else if (summary.failed() == 0)
    std::printf("[  PASSED  ] %zu test%s.\n", passed, passed == 1 ? "" : "s");
  std::printf("%zu passed, %zu failed, %zu skipped\n", passed + summary.count(verdict::flaky),
              summary.failed(), summary.count(verdict::skip) + summary.count(verdict::xfail));
  std::fflush(stdout);
}

}  // namespace

int run_in_workers(const flags& given, std::vector<worker_task> tests) {
  const session& chosen = current_session();
  check_reports(given);
  isolated_run run;
  run.jobs = std::min(static_cast<std::size_t>(given.jobs.value_or(1)), tests.size());
  const double room = measure_head_room(run.jobs);
  run.words = words_for_workers(given, room);
  run.folder = chosen.folder;
  run.retries = given.retries;
  run.artifacts = given.artifacts;
  run.watch = given.watch;
  run.stop_at_failure = given.stop_at_failure || GTEST_FLAG_GET(fail_fast);
  run.foreground = given.foreground;
  run.keep_folders = given.keep_sandbox;
  run.on_result = print_result;
  if (given.failed_first) {
    const std::set<std::string> failed = failed_tests::of_this_program().names();
    std::ranges::stable_partition(tests, [&](const worker_task& each) { return failed.contains(each.name); });
  }

  const auto begun = clock::now();
  run_summary summary;
  summary.results = run.run(tests);
  summary.took = std::chrono::duration_cast<std::chrono::milliseconds>(clock::now() - begun);
  summary.title = std::filesystem::read_symlink("/proc/self/exe").filename();
  for (const std::string& each : given.with)
    summary.title += " with " + std::filesystem::path(each).filename().string();
  summary.line = joined(chosen.backends, ",") + " x " + joined(chosen.transports, ",") + ", seed " +
                 std::to_string(chosen.seed) + ", " + std::to_string(run.jobs) + " side by side, " +
                 head_room_text(room);

  clean_up_after_dead_runs();
  std::printf("\n%s", terminal_report(summary).c_str());
  keep_results(summary.results, given.durations);
  print_end(summary, tests.size());
  annotate(summary.results);
  write_reports(given, summary);
  if (const int number = isolated_run::interrupted()) return 128 + number;
  if (summary.failed() > 0) return 1;
  return given.skip_code && std::ranges::all_of(summary.results, is_skip, &test_result::what)
             ? *given.skip_code
             : 0;
}

}  // namespace tractor::harness::detail
