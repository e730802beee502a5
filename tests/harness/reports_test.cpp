// What is left of a run for people and for other programs.
#include "reports.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <thread>
#include <tractor/harness/process.hpp>
#include <tractor/harness/session.hpp>
#include <tractor/msg/reader.hpp>
#include <tractor/msg/writer.hpp>
#include <utility>
#include <vector>

#include "annotations.hpp"
#include "finished_run.hpp"
#include "own_folder.hpp"
#include "program.hpp"

namespace reports_test {

using namespace tractor::harness;
using namespace tractor::harness::detail;
using namespace std::chrono_literals;
using test::own_folder;
using testing::HasSubstr;
using testing::Not;

run_summary sample() {
  run_summary out;
  out.title = "sample_tests";
  out.line = "a x b";
  for (const verdict each : all_verdicts) {
    test_result one;
    one.name = "suite.test_" + std::to_string(out.results.size()) + "/fork+pipe";
    one.what = each;
    one.took = 1500ms;
    if (each != verdict::pass) one.reason = "because a < b | c";
    one.output = "</pre><script>document.title = 'taken over'</script>\x01";
    out.results.push_back(one);
  }
  out.results.emplace_back().name = "plain.test/7";
  return out;
}

TEST(reports, tell_parts_of_a_name_apart) {
  const run_summary all = sample();
  EXPECT_EQ(all.results[0].suite(), "suite");
  EXPECT_EQ(all.results[0].test(), "test_0");
  EXPECT_EQ(all.results[0].cell(), "fork+pipe");
  EXPECT_EQ(all.results.back().cell(), "");
}

TEST(reports, for_terminals_have_a_row_for_each_cell) {
  const std::string text = terminal_report(sample());
  EXPECT_THAT(text,
              HasSubstr("cell       PASS  FAIL  LEAK  TIMEOUT  CRASH  XPASS  SKIP  FLAKY  XFAIL  seconds\n"));
  EXPECT_THAT(text,
              HasSubstr("fork+pipe     1     1     1        1      1      1     1      1      1   13.500\n"));
  EXPECT_THAT(text, HasSubstr("LEAK suite.test_2/fork+pipe: because a < b | c\n"));
  EXPECT_THAT(text, Not(HasSubstr("\nPASS suite")));
}

TEST(reports, for_pages_count_what_failed) {
  EXPECT_THAT(markdown_report(sample()), HasSubstr("### sample_tests: 6 of 10 failed in "));
}

TEST(reports, of_strange_text_stay_well_formed) {
  for (const std::string& text : {html_report(sample()), junit_report(sample())}) {
    EXPECT_THAT(text, Not(HasSubstr("<script>document.title")));
    EXPECT_THAT(text, HasSubstr("because a &lt; b | c"));
    EXPECT_THAT(text, Not(HasSubstr("\x01")));
  }
  EXPECT_THAT(markdown_report(sample()), HasSubstr("| because a &lt; b \\| c |"));
}

TEST(reports, for_pages_keep_the_words_of_a_reason) {
  run_summary all;
  test_result& one = all.results.emplace_back();
  one.name = "a.b";
  one.reason = "std::vector<int> & a || b\\|c";
  EXPECT_THAT(markdown_report(all),
              HasSubstr("| CRASH | `a.b` | std::vector&lt;int&gt; &amp; a \\|\\| b\\\\\\|c |\n"));
}

// The wire has a strict check of its own.
bool is_utf8(const std::string& text) try {
  tractor::msg::buffer bytes;
  tractor::msg::writer(bytes).str(text);
  tractor::msg::reader(bytes.view()).str();
  return true;
} catch (const tractor::msg::codec_error&) {
  return false;
}

TEST(reports, hold_bytes_that_are_no_utf8_as_such_that_are) {
  const std::string no_letter = "\xef\xbf\xbd";
  const std::vector<std::pair<std::string, std::string>> told = {
      {"\xc3\xa4 \xe2\x82\xac \xed\x9f\xbf \xee\x80\x80 \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf",
       "\xc3\xa4 \xe2\x82\xac \xed\x9f\xbf \xee\x80\x80 \xf0\x90\x80\x80 \xf4\x8f\xbf\xbf"},
      {"\xff", no_letter},
      {"\x80", no_letter},
      {"\xe2\x82", no_letter + no_letter},                                  // cut short
      {"\xc0\xaf", no_letter + no_letter},                                  // longer than need be
      {"\xe0\x9f\xbf", no_letter + no_letter + no_letter},                  // likewise
      {"\xf0\x8f\xbf\xbf", no_letter + no_letter + no_letter + no_letter},  // likewise
      {"\xed\xa0\x80", no_letter + no_letter + no_letter},                  // a surrogate
      {"\xf4\x90\x80\x80", no_letter + no_letter + no_letter + no_letter},  // beyond the last one
      {"\xef\xbf\xbe\xef\xbf\xbf", no_letter + no_letter},                  // never letters
  };
  for (const auto& [bytes, text] : told) {
    run_summary all;
    test_result& one = all.results.emplace_back();
    one.name = "suite.[" + bytes + "]";
    one.reason = "reason [" + bytes + "]";
    one.output = "output [" + bytes + "]";
    for (const std::string& page : {junit_report(all), html_report(all), markdown_report(all),
                                    github_annotations(all.results, "/srv/here")}) {
      EXPECT_THAT(page, HasSubstr("[" + text + "]"));
      EXPECT_THAT(page, HasSubstr("reason [" + text + "]"));
      EXPECT_TRUE(is_utf8(page)) << page;
    }
    for (const std::string& page : {junit_report(all), html_report(all)})
      EXPECT_THAT(page, HasSubstr("output [" + text + "]"));
  }
}

std::string text_in(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path).rdbuf();
  return out.str();
}

TEST(reports, are_readable_whatever_a_test_has_written) {
  const own_folder folder;
  const test::finished_run run(
      command(test::program("tractor_harness_probe"))
          .arg("--gtest_filter=spoken.bytes_that_are_no_text")
          .arg("--junit", folder.path + "/all.xml", "--html", folder.path + "/all.html")
          .arg("--markdown", folder.path + "/all.md"));
  EXPECT_EQ(run.verdict_of("spoken.bytes_that_are_no_text"), "FAIL");
  for (const char* const report : {"/all.xml", "/all.html", "/all.md"}) {
    const std::string page = text_in(folder.path + report);
    EXPECT_THAT(page, HasSubstr("no text: \xef\xbf\xbd, ")) << report;
    EXPECT_TRUE(is_utf8(page)) << report;
  }
}

TEST(reports, that_can_be_written_are_whatever_becomes_of_the_others) {
  const own_folder folder;
  for (const char* const full : {"/full.xml", "/full.md"})
    std::filesystem::create_symlink("/dev/full", folder.path + full);
  const test::finished_run run(
      command(test::program("tractor_harness_probe"))
          .arg("--gtest_filter=fault_of_a_plain_test.fd")
          .arg("--junit", folder.path + "/full.xml", "--html", folder.path + "/all.html")
          .arg("--markdown", folder.path + "/full.md")
          .env("GITHUB_STEP_SUMMARY", folder.path + "/summary.md"));
  EXPECT_EQ(run.code, 2) << run.text;
  for (const char* const full : {"/full.xml", "/full.md"})
    EXPECT_THAT(run.text, HasSubstr("\ncannot write " + folder.path + full + ": No space left on device\n"));
  EXPECT_THAT(text_in(folder.path + "/all.html"), HasSubstr("fault_of_a_plain_test.fd"));
  EXPECT_THAT(text_in(folder.path + "/summary.md"), HasSubstr("fault_of_a_plain_test.fd"));
}

TEST(reports, say_when_the_page_of_a_job_is_without_them) {
  for (const std::string page : {"/dev/full", "/nowhere/summary.md"}) {
    const test::finished_run run(command(test::program("tractor_harness_probe"))
                                     .arg("--gtest_filter=in_an_environment.passes")
                                     .env("GITHUB_STEP_SUMMARY", page));
    EXPECT_EQ(run.code, 0) << run.text;
    EXPECT_THAT(run.text,
                HasSubstr("\nthe summary is not in GITHUB_STEP_SUMMARY: cannot write " + page + ": No s"));
  }
}

TEST(reports, for_the_log_of_a_job_escape_what_would_end_a_line) {
  test_results bad(2);
  bad[0].name = "a.b:c,d";
  bad[0].what = verdict::fail;
  bad[0].reason = "50% of\r\n1: 2, 3";
  bad[1].name = "e.f";
  bad[1].file = "/srv/of others/x,y.cpp";
  bad[1].line = 7;
  EXPECT_EQ(github_annotations(bad, "/srv/here"),
            "::error title=a.b%3Ac%2Cd::FAIL: 50%25 of%0D%0A1: 2, 3\n"
            "::error file=/srv/of others/x%2Cy.cpp,line=7,title=e.f::CRASH\n");
  EXPECT_THAT(github_annotations(bad, "/srv/of others"), HasSubstr("::error file=x%2Cy.cpp,line=7,"));
}

/// The targets of a page's links, as a browser reads them.
std::vector<std::string> links_of(const std::string& page) {
  std::vector<std::string> out;
  const std::string head = "<a href=\"";
  for (std::size_t at = 0; (at = page.find(head, at)) != page.npos;) {
    at += head.size();
    const std::string text = page.substr(at, page.find('"', at) - at);
    out.emplace_back();
    // What stands behind these is no part of a path.
    for (std::size_t i = 0; i < std::min(text.find_first_of("?#"), text.size()); ++i)
      if (text[i] == '%') {
        out.back() += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
      } else {
        out.back() += text[i];
      }
  }
  return out;
}

TEST(reports, as_a_page_link_to_files_that_are_there) {
  const own_folder folder;
  for (const std::string kept : {"kept", "pages/kept", "all: 100% of #1? & <more>"}) {
    const session& chosen = current_session();
    std::filesystem::create_directories(folder.path + "/pages");
    const std::string page = folder.path + "/pages/all.html";
    const test::finished_run run(
        command(test::program("tractor_harness_probe"))
            .arg("--spawn-backend", chosen.backends.front(), "--tpt-proto", chosen.transports.front())
            .arg(
                "--gtest_filter=fault.temporary_file/*:fault.assertion/*:trial.by_three_turns/*:fault.none/*")
            .arg("--retries", "2", "--artifacts", folder.path + "/" + kept, "--html", page)
            .env("PROBE_TURN", folder.path + "/turn"));
    const std::vector<std::string> links = links_of(text_in(page));
    EXPECT_EQ(links.size(), 3u) << run.text;
    for (const std::string& each : links)
      EXPECT_TRUE(std::filesystem::is_regular_file(folder.path + "/pages/" + each)) << each;
    std::filesystem::remove(folder.path + "/turn");
  }
}

/// A page as a browser shows it, after a user has done what `script` says.
std::string shown_by_a_browser(std::string page, const std::string& script) {
  const own_folder folder;
  const std::string end = "</body>";
  page.insert(page.rfind(end), "<script>" + script + "</script>");
  std::ofstream(folder.path + "/page.html") << page;
  command browser("chromium");
  browser.arg("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run")
      .arg("--user-data-dir=" + folder.path + "/data", "--dump-dom", "file://" + folder.path + "/page.html")
      .env("HOME", folder.path)
      .env("XDG_RUNTIME_DIR", folder.path);
  subprocess run(browser);
  const auto status = run.wait(60s);
  EXPECT_TRUE(status && status->ok()) << run.err();
  // Some of its helpers leave its group, and end after it.
  const auto until = std::chrono::steady_clock::now() + 10s;
  while (::waitpid(-1, nullptr, WNOHANG) >= 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::sleep_for(2ms);
  return run.out();
}

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t out = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != text.npos; at += part.size()) ++out;
  return out;
}

TEST(reports, as_a_page_work_in_a_browser) try {
  const std::string page = html_report(sample());
  const std::string untouched = shown_by_a_browser(page, "");
  EXPECT_THAT(untouched, HasSubstr("<span id=\"shown\">10 shown</span>"));
  EXPECT_THAT(untouched, HasSubstr("<title>sample_tests</title>"));
  EXPECT_EQ(times(untouched, " hidden=\"\""), 0u);

  const std::string by_name = shown_by_a_browser(page, "words.value = 'TEST_2'; words.oninput()");
  EXPECT_THAT(by_name, HasSubstr("<span id=\"shown\">1 shown</span>"));
  EXPECT_EQ(times(by_name, " hidden=\"\""), 9u);

  const std::string bad = shown_by_a_browser(page, "bad.checked = true; bad.onchange()");
  EXPECT_THAT(bad, HasSubstr("<span id=\"shown\">6 shown</span>"));
} catch (const std::system_error& error) {
  GTEST_SKIP() << error.what() << ": tools/setup installs it";
}

}  // namespace reports_test
