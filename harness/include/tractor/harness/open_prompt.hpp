// A question to a person, in the middle of a test.
#pragma once

#include <chrono>

#include "tractor/plugin/owned_fd.hpp"

namespace tractor::harness {

/// While it lives, a person is asked something at the terminal: no bound of the test runs.
///
/// For a test that is run by hand with `-s`, in any process of its tree. Prompts take turns: the constructor
/// blocks while another one is open. Throws `std::runtime_error` where stdin is no terminal, or outside of a
/// test. Neither copied nor moved.
class open_prompt {
 public:
  open_prompt();
  open_prompt(const open_prompt&) = delete;
  open_prompt& operator=(const open_prompt&) = delete;
  ~open_prompt();

 private:
  owned_fd file_;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace tractor::harness
