#include "tractor/harness/fail_after_with_dump.hpp"

#include <unistd.h>

#include <chrono>

#include "hang_dump.hpp"
#include "session.hpp"

namespace tractor::harness::detail {

task<std::string> dump_of_this_tree() {
  std::string out;
  cancel_scope shielded(time_point::max(), true);
  co_await shielded.run([&]() -> task<> {
    tree_dump seen(::getpid());
    const auto until = std::chrono::steady_clock::now() + scaled(time_for_tasks);
    while (!seen.complete() && std::chrono::steady_clock::now() < until)
      co_await sleep(std::chrono::milliseconds(5));
    out = "Its processes, with the tasks of its actors:\n" + seen.text();
  });
  co_return out;
}

task<std::string> dump_when_late(duration bound) {
  const auto span = scaled(bound);
  co_await sleep(span);
  std::string seen = co_await dump_of_this_tree();
  co_return "not done after " + seconds_text(span) + ". " + seen;
}

}  // namespace tractor::harness::detail
