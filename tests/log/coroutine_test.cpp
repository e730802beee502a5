// Logging from inside tasks: compilers have dropped or doubled temporaries there.
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "captured_log.hpp"
#include "tractor/async/async.hpp"

namespace tractor::log::coroutine_test {
namespace {

int alive = 0;

class counted {
 public:
  explicit counted(std::string text) : text_(std::move(text)) { ++alive; }
  counted(const counted& other) : text_(other.text_) { ++alive; }
  counted& operator=(const counted&) = delete;
  ~counted() { --alive; }
  const std::string& to_string() const { return text_; }

 private:
  std::string text_;
};

task<std::string> slow_text() {
  co_await checkpoint();
  co_return std::string(40, 'x');
}

task<counted> slow_value() {
  co_await checkpoint();
  co_return counted("a value that is too long to be stored inside of the string itself");
}

TEST(logger_in_a_task, takes_awaited_arguments) {
  test::captured_log log;
  run_loop([]() -> task<> {
    subsystem::ipc.error("{} and {}", co_await slow_text(), co_await slow_text());
    subsystem::ipc.error("{} {}", std::string(30, 'y'), co_await slow_value());
    co_await checkpoint();
    TRACTOR_LOG(ipc, error, "{}", co_await slow_text());
  });
  const std::string x(40, 'x'), y(30, 'y');
  EXPECT_EQ(log.lines,
            (std::vector<std::string>{
                "ERROR ipc " + x + " and " + x,
                "ERROR ipc " + y + " a value that is too long to be stored inside of the string itself",
                "ERROR ipc " + x,
            }));
  EXPECT_EQ(alive, 0);
}

}  // namespace
}  // namespace tractor::log::coroutine_test
