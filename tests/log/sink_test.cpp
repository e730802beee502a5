#include "tractor/log/sink.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <future>
#include <optional>
#include <regex>
#include <stdexcept>

#include "captured_log.hpp"

namespace tractor::log::sink_test {
namespace {

using test::captured_log;

class environment {
 public:
  environment(const char* name, const char* value) : name_(name) {
    if (const char* const now = std::getenv(name)) before_ = now;
    value ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;
  ~environment() { before_ ? ::setenv(name_, before_->c_str(), 1) : ::unsetenv(name_); }

 private:
  const char* const name_;
  std::optional<std::string> before_;
};

// Stands in for stderr: what is written there, in one read for one write (a pipe in packet mode).
class stderr_pipe {
 public:
  stderr_pipe() : kept_(::dup(STDERR_FILENO)) {
    if (::pipe2(ends_, O_DIRECT | O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("no pipe");
    ::dup2(ends_[1], STDERR_FILENO);
    set_sink({});
  }
  stderr_pipe(const stderr_pipe&) = delete;
  stderr_pipe& operator=(const stderr_pipe&) = delete;
  ~stderr_pipe() {
    ::dup2(kept_, STDERR_FILENO);
    for (const int fd : {kept_, ends_[0], ends_[1]}) ::close(fd);
  }

  /// Returns the bytes of the next write, empty if there was none.
  std::string next() {
    char text[4096];
    const ssize_t got = ::read(ends_[0], text, sizeof text);
    return got > 0 ? std::string(text, static_cast<std::size_t>(got)) : "";
  }

 private:
  const int kept_;
  int ends_[2] = {};
};

// Stands in for stderr: a pipe whose writes wait, as a shell makes one; full from the start.
class full_stderr {
 public:
  full_stderr() : kept_(::dup(STDERR_FILENO)) {
    if (::pipe2(ends_, O_CLOEXEC | O_NONBLOCK) != 0) throw std::runtime_error("no pipe");
    const std::string block(4096, 'x');
    while (::write(ends_[1], block.data(), block.size()) > 0) {
    }
    ::fcntl(ends_[1], F_SETFL, O_WRONLY);
    ::dup2(ends_[1], STDERR_FILENO);
    set_sink({});
  }
  full_stderr(const full_stderr&) = delete;
  full_stderr& operator=(const full_stderr&) = delete;
  ~full_stderr() {
    ::dup2(kept_, STDERR_FILENO);
    for (const int fd : {kept_, ends_[0], ends_[1]}) ::close(fd);
  }

  void read_all() const {
    char block[4096];
    while (::read(ends_[0], block, sizeof block) > 0) {
    }
  }

 private:
  const int kept_;
  int ends_[2] = {};
};

record sample(std::string_view message, level at = level::cancel) {
  return {at,
          "ipc",
          message,
          std::source_location::current(),
          std::chrono::system_clock::now(),
          42,
          {"adder", "8f03ab77-1111", "worker"}};
}

TEST(log_sink, a_line_has_all_parts_of_the_header) {
  const std::regex shape(R"([A-Z][a-z]{2} \d\d \d\d:\d\d:\d\d \(adder\[8f03ab\] 42 worker\) CANCEL ipc )"
                         R"(sink_test\.cpp:\d+ hello\n)");
  EXPECT_TRUE(std::regex_match(render(sample("hello"), false), shape)) << render(sample("hello"), false);
}

TEST(log_sink, a_line_outside_of_an_actor_shows_dashes) {
  record it = sample("hello");
  it.speaker = {};
  EXPECT_NE(render(it, false).find("(- 42 -) CANCEL"), std::string::npos);
}

TEST(log_sink, colour_surrounds_the_level_only) {
  EXPECT_NE(render(sample("hello"), true).find(") \x1b[33mCANCEL\x1b[0m ipc"), std::string::npos);
  EXPECT_EQ(render(sample("hello"), false).find('\x1b'), std::string::npos);
}

TEST(log_sink, control_characters_of_a_message_are_shown_not_obeyed) {
  const std::string text = render(sample("\x1b[2J\x07\r\x7f\xc2\x9b\x9b"
                                         "A\xff tab\t \xc3\xa4 \xe2\x82\xac"),
                                  false);
  EXPECT_NE(text.find("\\x1b[2J\\x07\\x0d\\x7f\\xc2\\x9b\\x9bA\\xff tab\t \xc3\xa4 \xe2\x82\xac\n"),
            std::string::npos)
      << text;
}

TEST(log_sink, marks_that_turn_the_direction_of_text_are_escaped) {
  EXPECT_NE(render(sample("a\xe2\x80\xae"
                          "b"),
                   false)
                .find("a\\xe2\\x80\\xae"
                      "b"),
            std::string::npos);
}

TEST(log_sink, cut_and_overlong_utf8_is_escaped) {
  for (const char* bad :
       {"\xc3", "\xe2\x82", "\xc0\xaf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
    const std::string text = render(sample(bad), false);
    EXPECT_NE(text.find("\\x"), std::string::npos);
    for (const char c : text) EXPECT_LT(static_cast<unsigned char>(c), 0x80) << text;
  }
}

TEST(log_sink, a_further_line_cannot_pretend_to_be_a_record) {
  const std::string text = render(sample("one\nNov 23 07:30:00 (root 1 -) ERROR ipc x:1 forged"), false);
  EXPECT_NE(text.find(" one\n    | Nov 23"), std::string::npos) << text;
}

TEST(log_sink, names_of_remote_actors_and_tasks_are_escaped) {
  record it = sample("x");
  it.speaker = {"a\x1b\n", "u\x07", "t\n"};
  EXPECT_NE(render(it, false).find("(a\\x1b\\n[u\\x07] 42 t\\n) CANCEL"), std::string::npos)
      << render(it, false);
}

TEST(log_sink, the_hook_says_who_speaks) {
  const captured_log keep;
  speaker seen;
  pid_t pid = 0;
  set_sink([&](const record& it) { seen = it.speaker, pid = it.pid; });
  set_context_provider([](speaker& who) { who = {"root", "abcdef", "main"}; });
  subsystem::ipc.error("x");
  EXPECT_EQ(seen.actor, "root");
  EXPECT_EQ(seen.uuid, "abcdef");
  EXPECT_EQ(seen.task, "main");
  EXPECT_EQ(pid, ::getpid());
}

TEST(log_sink, the_hook_is_not_asked_below_the_level) {
  const captured_log keep;
  static int asked;
  asked = 0;
  set_context_provider([](speaker&) { ++asked; });
  set_general_level(level::error);
  subsystem::ipc.cancel("x");
  EXPECT_EQ(asked, 0);
  subsystem::ipc.error("x");
  EXPECT_EQ(asked, 1);
}

TEST(log_sink, each_record_is_one_write) {
  const captured_log keep;
  stderr_pipe err;
  subsystem::ipc.error("one {}", 1);
  subsystem::ipc.error("two\nlines");
  const std::string first = err.next(), second = err.next();
  EXPECT_EQ(first.substr(first.size() - 6), "one 1\n") << first;
  EXPECT_EQ(second.substr(second.size() - 16), "two\n    | lines\n") << second;
  EXPECT_EQ(err.next(), "");
}

TEST(log_sink, a_full_pipe_drops_the_record_and_counts_it) {
  const captured_log keep;
  stderr_pipe err;
  const std::uint64_t before = dropped();
  const std::string block(4096, 'x');
  while (::write(STDERR_FILENO, block.data(), block.size()) > 0) {
  }
  subsystem::ipc.error("nobody reads");
  EXPECT_EQ(dropped(), before + 1);
}

TEST(log_sink, a_full_pipe_whose_writes_wait_holds_up_nobody) {
  const captured_log keep;
  const full_stderr err;
  const std::uint64_t before = dropped();
  auto logged = std::async(std::launch::async, [] { subsystem::ipc.error("nobody reads"); });
  const bool came_back = logged.wait_for(std::chrono::seconds(5)) == std::future_status::ready;
  if (!came_back) err.read_all();
  EXPECT_TRUE(came_back);
  EXPECT_EQ(dropped(), before + 1);
}

TEST(log_sink, a_full_pipe_is_waited_for_once_and_used_again_when_it_was_read) {
  const captured_log keep;
  const full_stderr err;
  const std::uint64_t before = dropped();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 50; ++i) subsystem::ipc.error("nobody reads");
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5))
      << "it takes 10 s to wait for each";
  EXPECT_EQ(dropped(), before + 50);
  err.read_all();
  subsystem::ipc.error("somebody has read");
  EXPECT_EQ(dropped(), before + 50);
}

TEST(log_sink, a_record_logged_by_a_sink_is_dropped_and_counted) {
  const captured_log keep;
  const std::uint64_t before = dropped();
  int calls = 0;
  set_sink([&](const record&) {
    ++calls;
    subsystem::ipc.error("again");
  });
  subsystem::ipc.error("once");
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(dropped(), before + 1);
}

TEST(log_sink, a_sink_that_throws_does_not_harm_the_caller) {
  const captured_log keep;
  set_sink([](const record&) { throw std::runtime_error("sink"); });
  const std::uint64_t before = dropped();
  subsystem::ipc.error("x");
  EXPECT_GE(dropped(), before);
}

TEST(log_sink, set_sink_returns_the_one_before) {
  const captured_log keep;
  int first = 0;
  set_sink([&](const record&) { ++first; });
  const sink back = set_sink([](const record&) {});
  subsystem::ipc.error("x");
  EXPECT_EQ(first, 0);
  set_sink(back);
  subsystem::ipc.error("x");
  flush();
  EXPECT_EQ(first, 1);
}

TEST(log_sink, a_forked_child_logs_afresh_to_stderr) {
  const captured_log keep;
  stderr_pipe err;
  set_context_provider([](speaker& who) { who.actor = "parent"; });
  bool heard = false;
  set_sink([&](const record&) {
    // The lock of this sink is held right now: the child must not wait for it.
    if (std::exchange(heard, true)) return;
    const pid_t child = ::fork();
    if (child == 0) {
      ::alarm(5);
      reset_after_fork();
      subsystem::ipc.error("from the child");
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFEXITED(status)) << "the child hung in its first record";
  });
  subsystem::ipc.error("x");
  EXPECT_TRUE(heard);
  const std::string line = err.next();
  EXPECT_NE(line.find("from the child"), std::string::npos) << line;
  EXPECT_EQ(line.find("parent"), std::string::npos) << "the hook belongs to the parent";
}

TEST(log_colour, is_for_terminals_only) {
  const environment none("NO_COLOR", nullptr), force("CLICOLOR_FORCE", nullptr), term("TERM", "xterm");
  int ends[2];
  ASSERT_EQ(::openpty(&ends[0], &ends[1], nullptr, nullptr, nullptr), 0);
  EXPECT_TRUE(colour_wanted(ends[1]));
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  EXPECT_FALSE(colour_wanted(pipe_ends[1]));
  {
    const environment forced("CLICOLOR_FORCE", "1");
    EXPECT_TRUE(colour_wanted(pipe_ends[1]));
    const environment never("NO_COLOR", "1");
    EXPECT_FALSE(colour_wanted(pipe_ends[1])) << "NO_COLOR is the stronger one";
    EXPECT_FALSE(colour_wanted(ends[1]));
  }
  const environment zero("CLICOLOR_FORCE", "0"), dumb("TERM", "dumb");
  EXPECT_FALSE(colour_wanted(pipe_ends[1]));
  EXPECT_FALSE(colour_wanted(ends[1]));
  for (const int fd : {ends[0], ends[1], pipe_ends[0], pipe_ends[1]}) ::close(fd);
}

}  // namespace
}  // namespace tractor::log::sink_test
