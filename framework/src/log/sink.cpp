#include "tractor/log/sink.hpp"

#include <spdlog/details/log_msg.h>
#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <utility>

#include "log/bounded_write.hpp"
#include "log/format.hpp"
#include "log/tail.hpp"
#include "log/text.hpp"
#include "tractor/log/logger.hpp"

namespace tractor::log {
namespace {

constinit std::atomic<std::uint64_t> lost = 0;
constinit std::atomic<context_provider> provider = nullptr;

// spdlog has a closed set of levels: records carry ours beside it, on the thread that formats them.
thread_local const record* current = nullptr;

std::string escaped(std::string_view text) {
  std::string out;
  detail::append_escaped(out, text, "\\n");
  return out;
}

void append(spdlog::memory_buf_t& out, std::string_view text) {
  out.append(text.data(), text.data() + text.size());
}

class speaker_flag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    const speaker& who = current->speaker;
    append(out, who.actor.empty() ? "-" : escaped(who.actor));
    if (!who.uuid.empty()) append(out, "[" + escaped(who.uuid.substr(0, 6)) + "]");
    append(out, " " + std::to_string(current->pid) + " ");
    append(out, who.task.empty() ? "-" : escaped(who.task));
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<speaker_flag>(); }
};

class level_flag final : public spdlog::custom_flag_formatter {
 public:
  void format(const spdlog::details::log_msg&, const std::tm&, spdlog::memory_buf_t& out) override {
    append(out, level_name(current->level));
  }
  std::unique_ptr<custom_flag_formatter> clone() const override { return std::make_unique<level_flag>(); }
};

std::unique_ptr<spdlog::formatter> make_formatter() {
  auto out = std::make_unique<spdlog::pattern_formatter>();
  out->add_flag<speaker_flag>('*').add_flag<level_flag>('&');
  out->set_pattern("%b %d %H:%M:%S (%*) %^%&%$ %n %s:%# %v");
  return out;
}

std::string_view colour_code(colour value) {
  switch (value) {
    case colour::none:
      return "";
    case colour::red:
      return "\x1b[31m";
    case colour::green:
      return "\x1b[32m";
    case colour::yellow:
      return "\x1b[33m";
    case colour::blue:
      return "\x1b[34m";
    case colour::magenta:
      return "\x1b[35m";
    case colour::cyan:
      return "\x1b[36m";
    case colour::white:
      return "\x1b[1m";
  }
  return "";
}

std::string with_colour(std::string_view line, const spdlog::details::log_msg& msg) {
  const std::string_view code = colour_code(level_colour(current->level));
  if (code.empty() || msg.color_range_end <= msg.color_range_start) return std::string(line);
  std::string out(line.substr(0, msg.color_range_start));
  out += code;
  out += line.substr(msg.color_range_start, msg.color_range_end - msg.color_range_start);
  out += "\x1b[0m";
  return out += line.substr(msg.color_range_end);
}

// Base of both: spdlog's lock, and our record next to its message.
class stderr_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  stderr_sink() : base_sink(make_formatter()), in_colour_(colour_wanted(STDERR_FILENO)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    spdlog::memory_buf_t line;
    formatter_->format(msg, line);
    const std::string_view plain(line.data(), line.size());
    detail::keep_in_tail(plain);
    // One write for one record, so that lines of many processes do not mix. An actor must not hang because
    // nobody reads its stderr.
    const std::string text = in_colour_ ? with_colour(plain, msg) : std::string(plain);
    if (!detail::write_bounded(STDERR_FILENO, text)) ++lost;
  }
  void flush_() override {}

  const bool in_colour_;
};

class function_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit function_sink(log::sink receiver) : receiver_(std::move(receiver)) {}

 private:
  void sink_it_(const spdlog::details::log_msg&) override { receiver_(*current); }
  void flush_() override {}

  const log::sink receiver_;
};

struct output {
  sink receiver;
  std::shared_ptr<spdlog::sinks::sink> target;
};

struct outputs {
  std::mutex lock;
  std::shared_ptr<const output> now;
};

// Leaked, and replaced as a whole after a fork: a lock that another thread held then would stay locked.
constinit std::atomic<outputs*> state = nullptr;

outputs& the_outputs() {
  if (outputs* const it = state.load(std::memory_order_acquire)) return *it;
  auto* fresh = new outputs;
  outputs* seen = nullptr;
  if (state.compare_exchange_strong(seen, fresh)) return *fresh;
  delete fresh;
  return *seen;
}

std::shared_ptr<const output> current_output() {
  outputs& it = the_outputs();
  const std::scoped_lock guard(it.lock);
  if (!it.now) it.now = std::make_shared<output>(output{{}, std::make_shared<stderr_sink>()});
  return it.now;
}

spdlog::level::level_enum nearest(level value) {
  if (value < level::debug) return spdlog::level::trace;
  if (value < level::info) return spdlog::level::debug;
  if (value < level::warning) return spdlog::level::info;
  if (value < level::error) return spdlog::level::warn;
  return value < level::critical ? spdlog::level::err : spdlog::level::critical;
}

spdlog::details::log_msg as_message(const record& what, std::string_view payload) {
  const spdlog::source_loc where{what.where.file_name(), static_cast<int>(what.where.line()),
                                 what.where.function_name()};
  return {what.time,
          where,
          {what.subsystem.data(), what.subsystem.size()},
          nearest(what.level),
          {payload.data(), payload.size()}};
}

std::string shown(std::string_view message) {
  std::string out;
  detail::append_escaped(out, message, "\n    | ");
  return out;
}

class emission {
 public:
  explicit emission(const record& what) : before_(std::exchange(current, &what)) {}
  ~emission() { current = before_; }
  emission(const emission&) = delete;
  emission& operator=(const emission&) = delete;

 private:
  const record* const before_;
};

}  // namespace

void logger::emit(level at, std::string_view text, const std::source_location& where,
                  std::span<const argument> args) const noexcept {
  // A hook or a sink that logs would wait for its own lock.
  if (current) {
    ++lost;
    return;
  }
  const int error = errno;
  try {
    const std::string message = detail::formatted(text, args);
    record what{at, name_, message, where, std::chrono::system_clock::now(), ::getpid(), {}};
    const emission guard(what);
    if (const auto hook = provider.load()) hook(what.speaker);
    const std::string payload = shown(message);
    current_output()->target->log(as_message(what, payload));
  } catch (...) {
    ++lost;
  }
  errno = error;
}

void set_context_provider(context_provider hook) noexcept { provider = hook; }

sink set_sink(sink receiver) {
  std::shared_ptr<spdlog::sinks::sink> target;
  if (receiver)
    target = std::make_shared<function_sink>(receiver);
  else
    target = std::make_shared<stderr_sink>();
  auto fresh = std::make_shared<output>(output{std::move(receiver), std::move(target)});
  outputs& it = the_outputs();
  const std::scoped_lock guard(it.lock);
  const auto before = std::exchange(it.now, std::move(fresh));
  return before ? before->receiver : sink();
}

std::string render(const record& what, bool in_colour) {
  const emission guard(what);
  const std::string payload = shown(what.message);
  const auto message = as_message(what, payload);
  spdlog::memory_buf_t line;
  make_formatter()->format(message, line);
  const std::string_view plain(line.data(), line.size());
  return in_colour ? with_colour(plain, message) : std::string(plain);
}

bool colour_wanted(int fd) {
  const auto said = [](const char* name) {
    const char* const text = std::getenv(name);
    return std::string_view(text ? text : "");
  };
  if (!said("NO_COLOR").empty()) return false;
  if (const auto force = said("CLICOLOR_FORCE"); !force.empty() && force != "0") return true;
  return said("TERM") != "dumb" && ::isatty(fd) == 1;
}

std::uint64_t dropped() noexcept { return lost.load(); }

// Without an output nothing was written: making one only to flush it would cost each actor a formatter.
void flush() noexcept {
  outputs* const it = state.load(std::memory_order_acquire);
  if (!it) return;
  try {
    std::shared_ptr<const output> now;
    {
      const std::scoped_lock guard(it->lock);
      now = it->now;
    }
    if (now) now->target->flush();
  } catch (...) {
    ++lost;
  }
}

void reset_after_fork() {
  provider = nullptr;
  state = nullptr;
  current = nullptr;
  lost = 0;
  detail::forget_tail();
  detail::forget_full_pipe();
}

}  // namespace tractor::log
