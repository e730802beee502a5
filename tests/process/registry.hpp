// What the tests of discovery share.
#pragma once

#include <gmock/gmock.h>

#include <boost/system/system_error.hpp>
#include <filesystem>
#include <list>
#include <map>
#include <string>
#include <tractor/async/thread.hpp>
#include <tractor/discovery/discovery.hpp>
#include <tractor/discovery/watch.hpp>
#include <vector>

#include "program.hpp"
#include "program/endpoints.hpp"

namespace process_tests {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

/// Further registry addresses of this test alone, besides that of its root.
class more_addresses {
 public:
  static more_addresses provide(test_context& context) { return more_addresses(context); }
  /// A fresh one; stays reserved for the test.
  std::string fresh() {
    held_.push_back(reg_addr::provide(context_));
    return held_.back().text();
  }

 private:
  explicit more_addresses(test_context& context) : context_(context) {}
  test_context& context_;
  std::list<reg_addr> held_;
};

/// Options that ask these registrars in place of our own.
inline find_options at(const std::string& registrar) {
  find_options options;
  options.registry_addrs(registrar);
  return options;
}

/// Waits, with a bound, until the registry there (default: ours) holds so many actors; yields how many it
/// holds.
inline task<std::size_t> registry_of(std::size_t wanted, std::string registrar = {}) {
  find_options where;
  if (!registrar.empty()) where.registry_addrs(registrar);
  std::size_t size = 0;
  co_await move_on_after(roomy(5s), [&](cancel_scope&) -> task<> {
    for (;;) {
      try {
        auto table = co_await get_registry(where);
        size = table.size();
      } catch (const registrar_unreachable&) {
        size = 0;
      }
      if (size == wanted) break;
      co_await sleep(5ms);
    }
  });
  co_return size;
}

/// Waits, with a bound, until a program has written that; the loop runs meanwhile.
inline task<bool> has_said(subprocess& run, std::string text) {
  bool said = false;
  co_await run_in_thread([&] { said = run.wait_for_output(text, roomy(10s)); });
  co_return said;
}

/// The code a program ended with and what it wrote to stderr; the loop runs meanwhile, for it may talk to us.
inline task<std::pair<int, std::string>> end_of(subprocess& run) {
  int code = -1;
  co_await run_in_thread([&] {
    const auto status = run.wait(roomy(10s));
    if (status) code = status->code().value_or(-2);
  });
  co_return std::pair(code, run.err());
}

/// Ends a program by SIGINT, and sees that it ended in order.
inline task<> end_in_order(subprocess& run) {
  run.signal(SIGINT);
  auto [code, err] = co_await end_of(run);
  EXPECT_EQ(code, 130) << err;
}

/// How many sockets this process has open, those that listen included.
inline std::size_t open_sockets() {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    count += std::filesystem::read_symlink(entry.path(), gone).string().starts_with("socket:") ? 1 : 0;
  }
  return count;
}

/// Waits, with a bound, until this process has at most so many sockets open; yields how many it has.
inline task<std::size_t> sockets_at_most(std::size_t wanted) {
  co_await move_on_after(roomy(5s), [&](cancel_scope&) -> task<> {
    while (open_sockets() > wanted) co_await sleep(2ms);
  });
  co_return open_sockets();
}

}  // namespace process_tests
