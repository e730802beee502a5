#include "dump_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "json_text.hpp"
#include "table.hpp"
#include "task_dumps.hpp"

namespace tractor::cli {
namespace {

using answer = dump_request::answer;

struct dump_options {
  std::vector<std::string> whom;
  double seconds = 2;
  bool json = false;
};

std::optional<int> pid_in(const std::string& word) {
  int pid = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), pid);
  return error == std::errc() && end == word.data() + word.size() ? std::optional(pid) : std::nullopt;
}

bool is_meant(const actor_process& one, const std::string& word) {
  if (const auto pid = pid_in(word)) return one.pid == *pid;
  return one.name == word || one.name.substr(0, one.name.find('@')) == word;
}

// Those that a word names, each with all below it; false if it names none.
bool add_named(const std::vector<actor_process>& all, const std::string& word,
               std::vector<actor_process>& to) {
  bool found = false;
  for (std::size_t at = 0; at < all.size(); ++at) {
    if (!is_meant(all[at], word)) continue;
    found = true;
    for (std::size_t below = at; below < all.size(); ++below) {
      if (below > at && all[below].depth <= all[at].depth) break;
      if (std::ranges::find(to, all[below].pid, &actor_process::pid) == to.end()) to.push_back(all[below]);
    }
  }
  if (const auto pid = pid_in(word); pid && !found)
    if (auto alone = find_actor_process(*pid)) {
      to.push_back(std::move(*alone));
      found = true;
    }
  return found;
}

// The parent's before its children's, and these further in.
std::string text_of(const std::vector<task_dump>& dumps) {
  const std::size_t top =
      dumps.empty() ? 0
                    : std::ranges::min(dumps, {}, [](const task_dump& it) { return it.of.depth; }).of.depth;
  std::string out;
  for (const task_dump& it : dumps) {
    const std::string indent(4 * (it.of.depth - top), ' ');
    const bool given = it.is == answer::given;
    out += indent + "actor " + printable(it.of.name) + " (pid " + std::to_string(it.of.pid) + ", " +
           (given ? printable(it.state) : it.of.state) + ")" +
           (given ? "" : std::string(" ") + to_string(it.is)) + "\n";
    for (const std::string& line : it.lines) out += indent + "  " + printable(line) + "\n";
    if (!it.log.empty()) out += indent + "  " + std::string(dump_request::log_head);
    for (const std::string& line : it.log) out += indent + "    " + printable(line) + "\n";
  }
  return out;
}

int dump(const dump_options& given) {
  const std::vector<actor_process> all = find_actor_processes(false);
  std::vector<actor_process> chosen;
  if (given.whom.empty()) chosen = all;
  bool found = true;
  for (const std::string& word : given.whom)
    if (!add_named(all, word, chosen)) {
      std::fprintf(stderr, "tractor: no actor of yours has the name or pid '%s' (see tractor ps)\n",
                   printable(word).c_str());
      found = false;
    }
  if (!found) return 1;
  const auto bound =
      std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::duration<double>(given.seconds));
  const std::vector<task_dump> dumps = ask_for_dumps(chosen, bound);
  const std::string text = given.json       ? json_of(dumps)
                           : chosen.empty() ? std::string("no actor of yours is running\n")
                                            : text_of(dumps);
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
  bool all_answered = true;
  for (const task_dump& it : dumps) {
    if (it.is == answer::given) continue;
    all_answered = false;
    std::fprintf(stderr, "tractor: actor '%s' (pid %d) %s\n", printable(it.of.name).c_str(), it.of.pid,
                 to_string(it.is));
  }
  return all_answered ? 0 : 1;
}

}  // namespace

void add_dump_command(CLI::App& app, int& result) {
  CLI::App* const command = app.add_subcommand("dump", "Shows the tasks of running actors as one tree.");
  const auto given = std::make_shared<dump_options>();
  command->add_option("ACTOR", given->whom,
                      "Names (with or without the part from @ on) or pids; each with all actors below it. "
                      "Without any: all actors of this user");
  command->add_option("--timeout", given->seconds, "Seconds that actors have to answer, from 1 on")
      ->check(CLI::Range(1., 3600.))
      ->capture_default_str();
  command->add_flag("--json", given->json, "Write JSON, each parent before its children");
  command->footer(
      "Asks by SIGUSR1, and nothing of it comes to the actors' stderr. One whose loop is blocked in user "
      "code\n"
      "answers as well; one that is stopped does not, and is named.\n"
      "Exit codes: 0 all have answered, 1 one has not or none has that name, 2 wrong usage.");
  command->final_callback([=, &result] { result = dump(*given); });
}

}  // namespace tractor::cli
