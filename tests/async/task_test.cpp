#include "support.hpp"
#include "tractor/detail/asio.hpp"

namespace task_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(!std::is_copy_constructible_v<task<int>> && std::is_nothrow_move_constructible_v<task<int>>);
static_assert(!std::is_default_constructible_v<task<>>);
static_assert(std::is_same_v<task<>, task<void>> && std::is_same_v<task<int>::value_type, int>);

namespace {
task<int> add(int a, int b) { co_return a + b; }
task<int> deep(int left) {
  if (left == 0) co_return 0;
  co_return 1 + co_await deep(left - 1);
}
task<> throw_deep(int left) {
  if (left == 0) throw std::runtime_error("bottom");
  co_await throw_deep(left - 1);
}
}  // namespace

TEST(task, a_chain_of_awaits_yields_the_value) {
  EXPECT_EQ(run_loop([]() -> task<int> { co_return co_await add(1, 2) + co_await add(3, 4); }), 10);
}

TEST(task, a_million_synchronous_awaits_do_not_grow_the_stack) {
  int total = run_loop([]() -> task<int> {
    int n = 0;
    for (int i = 0; i < 1'000'000; ++i) n += co_await add(1, 0);
    co_return n;
  });
  EXPECT_EQ(total, 1'000'000);
}

TEST(task, a_deep_recursion_of_awaits_does_not_grow_the_stack) {
  EXPECT_EQ(run_loop([]() -> task<int> { co_return co_await deep(100'000); }), 100'000);
}

TEST(task, an_error_unwinds_a_deep_recursion) {
  EXPECT_EQ(error_of([] { run_loop([]() -> task<> { co_await throw_deep(2'000); }); }), "bottom");
}

TEST(task, an_error_reaches_the_caller_of_run_loop) {
  auto body = []() -> task<> {
    co_await checkpoint();
    throw std::runtime_error("boom");
  };
  EXPECT_THROW(run_loop(body), std::runtime_error);
}

TEST(task, does_nothing_until_it_is_awaited_and_frees_its_arguments_if_it_never_is) {
  auto counted = std::make_shared<int>(0);
  auto fn = [](std::shared_ptr<int> n) -> task<> {
    ++*n;
    co_return;
  };
  {
    task<> never = fn(counted);
    EXPECT_EQ(counted.use_count(), 2);
  }
  EXPECT_EQ(counted.use_count(), 1);
  EXPECT_EQ(*counted, 0);
}

TEST(task, can_be_stored_moved_and_awaited_later) {
  run([]() -> task<> {
    task<int> stored = add(1, 2);
    task<int> other = add(5, 5);
    other = std::move(stored);
    EXPECT_EQ(co_await std::move(other), 3);
  });
}

TEST(task, is_awaited_once) {
  run([]() -> task<> {
    task<int> one = add(1, 2);
    EXPECT_EQ(co_await std::move(one), 3);
    EXPECT_THROW(co_await std::move(one), std::logic_error);
    task<int> gone = add(1, 2);
    task<int> taken = std::move(gone);
    EXPECT_THROW(co_await std::move(gone), std::logic_error);
    EXPECT_EQ(co_await std::move(taken), 3);
  });
}

TEST(task, knows_the_function_that_made_it) {
  const std::string name = add(1, 2).origin().function_name();
  EXPECT_NE(name.find("add"), std::string::npos) << name;
}

TEST(task, yields_values_that_can_only_be_moved) {
  EXPECT_EQ(*run([]() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(4); }), 4);
}

TEST(task, the_loop_is_named_when_there_is_none) {
  EXPECT_EQ(error_of([] { detail::current_task(); }),
            "not inside a task: call this in a coroutine run by run_loop or tractor::run");
}

TEST(task_tree, names_each_task_and_the_line_where_it_waits) {
  run([]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(task_name("sleeper"), [] { return sleep_forever(); });
      co_await checkpoint();
      const std::string dump = dump_task_tree();
      EXPECT_NE(dump.find("task main (running)"), std::string::npos) << dump;
      EXPECT_NE(dump.find("task sleeper (waiting)"), std::string::npos) << dump;
      EXPECT_NE(dump.find("task_test.cpp:"), std::string::npos) << dump;
      EXPECT_NE(dump.find("sleep_forever at timeouts.cpp:"), std::string::npos) << dump;
      tn.scope().cancel();
    });
  });
}

TEST(task_tree, shows_scopes_nested_nurseries_and_tasks_that_have_not_run) {
  run([]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(task_name("outer"), []() -> task<> {
        co_await shielded([]() -> task<> {
          co_await move_on_after(5s, []() -> task<> {
            co_await open_task_nursery([](task_nursery& inner) -> task<> {
              inner.start_soon(task_name("inner"), sleep_forever);
              co_await sleep_forever();
            });
          });
        });
      });
      co_await sleep(1s);
      tn.start_soon(task_name("fresh"), sleep_forever);
      const std::string dump = dump_task_tree();
      EXPECT_NE(dump.find("task outer (waiting) scopes: deadline in 4000ms, shield"), std::string::npos)
          << dump;
      EXPECT_NE(dump.find("task inner (waiting)"), std::string::npos) << dump;
      EXPECT_LT(dump.find("task outer"), dump.find("task inner")) << dump;
      EXPECT_NE(dump.find("task fresh (ready)"), std::string::npos) << dump;
      tn.scope().cancel();
    });
  });
}

TEST(task_tree, can_be_dumped_by_a_handler_while_every_task_waits) {
  std::string dump;
  run_loop([&]() -> task<> {
    event dumped;
    asio::steady_timer timer(this_context());
    timer.expires_after(5ms);
    timer.async_wait([&](const boost::system::error_code&) {
      dump = dump_task_tree();
      dumped.set();
    });
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(task_name("child"), [&]() -> task<> { co_await dumped.wait(); });
      co_return;
    });
  });
  EXPECT_NE(dump.find("task main (waiting)"), std::string::npos) << dump;
  EXPECT_NE(dump.find("task child (waiting)"), std::string::npos) << dump;
}

TEST(task_tree, is_empty_outside_of_a_loop) {
  EXPECT_EQ(dump_task_tree(), "");
  EXPECT_EQ(current_task_name(), "");
}

TEST(task_tree, counts_the_tasks_of_nurseries_and_is_not_broken_by_a_name) {
  run([]() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<> {
      tn.start_soon(task_name("two\n\nlines\x1b"), sleep_forever);
      tn.start_soon(task_name("other"), sleep_forever);
      co_await sleep(1s);
      const std::string dump = dump_task_tree();
      EXPECT_NE(dump.find("\n  nursery, tasks: 2\n  | task two??lines? (waiting)\n"), std::string::npos)
          << dump;
      tn.scope().cancel();
    });
  });
}

TEST(task_tree, of_very_many_tasks_is_whole_and_of_a_very_deep_chain_shows_the_inner_end) {
  run([]() -> task<> {
    struct chain {
      static task<> link(int more) {
        if (more > 0)
          co_await link(more - 1);
        else
          co_await sleep_forever();
      }
    };
    co_await open_task_nursery([](task_nursery& tn) -> task<> {
      for (int i = 0; i < 2000; ++i) tn.start_soon(task_name("number " + std::to_string(i)), sleep_forever);
      tn.start_soon(task_name("deep"), &chain::link, 5000);
      co_await sleep(1s);
      const std::string dump = dump_task_tree();
      EXPECT_NE(dump.find("task number 1999 (waiting)"), std::string::npos);
      EXPECT_NE(dump.find("task deep (waiting)\n  |   ... called from further out\n"), std::string::npos);
      EXPECT_EQ(dump.find("and more"), std::string::npos);
      tn.scope().cancel();
    });
  });
}

TEST(task_tree, names_an_unnamed_task_after_its_function) {
  run([]() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<> {
      tn.start_soon(sleep_forever);
      co_await sleep(1s);
      const std::string dump = dump_task_tree();
      EXPECT_NE(dump.find("task tractor::sleep_forever (waiting)"), std::string::npos) << dump;
      tn.scope().cancel();
    });
  });
}

}  // namespace task_test
