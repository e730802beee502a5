#include "task_dumps.hpp"

#include <algorithm>
#include <list>
#include <sstream>
#include <string_view>
#include <thread>

namespace tractor::cli {
namespace {

using namespace std::chrono_literals;
using clock = std::chrono::steady_clock;
// An actor shows one dump for all signals of half a second: one that came just before may have been for
// another.
constexpr auto ask_again = 600ms, look_again = 5ms;
constexpr std::string_view deeper = "  | ", task_word = "task ";

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out.push_back(line);
  return out;
}

// The first line is `task tree of actor 'NAME' (pid PID, STATE):`
void take(const dump_request& from, task_dump& to) {
  to.is = from.is();
  to.lines = lines_of(from.text());
  to.log = lines_of(from.log());
  if (to.lines.empty()) return;
  const std::string& head = to.lines.front();
  const std::size_t comma = head.find(", ", head.rfind("(pid "));
  if (comma != head.npos && head.ends_with("):")) to.state = head.substr(comma + 2, head.size() - comma - 4);
  to.lines.erase(to.lines.begin());
}

// How deep a line lies; takes the marks of it away.
std::size_t take_depth(std::string_view& line) {
  std::size_t depth = 0;
  for (; line.starts_with(deeper); ++depth) line.remove_prefix(deeper.size());
  return depth;
}

dumped_task task_in(std::string_view line) {
  dumped_task out;
  line.remove_prefix(task_word.size());
  constexpr std::string_view scopes = " scopes: ";
  if (const std::size_t at = line.rfind(scopes); at != line.npos && line[at - 1] == ')') {
    out.scopes = line.substr(at + scopes.size());
    line = line.substr(0, at);
  }
  const std::size_t open = line.rfind(" (");
  out.name = line.substr(0, open);
  if (open != line.npos && line.ends_with(")")) out.state = line.substr(open + 2, line.size() - open - 3);
  return out;
}

}  // namespace

std::vector<task_dump> ask_for_dumps(const std::vector<actor_process>& actors,
                                     std::chrono::milliseconds bound) {
  std::vector<task_dump> out;
  std::list<dump_request> all;
  for (const actor_process& one : actors) {
    if (one.is == actor_process::role::helper) continue;
    out.push_back({one, {}, {}, {}, {}});
    all.emplace_back(one.pid);
  }
  const auto until = clock::now() + bound;
  auto asked = clock::time_point::min();
  while (std::ranges::any_of(all, &dump_request::open) && clock::now() < until) {
    const bool now = asked == clock::time_point::min() || clock::now() - asked > ask_again;
    if (now) asked = clock::now();
    for (dump_request& one : all) {
      if (now) one.ask();
      one.look();
    }
    if (std::ranges::any_of(all, &dump_request::open)) std::this_thread::sleep_for(look_again);
  }
  auto from = all.begin();
  for (task_dump& to : out) take(*from++, to);
  return out;
}

std::size_t count_tasks(const task_dump& dump) {
  return static_cast<std::size_t>(std::ranges::count_if(dump.lines, [](std::string_view line) {
    take_depth(line);
    return line.starts_with(task_word);
  }));
}

void add_task_counts(std::vector<actor_process>& actors, std::chrono::milliseconds bound) {
  const std::vector<task_dump> dumps = ask_for_dumps(actors, bound);
  for (actor_process& one : actors) {
    const auto found = std::ranges::find(dumps, one.pid, [](const task_dump& it) { return it.of.pid; });
    if (found != dumps.end() && found->is == dump_request::answer::given) one.tasks = count_tasks(*found);
  }
}

std::vector<dumped_task> parse_tasks(const std::vector<std::string>& lines) {
  std::vector<dumped_task> tops;
  for (std::string_view line : lines) {
    std::vector<dumped_task>* level = &tops;
    for (std::size_t depth = take_depth(line); depth > 0 && !level->empty(); --depth)
      level = &level->back().tasks;
    if (line.starts_with(task_word))
      level->push_back(task_in(line));
    else if (line.find(" at ") != line.npos && !level->empty())
      level->back().frames.emplace_back(line.substr(std::min(line.find_first_not_of(' '), line.size())));
  }
  return tops;
}

}  // namespace tractor::cli
