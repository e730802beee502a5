// What a run with workers shows of itself while it goes on.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tractor::harness::detail {

/// A test that is being run. A value.
class running_test {
 public:
  std::string name;
  int pid = 0;  ///< of its worker
  std::chrono::steady_clock::time_point since;
};

/// How far a run has come. A value.
class run_state {
 public:
  std::size_t done = 0, all = 0, failed = 0;
  std::vector<running_test> running;
};

/// Renders it: a line with counts, then each running test with its process tree.
std::string progress_text(const run_state& state);

/// Writes what `look` returns to stderr again and again until it is destroyed: on a terminal in the same
/// place, elsewhere line below line. A thread of its own; `look` is called on it. Neither copied nor moved.
class progress_watch {
 public:
  progress_watch(std::function<run_state()> look, std::chrono::milliseconds every);
  progress_watch(const progress_watch&) = delete;
  progress_watch& operator=(const progress_watch&) = delete;
  ~progress_watch();

 private:
  void loop(std::chrono::milliseconds every);
  void show(const std::string& text);

  std::function<run_state()> look_;
  bool terminal_ = false, over_ = false;
  std::mutex lock_;
  std::condition_variable wake_;
  std::thread thread_;
};

}  // namespace tractor::harness::detail
