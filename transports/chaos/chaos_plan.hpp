// What is to go wrong, as people write it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tractor::chaos {

/// What can befall a connection. The first three are benign: every program must work under them.
enum class fault { delay, split, coalesce, truncate, corrupt, half_close, refuse, stall };

/// Returns the fault as it is written, such as `half-close`.
std::string_view to_text(fault what) noexcept;

/// Which end of a connection this process is.
enum class side { either, made, accepted };

/// One fault, and where it strikes. A value.
class rule {
 public:
  fault what = fault::delay;
  std::chrono::nanoseconds most{};  ///< of a delay, or of the time to gather in
  side on = side::either;
  std::optional<std::uint64_t> connection;  ///< counted from 1 within `on`; none: each
  std::optional<std::uint64_t> after;       ///< messages that this process has sent; none: by the seed
};

/// All that is to go wrong, and the seed of what is left to chance. A value.
class chaos_plan {
 public:
  std::uint64_t seed = 1;
  std::vector<rule> rules;

  /// Appends what a text says: statements separated by commas or newlines, `#` begins a comment.
  ///
  /// `seed=N`, `none`, or a fault with an optional place before a colon:
  /// `accepted connection 2 after 3 messages: half-close`. `source` is what errors begin with: a variable, or
  /// a file. Throws `settings_error`.
  void read(std::string_view text, const std::string& source);

  /// True once a text named faults, or `none`.
  bool settled() const noexcept { return settled_; }

  /// Returns the plan of the environment: `TRACTOR_CHAOS_SCRIPT` (a file), then `TRACTOR_CHAOS`.
  ///
  /// Where neither names a fault, the benign ones go on with short times; without a seed `TRACTOR_SEED`
  /// counts, else 1. Throws `settings_error`.
  static chaos_plan of_environment();

 private:
  void read_statement(std::string_view text);

  bool settled_ = false;
};

}  // namespace tractor::chaos
