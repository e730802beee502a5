// What an actor is to itself: work without children, and its own name in the registry.
#include <gmock/gmock.h>

#include <tractor/tractor.hpp>

#include "program.hpp"

namespace local_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

TRACTOR_TEST(local, work_needs_no_children) {
  const time_point before = current_time();
  int turns = 0;
  for (; turns < 10; ++turns) co_await sleep(10ms);
  EXPECT_GE(current_time() - before, 100ms);
  EXPECT_TRUE(current_actor().is_root());
  EXPECT_TRUE(current_actor().is_registrar());
  EXPECT_TRUE(is_root_process());
  co_await raises<runtime_failure>([]() -> task<> {
    current_actor().parent();
    co_return;
  }());
}

TRACTOR_TEST(local, the_registrar_finds_its_own_name_and_is_told_to_call_itself) {
  std::vector<address> where;
  co_await fail_after(roomy(200ms), [&](cancel_scope&) -> task<> {
    while (where.empty()) {
      where = co_await query_actor("root");
      co_await checkpoint();
    }
  });
  EXPECT_EQ(where, current_actor().addresses());
  auto error = co_await raises<runtime_failure>(fail_after(roomy(200ms), wait_for_actor("root")));
  EXPECT_THAT(error.what(), HasSubstr("call its functions directly"));
  // The registry is asked without a connection.
  const auto table = co_await get_registry();
  EXPECT_EQ(table.size(), 1u);
  EXPECT_THAT(current_actor().state(), HasSubstr("0 peers"));
}

}  // namespace local_test
