// Bounds that do not run while a person is asked something.
#pragma once

#include <chrono>
#include <optional>
#include <string>

namespace tractor::harness::detail {

/// Names the file of prompts to the processes of a test. Who has a prompt open has it locked, and adds for
/// how long it was.
inline constexpr const char* prompt_variable = "TRACTOR_HARNESS_PROMPT";

/// Returns the file of prompts in the folder of a test process.
std::string prompt_file_in(const std::string& folder);
/// Makes the file, and names it to this process and its children. Throws `std::system_error`.
void make_prompt_file(const std::string& folder);
/// Forgets the prompts of the test before.
void forget_prompts() noexcept;

/// What a bound that has passed is to wait longer for the sake of prompts. A value.
class prompt_pause {
 public:
  /// For the prompts of this process's test, or for those of `file`, which outlives this.
  prompt_pause() noexcept;
  explicit prompt_pause(const char* file) noexcept : file_(file) {}

  /// How long until one should look again; zero when there is nothing more to wait for. Async-signal-safe.
  std::chrono::milliseconds more() noexcept;

 private:
  const char* file_;
  std::chrono::milliseconds granted_{0};
};

}  // namespace tractor::harness::detail
