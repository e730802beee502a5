// What the tests of the spawn backends share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "child.hpp"
#include "tractor/async/async.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/spawn_backend.hpp"

namespace backend_tests {

/// Keeps what main() was called with, for `prepare`.
void remember_arguments(int argc, char** argv);
std::unique_ptr<tractor::spawn_backend> make_backend(const std::string& key);
void prepare(tractor::spawn_backend& backend);

/// argv[0] of a process; empty if it is gone.
std::string title_of(int pid);
/// Everything of /proc/<pid>/cmdline.
std::string command_line_of(int pid);
std::string comm_of(int pid);
/// True when this process has no child, not even a zombie.
bool no_children();
/// Waits until `pid` (no child of ours) is gone; false after `seconds`.
bool gone_within(int pid, double seconds);
/// Sends a signal to a process by its number; these tests own every process they name.
void send_signal(int pid, int signo);

/// A pipe whose writing end goes to a child.
class report_pipe {
 public:
  report_pipe();
  int child_end() const noexcept { return write_.get(); }
  int read_end() const noexcept { return read_.get(); }
  /// Reads to the end, 10 s at most.
  std::string read_all();
  /// Reads one line, 10 s at most.
  std::string read_line();
  void close_child_end() noexcept { write_.reset(); }

 private:
  tractor::owned_fd read_;
  tractor::owned_fd write_;
};

/// Yields the numbers of this process's open descriptors.
std::vector<int> descriptor_numbers();

/// A test of one backend; afterwards neither a child nor a descriptor may be left.
class backend_test : public ::testing::Test {
 protected:
  void use(const std::string& key);
  void SetUp() override;
  void TearDown() override;

  /// A request for a child that lives `life`, reporting to `to`.
  static tractor::spawn_request request(const std::string& life, const report_pipe* to = nullptr);
  /// Starts one such child, reads all it reports and reaps it.
  std::string report_of(const tractor::spawn_request& request, report_pipe& from);
  /// Starts one such child and waits for it.
  tractor::exit_status outcome_of(const std::string& life);

  std::string key_;
  std::unique_ptr<tractor::spawn_backend> backend_;
  std::vector<int> before_;
};

class any_backend : public backend_test, public ::testing::WithParamInterface<const char*> {
 protected:
  void SetUp() override {
    use(GetParam());
    backend_test::SetUp();
  }
};

class fork_backend : public backend_test {
 protected:
  void SetUp() override {
    use("fork_spawn");
    backend_test::SetUp();
  }
};

class exec_backend : public backend_test {
 protected:
  void SetUp() override {
    use("trio_like");
    backend_test::SetUp();
  }
};

}  // namespace backend_tests
