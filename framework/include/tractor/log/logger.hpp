// Loggers: one for each subsystem, each with its own level.
#pragma once

#include <atomic>
#include <span>
#include <string_view>
#include <vector>

#include "tractor/detail/export.hpp"
#include "tractor/log/format.hpp"
#include "tractor/log/level.hpp"

namespace tractor::log {

/// Writes the records of one subsystem.
///
/// A record below the subsystem's level costs one load and one compare: nothing is formatted. No call throws,
/// none is a checkpoint; all may come from any thread. A record that cannot be written is dropped and
/// counted. Lives as long as the process.
class TRACTOR_API logger {
 public:
  /// Makes a logger by hand; use `get()` or the ones in `subsystem` instead. The name must live as long.
  constexpr explicit logger(std::string_view name) noexcept : name_(name) {}
  logger(const logger&) = delete;
  logger& operator=(const logger&) = delete;

  std::string_view name() const noexcept { return name_; }
  log::level threshold() const noexcept { return log::level(threshold_.load(std::memory_order_relaxed)); }
  bool enabled(log::level value) const noexcept { return value >= threshold(); }
  void set_threshold(log::level value) noexcept { threshold_.store(int(value), std::memory_order_relaxed); }

  /// Writes one record at any level.
  template <class... Args>
  void write(log::level at, format_text<sizeof...(Args)> text, const Args&... args) const noexcept {
    if (!enabled(at)) return;
    if constexpr (sizeof...(Args) == 0) {
      emit(at, text.text(), text.where(), {});
    } else {
      const argument list[] = {argument(args)...};
      emit(at, text.text(), text.where(), list);
    }
  }

  template <class... Args>
  void transport(format_text<sizeof...(Args)> text, const Args&... args) const noexcept {
    write(level::transport, text, args...);
  }
  template <class... Args> void debug(format_text<sizeof...(Args)> text, const Args&... args) const noexcept {
    write(level::debug, text, args...);
  }
  template <class... Args>
  void runtime(format_text<sizeof...(Args)> text, const Args&... args) const noexcept {
    write(level::runtime, text, args...);
  }
  template <class... Args> void devx(format_text<sizeof...(Args)> text, const Args&... args) const noexcept {
    write(level::devx, text, args...);
  }
  template <class... Args> void info(format_text<sizeof...(Args)> text, const Args&... args) const noexcept {
    write(level::info, text, args...);
  }
  template <class... Args> void io(format_text<sizeof...(Args)> text, const Args&... args) const noexcept {
    write(level::io, text, args...);
  }
  template <class... Args>
  void cancel(format_text<sizeof...(Args)> text, const Args&... args) const noexcept {
    write(level::cancel, text, args...);
  }
  template <class... Args>
  void warning(format_text<sizeof...(Args)> text, const Args&... args) const noexcept {
    write(level::warning, text, args...);
  }
  template <class... Args> void error(format_text<sizeof...(Args)> text, const Args&... args) const noexcept {
    write(level::error, text, args...);
  }
  template <class... Args>
  void critical(format_text<sizeof...(Args)> text, const Args&... args) const noexcept {
    write(level::critical, text, args...);
  }
  template <class... Args> void pdb(format_text<sizeof...(Args)> text, const Args&... args) const noexcept {
    write(level::pdb, text, args...);
  }

 private:
  void emit(log::level at, std::string_view text, const std::source_location& where,
            std::span<const argument> args) const noexcept;

  std::string_view name_;
  // Atomic only so that a level may be changed while another thread logs.
  std::atomic<int> threshold_ = int(default_level);
};

/// Returns the logger of that name; a new name makes a new logger, at the general level.
///
/// `trionics` is another name of `async`. Throws `std::invalid_argument` if a new name holds anything but
/// letters, digits, `_`, `-` and `.`.
TRACTOR_API logger& get(std::string_view name);

/// Returns every logger there is, the built-in ones first.
TRACTOR_API std::vector<logger*> loggers();

/// The loggers of the runtime itself. Ready before any constructor runs.
namespace subsystem {
TRACTOR_API extern logger async;
TRACTOR_API extern logger log;
TRACTOR_API extern logger msg;
TRACTOR_API extern logger plugin;
TRACTOR_API extern logger ipc;
TRACTOR_API extern logger runtime;
TRACTOR_API extern logger discovery;
TRACTOR_API extern logger devx;
TRACTOR_API extern logger spawn;
TRACTOR_API extern logger transport;
TRACTOR_API extern logger harness;
}  // namespace subsystem

}  // namespace tractor::log

/// Writes a record of a built-in subsystem and evaluates the arguments only if it is shown:
/// `TRACTOR_LOG(ipc, cancel, "peer {} is gone", name)`.
#define TRACTOR_LOG(subsystem_, level_, ...)                                                   \
  do {                                                                                         \
    if (::tractor::log::subsystem::subsystem_.enabled(::tractor::log::level::level_))          \
      ::tractor::log::subsystem::subsystem_.write(::tractor::log::level::level_, __VA_ARGS__); \
  } while (false)
