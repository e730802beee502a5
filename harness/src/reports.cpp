#include "reports.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

#include "utf8_text.hpp"

namespace tractor::harness::detail {

namespace {

std::string seconds(std::chrono::milliseconds span) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(span.count()) / 1000);
  return text;
}

// Plain tests have no cell.
std::string row_of(const test_result& result) {
  const std::string cell = result.cell();
  return cell.empty() ? "(no cell)" : cell;
}

// What stands for it where there are tags; null if it stands for itself.
const char* entity_of(char c) { return c == '&' ? "&amp;" : c == '<' ? "&lt;" : c == '>' ? "&gt;" : nullptr; }

// As the text in a table of markdown: nothing of it ends a cell, or is taken for a tag.
std::string cell_text(const std::string& text) {
  std::string out;
  for (const char c : as_utf8(text)) {
    if (const char* const entity = entity_of(c))
      out += entity;
    else if (c == '|' || c == '\\')
      out += {'\\', c};
    else
      out += c;
  }
  return out;
}

/// The rows of a table, the first of which is its head.
std::vector<std::vector<std::string>> cells_table(const run_summary& of) {
  std::vector<verdict> columns;
  for (const verdict each : all_verdicts)
    if (each == verdict::pass || of.count(each) > 0) columns.push_back(each);
  std::map<std::string, std::map<verdict, std::size_t>> counts;
  std::map<std::string, std::chrono::milliseconds> took;
  for (const test_result& each : of.results) {
    ++counts[row_of(each)][each.what];
    took[row_of(each)] += each.took;
  }
  std::vector<std::vector<std::string>> out{{"cell"}};
  for (const verdict each : columns) out[0].emplace_back(word_of(each));
  out[0].push_back("seconds");
  for (auto& [cell, of_cell] : counts) {
    out.push_back({cell});
    for (const verdict each : columns) out.back().push_back(std::to_string(of_cell[each]));
    out.back().push_back(seconds(took[cell]));
  }
  return out;
}

std::string xml_escaped(const std::string& text) {
  std::string out;
  for (const char c : as_utf8(text)) {
    const auto code = static_cast<unsigned char>(c);
    if (const char* const entity = entity_of(c))
      out += entity;
    else if (c == '"')
      out += "&quot;";
    else if (code < 0x20 && c != '\n' && c != '\t')
      out += "\xef\xbf\xbd";  // XML has no way to write it
    else
      out += c;
  }
  return out;
}

}  // namespace

std::size_t run_summary::count(verdict of) const noexcept {
  return static_cast<std::size_t>(std::ranges::count(results, of, &test_result::what));
}

std::size_t run_summary::failed() const noexcept {
  return static_cast<std::size_t>(
      std::ranges::count_if(results, [](const test_result& each) { return is_bad(each.what); }));
}

std::string terminal_report(const run_summary& of) {
  const auto rows = cells_table(of);
  std::vector<std::size_t> widths(rows[0].size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  std::string out;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string gap(widths[i] - row[i].size(), ' ');
      out += i == 0 ? row[i] + gap : "  " + gap + row[i];
    }
    out += "\n";
  }
  for (const test_result& each : sorted(of.results)) {
    if (each.what == verdict::pass) continue;
    out += std::string(word_of(each.what)) + " " + each.name;
    out += each.reason.empty() ? "\n" : ": " + each.reason + "\n";
  }
  return out;
}

std::string markdown_report(const run_summary& of) {
  std::string out = "### " + of.title + ": " + std::to_string(of.failed()) + " of " +
                    std::to_string(of.results.size()) + " failed in " + seconds(of.took) + " s\n\n" +
                    of.line + "\n\n";
  bool head = true;
  for (const auto& row : cells_table(of)) {
    for (const std::string& each : row) out += "| " + each + " ";
    out += "|\n";
    if (!std::exchange(head, false)) continue;
    for (std::size_t i = 0; i < row.size(); ++i) out += i == 0 ? "|---" : "|---:";
    out += "|\n";
  }
  bool first = true;
  for (const test_result& each : sorted(of.results)) {
    if (each.what == verdict::pass) continue;
    if (std::exchange(first, false)) out += "\n| verdict | test | reason |\n|---|---|---|\n";
    out += "| " + std::string(word_of(each.what)) + " | `" + as_utf8(each.name) + "` | " +
           cell_text(each.reason) + " |\n";
  }
  return out;
}

namespace {

std::string junit_start(const std::string& element, const test_result& of) {
  return "      <" + element + " type=\"" + std::string(word_of(of.what)) + "\" message=\"" +
         xml_escaped(of.reason) + "\">";
}

std::string junit_fault(const test_result& of) {
  const std::string element = of.what == verdict::crash ? "error" : "failure";
  return junit_start(element, of) + xml_escaped(of.output) + "</" + element + ">\n";
}

// As Surefire writes it: each attempt that failed, then what the good one wrote.
std::string junit_flaky(const test_result& of) {
  std::string out;
  for (const test_result& each : of.attempts) {
    const std::string text = "<system-out>" + xml_escaped(each.output) + "</system-out>";
    out += is_bad(each.what) ? junit_start("flakyFailure", each) + text + "</flakyFailure>\n"
                             : "      " + text + "\n";
  }
  return out;
}

}  // namespace

std::string junit_report(const run_summary& of) {
  std::map<std::string, test_results> suites;
  for (const test_result& each : sorted(of.results)) suites[each.suite()].push_back(each);
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"" +
                    xml_escaped(of.title) + "\" tests=\"" + std::to_string(of.results.size()) +
                    "\" failures=\"" + std::to_string(of.failed() - of.count(verdict::crash)) +
                    "\" errors=\"" + std::to_string(of.count(verdict::crash)) + "\" skipped=\"" +
                    std::to_string(of.count(verdict::skip) + of.count(verdict::xfail)) + "\" time=\"" +
                    seconds(of.took) + "\">\n";
  for (const auto& [suite, tests] : suites) {
    out +=
        "  <testsuite name=\"" + xml_escaped(suite) + "\" tests=\"" + std::to_string(tests.size()) + "\">\n";
    for (const test_result& each : tests) {
      out += "    <testcase classname=\"" + xml_escaped(suite) + "\" name=\"" +
             xml_escaped(each.name.substr(std::min(suite.size() + 1, each.name.size()))) + "\" time=\"" +
             seconds(each.took) + "\">\n      <properties><property name=\"verdict\" value=\"" +
             std::string(word_of(each.what)) + "\"/><property name=\"cell\" value=\"" +
             xml_escaped(each.cell()) + "\"/></properties>\n";
      const std::string reason = xml_escaped(each.reason);
      if (is_skip(each.what)) out += "      <skipped message=\"" + reason + "\"/>\n";
      if (is_bad(each.what)) out += junit_fault(each);
      if (each.what == verdict::flaky) out += junit_flaky(each);
      out += "    </testcase>\n";
    }
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

namespace {

const char page_head[] = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<style>
:root { color-scheme: light dark; }
body { font: 15px/1.4 system-ui, sans-serif; margin: 2em; }
table { border-collapse: collapse; }
th, td { padding: .2em .6em; border-bottom: 1px solid #8884; text-align: left; vertical-align: top; }
td.v { white-space: nowrap; font-variant-numeric: tabular-nums; }
thead th { position: sticky; top: 0; background: Canvas; }
.PASS { color: #2a7d3b; } .SKIP, .XFAIL { color: #777; } .FLAKY { color: #b06f00; }
.FAIL, .LEAK, .TIMEOUT, .CRASH, .XPASS { color: #c3272b; font-weight: 600; }
details { max-width: 19em; }
details[open] { max-width: 90ch; }
summary { overflow: hidden; text-overflow: ellipsis; }
[open] > summary { white-space: normal; }
pre { white-space: pre-wrap; }
#shown { margin-left: 1em; color: #777; }
</style>
)";

const char page_script[] = R"(<script>
const words = document.getElementById('words'), bad = document.getElementById('bad');
function narrow() {
  const wanted = words.value.toLowerCase();
  let shown = 0;
  for (const row of document.querySelectorAll('tbody tr')) {
    const fits = row.dataset.name.toLowerCase().includes(wanted) && (!bad.checked || row.dataset.bad === '1');
    row.hidden = !fits;
    shown += fits;
  }
  document.getElementById('shown').textContent = shown + ' shown';
}
words.oninput = bad.onchange = narrow;
narrow();
</script>
)";

// A path in a link: some bytes end it, or make it something else than a path.
std::string link_to(const std::string& path) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/+@=,!()";
  std::string out;
  for (const char c : path) {
    char code[8];
    std::snprintf(code, sizeof code, "%%%02X", static_cast<unsigned>(static_cast<unsigned char>(c)));
    plain.find(c) == plain.npos ? out += code : out += c;
  }
  return out;
}

std::string html_cell(const test_result* result, const std::string& folder) {
  if (!result) return "<td class=\"v\"></td>";
  std::string out = "<td class=\"v\"><span class=\"" + std::string(word_of(result->what)) + "\">" +
                    std::string(word_of(result->what)) + "</span> " + seconds(result->took) + " s";
  if (!result->reason.empty() || is_bad(result->what))
    out += "<details><summary>" + xml_escaped(result->reason.empty() ? "output" : result->reason) +
           "</summary><pre>" + xml_escaped(result->output) + "</pre></details>";
  if (!result->kept.empty()) {
    const std::string link = std::filesystem::proximate(result->kept, folder.empty() ? "." : folder);
    out += " <a href=\"" + link_to(link) + "/output.txt\">files</a>";
  }
  return out + "</td>";
}

}  // namespace

std::string html_report(const run_summary& of, const std::string& folder) {
  std::map<std::string, std::map<std::string, const test_result*>> rows;
  std::map<std::string, int> columns;
  for (const test_result& each : of.results) {
    rows[each.suite() + "." + each.test()][each.cell()] = &each;
    columns[each.cell()] = 0;
  }
  std::string out = std::string(page_head) + "<title>" + xml_escaped(of.title) +
                    "</title></head><body>\n<h1>" + xml_escaped(of.title) + "</h1>\n<p>" +
                    xml_escaped(of.line) + ", " + seconds(of.took) + " s.";
  for (const verdict each : all_verdicts)
    if (const std::size_t count = of.count(each))
      out += " <span class=\"" + std::string(word_of(each)) + "\">" + std::to_string(count) + " " +
             std::string(word_of(each)) + "</span>";
  out +=
      "</p>\n<p><input id=\"words\" placeholder=\"part of a name\"> <label><input type=\"checkbox\" "
      "id=\"bad\"> only what failed</label> <span id=\"shown\"></span></p>\n<table><thead><tr><th>test</th>";
  for (const auto& [cell, unused] : columns)
    out += "<th>" + (cell.empty() ? std::string("no cell") : xml_escaped(cell)) + "</th>";
  out += "</tr></thead><tbody>\n";
  for (const auto& [name, results] : rows) {
    const bool bad = std::ranges::any_of(results, [](const auto& each) { return is_bad(each.second->what); });
    out += "<tr data-name=\"" + xml_escaped(name) + "\" data-bad=\"" + (bad ? "1" : "0") + "\"><td>" +
           xml_escaped(name) + "</td>";
    for (const auto& [cell, unused] : columns) {
      const auto at = results.find(cell);
      out += html_cell(at == results.end() ? nullptr : at->second, folder);
    }
    out += "</tr>\n";
  }
  return out + "</tbody></table>\n" + page_script + "</body></html>\n";
}

void check_report(const std::string& path) {
  std::error_code unknown;
  const bool was_there = std::filesystem::exists(path, unknown);
  errno = 0;
  const std::ofstream file(path, std::ios::binary | std::ios::app);
  if (!file) throw std::system_error(errno ? errno : EIO, std::generic_category(), "cannot write " + path);
  if (!was_there) std::filesystem::remove(path, unknown);
}

void write_report(const std::string& path, const std::string& text) {
  errno = 0;
  std::ofstream file(path, std::ios::binary);
  file << text << std::flush;
  if (!file) throw std::system_error(errno ? errno : EIO, std::generic_category(), "cannot write " + path);
}

}  // namespace tractor::harness::detail
