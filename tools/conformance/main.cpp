// tractor-conformance: proves the rules of the contract for a plugin, each in a process of its own.
#include <sys/prctl.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "at_hand.hpp"
#include "child.hpp"
#include "leaks.hpp"
#include "name_expression.hpp"
#include "rule.hpp"
#include "rule_run.hpp"
#include "run_folder.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/runtime/run.hpp"
#include "written.hpp"

namespace {

using namespace tractor::conformance;

constexpr int exit_broken = 1, exit_usage = 2;

struct request {
  std::string file, filter;
  int bound_ms = 30000;
  bool json = false, list = false;
};

int usage_error(const std::string& what) {
  std::fprintf(stderr, "tractor-conformance: %s (see tractor-conformance --help)\n",
               what.substr(0, what.find('\n')).c_str());
  return exit_usage;
}

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out + '"';
}

void print_row(const rule& it, const outcome& how) {
  std::printf("%-7s  %-15s  %6lld ms  %s\n", how.verdict.c_str(), std::string(it.name).c_str(),
              static_cast<long long>(how.time.count()), std::string(it.sentence).c_str());
  if (!how.detail.empty()) std::printf("         %s\n", how.detail.c_str());
  std::fflush(stdout);
}

void print_json(const rule& it, const outcome& how, bool first) {
  std::printf("%s\n  {\"rule\": %s, \"sentence\": %s, \"verdict\": %s, \"ms\": %lld, \"detail\": %s}",
              first ? "[" : ",", quoted(std::string(it.name)).c_str(),
              quoted(std::string(it.sentence)).c_str(), quoted(how.verdict).c_str(),
              static_cast<long long>(how.time.count()), quoted(how.detail).c_str());
  std::fflush(stdout);
}

// Reads what the file says of itself and loads nothing: what a rule's process loads is the first.
tractor::plugin::plugin_info describe(const std::string& file) {
  if (!std::filesystem::exists(file)) throw std::runtime_error("there is no file " + file);
  const std::filesystem::path path = std::filesystem::canonical(file);
  tractor::plugin::search_path folders;
  folders.add(path.parent_path().string(), "--plugin");
  tractor::plugin::registry::instance().set_folders(folders);
  for (const auto& it : tractor::plugin::registry::instance().list())
    if (std::filesystem::path(it.path) == path) return it;
  throw std::runtime_error(file + " is no plugin: a plugin's file is libtractor_<kind>_<key>.so");
}

std::vector<rule> select(const std::string& kind, const std::string& filter) {
  using rules = const std::vector<rule>*;
  const std::vector<rules> lists =
      kind == "transport" ? std::vector<rules>{&address_rules(),    &transport_rules(), &stream_rules(),
                                               &stream_end_rules(), &leftover_rules(),  &tree_rules()}
                          : std::vector<rules>{&child_rules(), &backend_rules(), &backend_fault_rules(),
                                               &orphan_rules(), &tree_rules()};
  std::optional<tractor::harness::detail::name_expression> wanted;
  if (!filter.empty()) wanted.emplace(filter);
  std::vector<rule> chosen;
  for (const rules list : lists)
    for (const rule& it : *list)
      if (!wanted || wanted->matches(it.name)) chosen.push_back(it);
  return chosen;
}

int prove_all(const std::vector<rule>& rules, const subject& of, const request& wanted) {
  int bad = 0;
  bool first = true;
  // What is made once and for all is there before the first rule, and no leak of it.
  run_once(&listen_once, of, std::chrono::milliseconds(wanted.bound_ms));
  for (const rule& it : rules) {
    const outcome how = run_rule(it, of, std::chrono::milliseconds(wanted.bound_ms));
    if (how.verdict != "PASS" && how.verdict != "SKIP") ++bad;
    wanted.json ? print_json(it, how, first) : print_row(it, how);
    first = false;
  }
  if (wanted.json)
    std::puts("\n]");
  else
    std::printf("%s: %zu rules, %d broken\n", of.key.c_str(), rules.size(), bad);
  return bad == 0 ? 0 : exit_broken;
}

int run(int argc, char** argv) {
  request wanted;
  CLI::App app("Proves the rules of the contract for a transport or spawn backend.", "tractor-conformance");
  app.add_option("--plugin", wanted.file, "The plugin's file")->required();
  app.add_option("-k,--filter", wanted.filter,
                 "Only rules whose names this means: a word, or 'fds or (exit and not code)'");
  app.add_option("--bound", wanted.bound_ms, "Milliseconds for each rule")->check(CLI::Range(100, 600000));
  app.add_flag("--json", wanted.json, "Write JSON");
  app.add_flag("--list", wanted.list, "Only list the rules");
  app.footer("Exit codes: 0 every rule holds, 1 a rule is broken, 2 wrong usage or no plugin.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? app.exit(error) : usage_error(error.what());
  }
  const auto info = describe(wanted.file);
  if (!info.good()) return usage_error(info.reason);
  if (info.kind != "transport" && info.kind != "spawn")
    return usage_error(wanted.file + " is a " + info.kind +
                       ": there are rules for transports and spawn backends");
  const auto rules = select(info.kind, wanted.filter);
  if (rules.empty()) return usage_error("-k: no rule is meant by '" + wanted.filter + "'");
  if (wanted.list) {
    for (const rule& it : rules)
      std::printf("%-15s  %s\n", std::string(it.name).c_str(), std::string(it.sentence).c_str());
    return 0;
  }
  tractor::harness::detail::adopt_orphans();
  const tractor::harness::detail::run_folder scratch;
  const std::string folder = std::filesystem::canonical(wanted.file).parent_path();
  return prove_all(rules, {info.kind, info.key, folder, scratch.path(), argc, argv}, wanted);
}

}  // namespace

int main(int argc, char** argv) {
  tractor::tools::open_missing_stdout();
  tractor::run_if_child(argc, argv);
  // A child of a bare backend is this program too; as an actor does, one that was run anew names itself.
  if (argc > 0 && std::strncmp(argv[0], "_subactor[", 10) == 0) {
    ::prctl(PR_SET_NAME, argv[0]);
    return fresh_child_main();
  }
  // Whoever started this program may have had the ends of children ignored.
  ::signal(SIGCHLD, SIG_DFL);
  try {
    return tractor::tools::written("tractor-conformance", run(argc, argv));
  } catch (const std::exception& error) {
    return usage_error(error.what());
  }
}
