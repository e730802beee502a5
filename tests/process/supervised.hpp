// What the tests of supervisors over real processes share.
#pragma once

#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>
#include <vector>

namespace supervision_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::HasSubstr;

class boom : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline task<int> pid() { co_return ::getpid(); }
inline task<> waits() { co_await sleep_forever(); }
inline task<> waits_aloud(std::string file) {
  std::ofstream(file) << "x";
  co_await sleep_forever();
}
inline task<> fails(std::string why) { throw boom(why); }

inline int lines_of(const std::string& file) {
  std::ifstream in(file);
  int count = 0;
  for (std::string line; std::getline(in, line);) ++count;
  return count;
}
// Each call adds a line; yields which one it was.
inline int add_line(const std::string& file) {
  std::ofstream(file, std::ios::app) << ::getpid() << "\n";
  return lines_of(file);
}
inline task<int> works_at_attempt(std::string file, int number) {
  const int attempt = add_line(file);
  if (attempt < number) throw boom("attempt " + std::to_string(attempt));
  co_return attempt;
}
inline task<> adds_a_line(std::string file) {
  add_line(file);
  co_return;
}

inline task<> appears(std::string file) {
  while (!std::filesystem::exists(file)) co_await sleep(2ms);
}
inline task<> has_lines(std::string file, int count) {
  while (lines_of(file) < count) co_await sleep(2ms);
}
inline task<> is(supervised_child child, child_state wanted) {
  while (child.state() != wanted) co_await sleep(1ms);
}

// A state of a restart may be over before it is seen; what has been noted stays.
inline task<> notes(const supervisor& sv, std::size_t restarts) {
  while (sv.history().size() < restarts) co_await sleep(1ms);
}

inline supervisor_options quick(supervisor_options options) {
  return options.backoff(restart_backoff(1ms, 20ms).seed(5)).intensity(10, 60s);
}

// A supervisor of its own in another process; it gives up at the second failure.
inline task<> escalates() {
  co_await open_supervisor(quick(one_for_one()).intensity(1, 60s), [](supervisor& sv) -> task<> {
    co_await sv.run_in_actor<&fails>("worker", "no way");
  });
}
inline task<int> supervises_until_attempt(std::string file, int number) {
  int result = 0;
  co_await open_supervisor(quick(one_for_one()).intensity(1, 60s), [&](supervisor& sv) -> task<> {
    auto worker = co_await sv.run_in_actor<&works_at_attempt>("worker", file, number);
    result = co_await worker.wait_for_result();
  });
  co_return result;
}

inline bool alive(int process) { return ::kill(process, 0) == 0; }

inline task<int> pid_of(const supervised_child& child) {
  auto present = co_await child.portal();
  auto process = co_await present.run<&pid>();
  co_return process;
}

inline auto bound() { return std::chrono::duration_cast<duration>(10s * head_room()); }

}  // namespace supervision_test
