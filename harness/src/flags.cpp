#include "flags.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>

#include "joined.hpp"
#include "tractor/plugin/flags.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace tractor::harness::detail {
namespace {

using words = std::vector<std::string>;

bool is_flag(const std::string& word) { return word.starts_with("-"); }

void append_split(words& to, const std::string& list) {
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    if (end > at) to.push_back(list.substr(at, end - at));
    at = end + 1;
  }
}

// The values of the flag at given[at]: those after '=', or the words up to the next flag (at most `most`).
words take_values(const words& given, std::size_t& at, std::size_t most) {
  const std::string& flag = given[at++];
  words out;
  if (const auto equals = flag.find('='); equals != flag.npos)
    out.push_back(flag.substr(equals + 1));
  else
    while (at < given.size() && out.size() < most && !is_flag(given[at])) out.push_back(given[at++]);
  if (out.empty() || out.front().empty())
    throw settings_error(flag.substr(0, flag.find('=')) + ": needs a value");
  return out;
}

std::uint64_t parse_seed(const std::string& text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw settings_error("--seed: expected a whole number, found '" + text + "'");
  return value;
}

double parse_scale(const std::string& flag, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0.001) || value > 1000)
    throw settings_error(flag + ": expected a number from 0.001 to 1000, found '" + text + "'");
  return value;
}

int parse_count(const std::string& flag, const std::string& text, int least = 1) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least)
    throw settings_error(flag + ": expected a whole number " + (least == 1 ? "above 0" : "from 0 on") +
                         ", found '" + text + "'");
  return value;
}

int parse_exit_code(const std::string& flag, const std::string& text) {
  const int value = parse_count(flag, text);
  if (value > 255) throw settings_error(flag + ": an exit code is at most 255, found '" + text + "'");
  return value;
}

bool take_selection(const std::string& name, const words& given, std::size_t& at, flags& out) {
  if (name == "-x" || name == "--exitfirst") {
    out.stop_at_failure = true;
    ++at;
  } else if (name == "--lf" || name == "--last-failed") {
    out.last_failed = true;
    ++at;
  } else if (name == "--skip-code") {
    out.skip_code = parse_exit_code(name, take_values(given, at, 1).front());
  } else if (name == "--ctest") {
    out.ctest = take_values(given, at, 1).front();
  } else if (name == "-s") {
    out.foreground = true;
    ++at;
  } else if (name == "--capture") {
    if (const std::string how = take_values(given, at, 1).front(); how != "no")
      throw settings_error("--capture: there is only 'no', which is -s");
    out.foreground = true;
  } else if (name == "--durations") {
    out.durations = parse_count(name, take_values(given, at, 1).front());
  } else if (name == "-k") {
    out.expression.emplace(take_values(given, at, 1).front());
  } else {
    return false;
  }
  return true;
}

// What only a run with a process for each test has.
bool take_for_runner(const std::string& name, const words& given, std::size_t& at, flags& out) {
  if (name == "--watch" || name == "--ff" || name == "--failed-first" || name == "--keep-sandbox") {
    ++at;
    (name == "--watch" ? out.watch : name == "--keep-sandbox" ? out.keep_sandbox : out.failed_first) = true;
  } else if (name == "-n" || name == "--jobs") {
    out.jobs = parse_count(name, take_values(given, at, 1).front());
  } else if (name == "--with") {
    const words programs = take_values(given, at, given.size());
    out.with.insert(out.with.end(), programs.begin(), programs.end());
  } else if (name == "--retries") {
    out.retries = parse_count(name, take_values(given, at, 1).front(), 0);
  } else if (name == "--junit") {
    out.junit = take_values(given, at, 1).front();
  } else if (name == "--html") {
    out.html = take_values(given, at, 1).front();
  } else if (name == "--markdown") {
    out.markdown = take_values(given, at, 1).front();
  } else if (name == "--artifacts") {
    out.artifacts = take_values(given, at, 1).front();
  } else {
    return false;
  }
  if (out.for_runner.empty()) out.for_runner = name;
  return true;
}

isolation parse_isolation(const std::string& how) {
  if (how == "none") return isolation::none;
  if (how == "process") return isolation::process;
  if (how == "sandbox") return isolation::sandbox;
  throw settings_error("--isolate: known are none, process, sandbox; found '" + how + "'");
}

bool take_workers(const std::string& name, const words& given, std::size_t& at, flags& out) {
  if (name == "--worker") {
    out.worker_folder = take_values(given, at, 1).front();
    return true;
  }
  if (name == "--list") {
    out.test_list = take_values(given, at, 1).front();
    return true;
  }
  if (name == "--runner") {
    out.runner = parse_count(name, take_values(given, at, 1).front());
    return true;
  }
  if (name == "--head-room") {
    out.head_room = parse_scale(name, take_values(given, at, 1).front());
    return true;
  }
  if (name == "--isolate") {
    out.isolate = parse_isolation(take_values(given, at, 1).front());
    return true;
  }
  return take_for_runner(name, given, at, out);
}

// Takes one of our own flags; false if it is none.
bool take_own(const words& given, std::size_t& at, flags& out) {
  const std::string name = given[at].substr(0, given[at].find('='));
  if (name == "--spawn-backend") {
    for (const std::string& value : take_values(given, at, given.size())) append_split(out.backends, value);
  } else if (name == "--seed") {
    out.seed = parse_seed(take_values(given, at, 1).front());
  } else if (name == "--timeout-scale") {
    out.timeout_scale = parse_scale(name, take_values(given, at, 1).front());
  } else {
    return take_selection(name, given, at, out) || take_workers(name, given, at, out);
  }
  return true;
}

void take_runtime_flags(const words& given, flags& out) {
  std::vector<const char*> arguments;
  for (const std::string& word : given) arguments.push_back(word.c_str());
  parsed_flags parsed = parse_runtime_flags(static_cast<int>(arguments.size()), arguments.data());
  if (!parsed.rest.empty())
    throw settings_error("unknown argument '" + parsed.rest.front() + "': try --help");
  if (parsed.said.registry_addrs)
    throw settings_error("--registry-addr: each test has an address of its own; use the fixture reg_addr");
  out.runtime = std::move(parsed.said);
  out.config_file = std::move(parsed.config_file);
  if (out.runtime.loglevel) out.loglevel = log::level_name(*out.runtime.loglevel);
  if (out.runtime.log_spec) out.loglevel = *out.runtime.log_spec;
}

// The key that a name stands for, in each part of `decorator+transport`; empty where a part is unknown.
std::string key_of(const std::string& kind, const std::vector<plugin::plugin_info>& found,
                   const std::string& name) {
  const auto plus = name.find('+');
  if (kind == "transport" && plus != name.npos) {
    const std::string outer = key_of("decorator", found, name.substr(0, plus));
    const std::string inner = key_of(kind, found, name.substr(plus + 1));
    return outer.empty() || inner.empty() ? std::string() : outer + "+" + inner;
  }
  for (const plugin::plugin_info& each : found)
    if (each.kind == kind && each.good() && (each.key == name || std::ranges::count(each.aliases, name) > 0))
      return each.key;
  return {};
}

words good_keys(const std::string& kind, const std::vector<plugin::plugin_info>& found) {
  words out;
  for (const plugin::plugin_info& each : found)
    if (each.kind == kind && each.good()) out.push_back(each.key);
  std::ranges::sort(out);
  return out;
}

std::string listed(const words& keys) { return keys.empty() ? "none" : joined(keys, ", "); }

}  // namespace

flags parse_flags(int argc, const char* const* argv) {
  flags out;
  const words given(argv + std::min(argc, 1), argv + argc);
  words rest{"tests"};
  for (std::size_t at = 0; at < given.size();)
    if (!take_own(given, at, out)) rest.push_back(given[at++]);
  take_runtime_flags(rest, out);
  out.for_workers.assign(rest.begin() + 1, rest.end());
  if (out.isolate == isolation::none && !out.for_runner.empty())
    throw settings_error(out.for_runner +
                         " is for a run with a process for each test: leave out --isolate none");
  if (!out.with.empty() && !out.ctest.empty())
    throw settings_error("--with is for a run: each program gives its own tests to CTest");
  if (out.foreground && out.jobs.value_or(1) > 1)
    throw settings_error("-s leaves the terminal to one test at a time: leave out -n");
  if (out.timeout_scale) out.for_workers.push_back("--timeout-scale=" + std::to_string(*out.timeout_scale));
  return out;
}

std::string flags_help() {
  return "Flags of the test program (all tests run in each cell: spawn backend x transport):\n"
         "  --spawn-backend KEY...    backends to test; default: all that are good\n"
         "  --tpt-proto KEY...        transports to test; default: all that are good\n"
         "  --seed N                  seed of tests with chance; default: from the clock\n"
         "  --timeout-scale F         factor on the bounds of all tests\n"
         "  -k EXPR                   only tests whose name or label holds these words: 'stream and not "
         "(kill or "
         "cancel)'\n"
         "  --lf, --last-failed       only tests that failed when they were last run\n"
         "  --ff, --failed-first      those first\n"
         "  -x, --exitfirst           stop at the first failure\n"
         "  --durations N             show the N slowest tests at the end\n"
         "  --isolate HOW             each test in a process with namespaces of its own: sandbox, the "
         "default "
         "where\n"
         "                            it is allowed; without namespaces: process; all in one process: none\n"
         "  -n, --jobs N              so many tests side by side; default: one\n"
         "  --with PROGRAM...         run the tests of these test programs too, as one run with one report\n"
         "  --retries N               repeat what fails; what leaks or crashes is never repeated\n"
         "  --watch                   show what runs, with its processes, while it runs\n"
         "  --junit, --html, --markdown FILE\n"
         "                            reports\n"
         "  --artifacts FOLDER        keep there what each bad test wrote and left\n"
         "  --keep-sandbox            keep the folder of each bad test as it is, sockets and all\n"
         "  --skip-code N             exit code of a run in which every test was skipped; otherwise 0\n"
         "  --ctest FILE              write the selected tests for CTest, run none\n"
         "  -s, --capture=no          show what tests print at once; a test may use the terminal\n"
         "  --ll, --tl, --plugin-path, --debug-mode, --tpdb, --enable-stackscope, --config: as in every "
         "program\n"
         "TRACTOR_SPAWN_METHOD and TRACTOR_TPT_PROTO narrow the matrix; TRACTOR_TEST_FULL=1 runs full "
         "counts.\n\n";
}

std::vector<std::string> choose_axis(const std::string& kind, const std::vector<plugin::plugin_info>& found,
                                     const std::vector<std::string>& asked,
                                     const std::vector<std::string>& narrowed) {
  const words known = good_keys(kind, found);
  const words& wanted = narrowed.empty() ? asked : narrowed;
  if (wanted.empty()) {
    if (known.empty()) throw settings_error("no " + kind + " plugin was found: see --plugin-path");
    return known;
  }
  words out;
  for (const std::string& name : wanted) {
    const std::string key = key_of(kind, found, name);
    if (key.empty()) {
      const words decorators = kind == "transport" ? good_keys("decorator", found) : words();
      throw settings_error(
          "unknown " + kind + " key '" + name + "': known are " + listed(known) +
          (decorators.empty() ? "" : ", each behind a decorator as well: " + listed(decorators)));
    }
    if (std::ranges::count(out, key) == 0) out.push_back(key);
  }
  return out;
}

}  // namespace tractor::harness::detail
