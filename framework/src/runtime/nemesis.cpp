#include "runtime/nemesis.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tractor/runtime/errors.hpp"

namespace tractor::detail {
namespace {

enum class strike_kind { kill, stop, cut, half_close };
constexpr std::array<std::string_view, 4> strike_names = {"kill", "stop", "cut", "half-close"};

/// A line of the plan that is about this process.
class planned_strike {
 public:
  strike_kind kind;
  failure_point at;
  int left;            // how often the point is still to be passed
  std::string record;  // the file that says that it has come
};

std::vector<planned_strike> strikes;

// Which actor of the tree this is, in the order of boots: each adds a byte to a file.
std::string boot_number(const std::string& folder) {
  const int file = ::open((folder + "/boots").c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  const bool counted = file >= 0 && ::write(file, "+", 1) == 1;
  const off_t at = counted ? ::lseek(file, 0, SEEK_CUR) : 0;
  if (file >= 0) ::close(file);
  if (!counted) throw runtime_failure("cannot count the actors in " + folder + "/boots");
  return "#" + std::to_string(at);
}

template <std::size_t N>
std::size_t place_of(const std::string& word, const std::array<std::string_view, N>& words) {
  return static_cast<std::size_t>(std::ranges::find(words, word) - words.begin());
}

// Whom the line is about, and what it says.
std::pair<std::string, planned_strike> parse_strike(const std::string& line) {
  std::istringstream in(line);
  std::string kind, at, who;
  int time = 0;
  in >> kind >> at >> time >> std::ws;
  std::getline(in, who);
  const std::size_t what = place_of(kind, strike_names), where = place_of(at, failure_point_names);
  if (what == strike_names.size() || where == failure_point_names.size() || time < 1 || who.empty())
    throw runtime_failure(std::string(nemesis_variable) + ": no strike: '" + line +
                          "' (kill|stop|cut|half-close POINT TIME ACTOR)");
  planned_strike strike{static_cast<strike_kind>(what), static_cast<failure_point>(where), time, {}};
  if (strike.kind >= strike_kind::cut && strike.at != failure_point::message)
    throw runtime_failure(std::string(nemesis_variable) + ": a connection breaks at a message only: '" +
                          line + "'");
  return {std::move(who), std::move(strike)};
}

// Only the first who comes there takes it. A test must not go on as if nobody had come.
bool take(const planned_strike& strike) {
  const int file = ::open(strike.record.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0 && errno == EEXIST) return false;
  const std::string pid = std::to_string(::getpid()) + "\n";
  const bool written = file >= 0 && ::write(file, pid.data(), pid.size()) == static_cast<ssize_t>(pid.size());
  if (!written) {
    std::fprintf(stderr, "tractor: cannot note a strike in %s: %s\n", strike.record.c_str(),
                 std::strerror(errno));
    ::_exit(1);
  }
  ::close(file);
  return true;
}

}  // namespace

void await_nemesis(std::string_view name) {
  strikes.clear();
  nemesis_waits = false;
  const char* const folder = ::getenv(nemesis_variable);
  if (!folder || !*folder) return;
  const std::string number = boot_number(folder);
  std::ifstream plan(std::string(folder) + "/plan");
  if (!plan) throw runtime_failure(std::string(nemesis_variable) + ": cannot read " + folder + "/plan");
  std::size_t count = 0;
  for (std::string line; std::getline(plan, line);) {
    auto [who, strike] = parse_strike(line);
    strike.record = std::string(folder) + "/struck." + std::to_string(++count);
    if (who == name || who == number) strikes.push_back(std::move(strike));
  }
  nemesis_waits = !strikes.empty();
  if (nemesis_waits) pass_failure_point(failure_point::boot);
}

connection_fault pass_failure_point(failure_point at) {
  connection_fault fault = connection_fault::none;
  for (planned_strike& strike : strikes) {
    if (strike.at != at && strike.at != failure_point::any) continue;
    if (--strike.left != 0 || !take(strike)) continue;
    switch (strike.kind) {
      case strike_kind::kill:
        ::kill(::getpid(), SIGKILL);
        break;
      case strike_kind::stop:
        ::kill(::getpid(), SIGSTOP);
        break;
      case strike_kind::cut:
        fault = connection_fault::cut;
        break;
      case strike_kind::half_close:
        fault = connection_fault::half_close;
        break;
    }
  }
  return fault;
}

}  // namespace tractor::detail
