// Restarts by a supervisor: how long it waits before each, what it notes of each, and the error when there
// were too many.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tractor/async/detail/task_state.hpp"
#include "tractor/detail/export.hpp"
#include "tractor/plugin/actor_id.hpp"

namespace tractor {

/// How long a supervisor waits before it starts a failed child again. A value; setters return itself.
///
/// The wait grows by a factor with each failure in a row of that child, up to a bound; jitter takes a random
/// part of it away, so that children which failed together do not come back together. The same seed gives
/// the same waits.
class TRACTOR_API restart_backoff {
 public:
  /// From 50 ms to 5 s, doubled each time, with a jitter of 0.2.
  restart_backoff() {}
  /// Throws `std::invalid_argument` unless 0 <= first <= most and factor >= 1.
  restart_backoff(duration first, duration most, double factor = 2);
  /// No wait at all.
  static restart_backoff none() { return restart_backoff(duration::zero(), duration::zero(), 1); }

  /// The most that is taken away, as a part of the wait. Throws `std::invalid_argument` unless 0 <= part
  /// <= 1.
  restart_backoff& jitter(double part);
  /// Default: another one for each supervisor.
  restart_backoff& seed(std::uint64_t value) { return seed_ = value, *this; }

  duration first() const noexcept { return first_; }
  duration most() const noexcept { return most_; }
  double jitter() const noexcept { return jitter_; }
  std::optional<std::uint64_t> seed() const noexcept { return seed_; }

  /// The wait of the child with this number (they count from 0, in the order of their start) after so many
  /// failures in a row (at least 1), jitter included. Never above `most()`.
  duration delay(std::size_t child, std::size_t failures) const noexcept;

 private:
  duration first_ = std::chrono::milliseconds(50), most_ = std::chrono::seconds(5);
  double factor_ = 2, jitter_ = 0.2;
  std::optional<std::uint64_t> seed_;
};

/// One end of a child that called for a restart. A value.
class TRACTOR_API restart_record {
 public:
  std::string child;  ///< its name in the supervisor
  actor_id who;       ///< the actor that ended; empty if it never came to be
  std::chrono::system_clock::time_point when;
  duration uptime{};             ///< from its boot to its end; zero if it died in its boot
  std::exception_ptr why;        ///< null when it had ended cleanly and is to run for ever
  std::optional<duration> wait;  ///< before its restart; empty when it was not restarted any more

  /// When, which, how long it had run, why it ended, and what was done. One line, or more if `why` has more.
  std::string text() const;
};

/// A child failed more often than its supervisor may restart; the text has the whole history.
class TRACTOR_API too_many_restarts : public std::runtime_error {
 public:
  /// `history` ends with the failure that was one too many; `forgotten` counts older ones that were not kept.
  too_many_restarts(const std::string& supervisor, std::size_t allowed, duration period,
                    std::vector<restart_record> history, std::size_t forgotten = 0);
  /// As it comes out of another actor: the text is whole, the history is in the members of the remote error.
  explicit too_many_restarts(const std::string& text);

  /// Every restart that was made, the oldest first, and the failure that was one too many.
  const std::vector<restart_record>& history() const noexcept { return *history_; }
  /// Who gave up and why, without the history. One line.
  const std::string& summary() const noexcept { return *summary_; }

 private:
  // Shared: an exception must be copied without a throw.
  std::shared_ptr<const std::vector<restart_record>> history_;
  std::shared_ptr<const std::string> summary_;
};

}  // namespace tractor
