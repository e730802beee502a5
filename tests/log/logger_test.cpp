#include "tractor/log/logger.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <ostream>
#include <stdexcept>
#include <thread>
#include <type_traits>

#include "captured_log.hpp"

namespace tractor::log::logger_test {
namespace {

using namespace std::chrono_literals;
using test::captured_log;

static_assert(!std::is_copy_constructible_v<logger> && !std::is_move_constructible_v<logger>);
static_assert(std::is_trivially_destructible_v<argument>,
              "a log call inside a coroutine must leave nothing behind");

struct with_member {
  int* asked;
  std::string to_string() const {
    ++*asked;
    return "member";
  }
};
struct with_function {};
std::string to_string(const with_function&) { return "function"; }
struct with_stream {};
std::ostream& operator<<(std::ostream& out, const with_stream&) { return out << "stream"; }
struct that_throws {
  std::string to_string() const { throw std::runtime_error("no words"); }
};
enum class fruit { apple = 3 };

TEST(logger, writes_at_its_level_and_above) {
  captured_log log;
  set_general_level(level::cancel);
  subsystem::ipc.io("hidden");
  subsystem::ipc.cancel("shown {}", 1);
  subsystem::ipc.error("shown too");
  EXPECT_EQ(log.lines, (std::vector<std::string>{"CANCEL ipc shown 1", "ERROR ipc shown too"}));
}

// What programs say that an actor runs: seen by whoever wants to be informed, and nothing below that.
TEST(logger, shows_relayed_output_from_the_level_of_information_on) {
  captured_log log;
  set_general_level(level::info);
  subsystem::runtime.io("shown");
  subsystem::runtime.devx("hidden");
  EXPECT_EQ(log.lines, (std::vector<std::string>{"IO runtime shown"}));
}

TEST(logger, has_a_call_for_each_level) {
  captured_log log;
  set_general_level(level(1));
  auto& it = subsystem::devx;
  it.transport("x"), it.debug("x"), it.runtime("x"), it.devx("x"), it.info("x"), it.io("x"), it.cancel("x"),
      it.warning("x"), it.error("x"), it.critical("x"), it.pdb("x");
  ASSERT_EQ(log.lines.size(), 11u);
  EXPECT_EQ(log.lines.front(), "TRANSPORT devx x");
  EXPECT_EQ(log.lines[6], "CANCEL devx x");
  EXPECT_EQ(log.lines.back(), "PDB devx x");
}

TEST(logger, formats_nothing_below_its_level) {
  captured_log log;
  int asked = 0;
  set_general_level(level::error);
  subsystem::msg.transport("payload {}", with_member{&asked});
  EXPECT_EQ(asked, 0);
  subsystem::msg.error("payload {}", with_member{&asked});
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(log.lines.at(0), "ERROR msg payload member");
}

TEST(logger, the_macro_does_not_even_evaluate_hidden_arguments) {
  captured_log log;
  int asked = 0;
  set_general_level(level::error);
  TRACTOR_LOG(ipc, cancel, "peer {}", ++asked);
  EXPECT_EQ(asked, 0);
  TRACTOR_LOG(ipc, error, "peer {}", ++asked);
  TRACTOR_LOG(ipc, error, "no arguments");
  EXPECT_EQ(log.lines, (std::vector<std::string>{"ERROR ipc peer 1", "ERROR ipc no arguments"}));
}

TEST(logger, shows_all_kinds_of_arguments) {
  captured_log log;
  const std::string text = "text";
  const char* const none = nullptr;
  subsystem::ipc.error("{} {} {} {} {} {}", true, 'c', -5, 7u, 1.5, text);
  subsystem::ipc.error("{} {} {}", with_function{}, with_stream{}, fruit::apple);
  subsystem::ipc.error("{} {} {} {}", std::runtime_error("broken"), none, nullptr, level::cancel);
  subsystem::ipc.error("{} {} {}", 1500ms, 20us, 0s);
  subsystem::ipc.error("{:>6}|{:#x}|{:.2f}", "ab", 255, 1.0);
  subsystem::ipc.error("{{}} {}", std::string_view("in braces"));
  EXPECT_EQ(log.lines, (std::vector<std::string>{
                           "ERROR ipc true c -5 7 1.5 text",
                           "ERROR ipc function stream 3",
                           "ERROR ipc broken (null) 0x0 CANCEL",
                           "ERROR ipc 1.5s 20us 0s",
                           "ERROR ipc     ab|0xff|1.00",
                           "ERROR ipc {} in braces",
                       }));
}

TEST(logger, an_argument_that_throws_or_a_bad_spec_is_no_failure_of_the_caller) {
  captured_log log;
  subsystem::ipc.error("got {}", that_throws{});
  subsystem::ipc.error("got {:d}", "text");
  ASSERT_EQ(log.lines.size(), 2u);
  EXPECT_EQ(log.lines[0], "ERROR ipc [log text cannot be formatted: no words] got {}");
  EXPECT_EQ(log.lines[1].substr(0, 42), "ERROR ipc [log text cannot be formatted: i");
}

TEST(logger, get_finds_the_built_in_ones_and_makes_new_ones) {
  EXPECT_EQ(&get("ipc"), &subsystem::ipc);
  EXPECT_EQ(&get("trionics"), &subsystem::async);
  logger& mine = get("my-app.db");
  EXPECT_EQ(&get("my-app.db"), &mine);
  EXPECT_EQ(mine.name(), "my-app.db");
  EXPECT_THROW(get(""), std::invalid_argument);
  EXPECT_THROW(get("a b"), std::invalid_argument);
  EXPECT_THROW(get("a:b"), std::invalid_argument);
}

TEST(logger, takes_levels_that_were_added) {
  captured_log log;
  const level loud = add_level("loud", 45);
  subsystem::ipc.write(loud, "hear {}", "me");
  EXPECT_EQ(log.lines.at(0), "LOUD ipc hear me");
}

TEST(logger, knows_the_line_of_the_call) {
  const captured_log keep;
  std::source_location seen;
  std::string file;
  set_sink([&](const record& it) { seen = it.where; });
  const int line = __LINE__ + 1;
  subsystem::ipc.error("here");
  EXPECT_EQ(int(seen.line()), line);
  EXPECT_NE(std::string(seen.file_name()).find("logger_test.cpp"), std::string::npos);
}

TEST(logger, may_be_used_by_many_threads) {
  captured_log log;
  const auto work = [] {
    for (int i = 0; i < 200; ++i) subsystem::ipc.error("{}", i);
  };
  std::thread one(work), two(work);
  one.join(), two.join();
  EXPECT_EQ(log.lines.size(), 400u);
}

TEST(logger, keeps_errno) {
  const captured_log log;
  errno = ENOENT;
  subsystem::ipc.error("x");
  EXPECT_EQ(errno, ENOENT);
}

}  // namespace
}  // namespace tractor::log::logger_test
