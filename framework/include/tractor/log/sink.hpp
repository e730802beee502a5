// Where records go, and what stands in front of each line.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <source_location>
#include <string>
#include <string_view>

#include "tractor/detail/export.hpp"
#include "tractor/log/level.hpp"

namespace tractor::log {

/// Who speaks. The log area knows nothing of actors: the runtime fills this in through a hook.
class speaker {
 public:
  std::string actor;  ///< Name of the actor, empty outside of one.
  std::string uuid;   ///< Its unique id; a line shows the first six characters.
  std::string task;   ///< Name of the running task, empty outside of one.
};

/// One record as a sink sees it. The views are good during the call only; the message is not yet escaped.
class record {
 public:
  log::level level;
  std::string_view subsystem;
  std::string_view message;
  std::source_location where;
  std::chrono::system_clock::time_point time;
  pid_t pid;
  log::speaker speaker;
};

/// Fills in who speaks; called for each record that is shown, on the thread that logs. Must not log.
using context_provider = void (*)(speaker& who);

/// Receives each record that is shown. Called by one thread at a time; a record logged from inside is
/// dropped.
using sink = std::function<void(const record&)>;

/// Installs the hook that says who speaks; null removes it.
TRACTOR_API void set_context_provider(context_provider provider) noexcept;

/// Sends the records to `receiver` instead of stderr; an empty one brings stderr back. Returns the one
/// before.
TRACTOR_API sink set_sink(sink receiver);

/// Returns the record as the lines that stderr gets, with a newline at the end.
///
/// Control characters and broken UTF-8 stand as `\x1b`; a further line of the message starts with a mark, so
/// that no text can pretend to be a record of its own.
TRACTOR_API std::string render(const record& what, bool in_colour);

/// Tells whether text for this descriptor should have colours: it is a terminal, and neither `NO_COLOR` nor
/// `TERM=dumb` says no; `CLICOLOR_FORCE` asks for them anywhere.
TRACTOR_API bool colour_wanted(int fd);

/// Returns how many records could not be written so far.
TRACTOR_API std::uint64_t dropped() noexcept;

/// Returns after all records so far have left the process.
TRACTOR_API void flush() noexcept;

/// Makes logging good again in a forked child: fresh locks and sinks. The levels stay; the receiver of
/// `set_sink` and the hook go, since they belong to the parent.
TRACTOR_API void reset_after_fork();

}  // namespace tractor::log
