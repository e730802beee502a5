#include "tests_of_run.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <system_error>

#include "failed_tests.hpp"
#include "joined.hpp"
#include "selection.hpp"
#include "session.hpp"
#include "test_bound.hpp"
#include "tractor/harness/process.hpp"
#include "tractor/harness/session.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace tractor::harness::detail {

namespace {

using namespace std::chrono_literals;

// What a program needs to load its plugins, and then some.
constexpr auto time_to_list = 30s;

std::map<std::string, const testing::TestInfo*> registered_tests() {
  std::map<std::string, const testing::TestInfo*> out;
  const testing::UnitTest& unit = *testing::UnitTest::GetInstance();
  for (int i = 0; i < unit.total_test_suite_count(); ++i) {
    const testing::TestSuite& suite = *unit.GetTestSuite(i);
    for (int k = 0; k < suite.total_test_count(); ++k) {
      const testing::TestInfo& test = *suite.GetTestInfo(k);
      out.emplace(std::string(suite.name()) + "." + test.name(), &test);
    }
  }
  return out;
}

std::vector<worker_task> own_tests() {
  const std::string program = std::filesystem::read_symlink("/proc/self/exe");
  const auto registered = registered_tests();
  std::vector<worker_task> out;
  for (const std::string& name : selected_tests()) {
    const testing::TestInfo& test = *registered.at(name);
    out.push_back({name, program, bound_of_process(name), test.file(), test.line()});
  }
  return out;
}

// A line of a list is a bound, a line number, a file and a name, with tabs between: none of them has one.
worker_task read_task(const std::string& program, const std::string& line) {
  std::istringstream in(line);
  std::string bound, number;
  worker_task out{"", program, {}, "", 0};
  for (std::string* each : {&bound, &number, &out.file, &out.name}) std::getline(in, *each, '\t');
  std::int64_t count = 0;
  std::from_chars(bound.data(), bound.data() + bound.size(), count);
  std::from_chars(number.data(), number.data() + number.size(), out.line);
  out.bound = std::chrono::nanoseconds(count);
  return out;
}

[[noreturn]] void cannot_ask(const std::string& program, const std::string& why) {
  throw settings_error("--with: the tests of " + program + " cannot be listed: " + why);
}

std::vector<worker_task> tests_of(const std::string& given_path, const flags& given,
                                  const std::string& filter) {
  std::error_code missing;
  const std::string program = std::filesystem::canonical(given_path, missing);
  if (missing) cannot_ask(given_path, missing.message());
  const session& chosen = current_session();
  const std::string list = chosen.folder + "/list";
  command line(program);
  for (const std::string& word : given.for_workers) line.arg(word);
  line.arg("--spawn-backend=" + joined(chosen.backends, ","),
           "--tpt-proto=" + joined(chosen.transports, ","));
  line.arg("--gtest_filter=" + filter, "--list=" + list);
  if (given.expression) line.arg("-k", given.expression->text());
  if (GTEST_FLAG_GET(also_run_disabled_tests)) line.arg("--gtest_also_run_disabled_tests");
  line.keep_output(4096);
  subprocess asked(line);
  const auto status = asked.wait(scaled(time_to_list));
  if (!status) cannot_ask(program, "it has not answered in time");
  const std::string said = asked.err().substr(0, asked.err().find('\n'));
  if (!status->ok()) cannot_ask(program, said.empty() ? status->text() : said);
  std::ifstream in(list);
  if (!in) cannot_ask(program, "it has not the main function of tractor::harness");
  std::vector<worker_task> out;
  for (std::string each; std::getline(in, each);) out.push_back(read_task(program, each));
  std::filesystem::remove(list);
  return out;
}

}  // namespace

std::vector<worker_task> tests_of_run(const flags& given, const std::string& filter) {
  std::vector<worker_task> out = own_tests();
  const std::set<std::string> failed =
      given.last_failed ? failed_tests::of_this_program().names() : std::set<std::string>();
  std::map<std::string, std::string> owners;
  for (const worker_task& each : out) owners.emplace(each.name, each.program);
  for (const std::string& path : given.with)
    for (worker_task& each : tests_of(path, given, filter)) {
      if (!failed.empty() && !failed.contains(each.name)) continue;
      const auto [owner, is_new] = owners.emplace(each.name, each.program);
      if (!is_new)
        throw settings_error("--with: " + owner->second + " and " + each.program + " both have a test " +
                             each.name);
      out.push_back(std::move(each));
    }
  return out;
}

void write_test_list(const std::string& file) {
  errno = 0;
  std::ofstream out(file);
  for (const worker_task& each : own_tests())
    out << std::chrono::nanoseconds(each.bound).count() << '\t' << each.line << '\t' << each.file << '\t'
        << each.name << '\n';
  out.close();
  if (!out) throw std::system_error(errno ? errno : EIO, std::generic_category(), "cannot write " + file);
}

}  // namespace tractor::harness::detail
