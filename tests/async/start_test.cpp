#include "support.hpp"

namespace start_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(!std::is_copy_constructible_v<task_status<int>> &&
              !std::is_move_constructible_v<task_status<>>);

namespace {
task<> serve(task_status<int>& status, int base) {
  co_await sleep(1s);
  status.started(base + 1);
  co_await sleep_forever();
}
task<> start_quietly(task_status<>& status) {
  status.started();
  co_return;
}
}  // namespace

TEST(start, yields_the_started_value_while_the_child_goes_on) {
  const int value = run([]() -> task<int> {
    co_return co_await open_task_nursery([](task_nursery& tn) -> task<int> {
      int value = co_await tn.start(serve, 41);
      EXPECT_EQ(tn.child_count(), 1u);
      EXPECT_EQ(current_time(), time_point{} + 1s);
      tn.scope().cancel();
      co_return value;
    });
  });
  EXPECT_EQ(value, 42);
}

TEST(start, needs_no_value) {
  run([]() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<> { co_await tn.start(start_quietly); });
  });
}

TEST(start, names_the_child) {
  run([]() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<> {
      std::string name = co_await tn.start(task_name("server"), [](task_status<std::string>& s) -> task<> {
        s.started(current_task_name());
        co_return;
      });
      EXPECT_EQ(name, "server");
    });
  });
}

TEST(start, an_error_before_started_is_raised_in_the_caller_and_leaves_the_nursery_alone) {
  run([]() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<> {
      auto fails = [](task_status<int>&) -> task<> {
        co_await sleep(1s);
        throw std::invalid_argument("no port");
      };
      EXPECT_THROW(co_await tn.start(fails), std::invalid_argument);
      EXPECT_FALSE(tn.scope().cancel_called());
      co_await checkpoint();
    });
  });
}

TEST(start, an_error_after_started_is_the_nurserys) {
  auto body = []() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<> {
      auto fails = [](task_status<int>& s) -> task<> {
        s.started(1);
        co_await sleep(1s);
        throw std::invalid_argument("later");
      };
      EXPECT_EQ(co_await tn.start(fails), 1);
      co_await sleep_forever();
    });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "later");
}

TEST(start, a_child_that_returns_without_started_is_an_error) {
  run([]() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<> {
      auto forgets = [](task_status<int>&) -> task<> { co_return; };
      EXPECT_THROW(co_await tn.start(forgets), std::runtime_error);
    });
  });
}

TEST(start, started_twice_is_an_error_in_the_child) {
  auto body = []() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<> {
      auto twice = [](task_status<int>& s) -> task<> {
        s.started(1);
        EXPECT_THROW(s.started(2), std::logic_error);
        co_return;
      };
      EXPECT_EQ(co_await tn.start(twice), 1);
    });
  };
  run(body);
}

TEST(start, a_cancel_of_the_caller_reaches_a_child_that_has_not_started) {
  run([]() -> task<> {
    bool child_cut = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      auto hangs = [&](task_status<int>&) -> task<> {
        try {
          co_await sleep_forever();
        } catch (const cancelled&) {
          child_cut = true;
          throw;
        }
      };
      auto done = co_await move_on_after(1s, [&]() -> task<> { co_await tn.start(hangs); });
      EXPECT_TRUE(done.cancelled_caught());
      EXPECT_EQ(tn.child_count(), 0u);
    });
    EXPECT_TRUE(child_cut);
  });
}

TEST(start, started_while_the_caller_is_cancelled_keeps_the_child_where_it_is) {
  run([]() -> task<> {
    bool child_cut = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      auto late = [&](task_status<int>& s) -> task<> {
        co_await shielded(sleep(5s));
        s.started(1);
        try {
          co_await sleep_forever();
        } catch (const cancelled&) {
          child_cut = true;
          throw;
        }
      };
      auto done = co_await move_on_after(1s, [&]() -> task<> { co_await tn.start(late); });
      EXPECT_TRUE(done.cancelled_caught());
      EXPECT_EQ(tn.child_count(), 0u);
      EXPECT_TRUE(child_cut);
    });
  });
}

TEST(start, a_child_that_was_handed_over_no_longer_hears_of_the_callers_cancel) {
  run([]() -> task<> {
    bool finished = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      auto works = [&](task_status<int>& s) -> task<> {
        s.started(1);
        co_await sleep(5s);
        finished = true;
      };
      co_await with_cancel_scope([&](cancel_scope& s) -> task<> {
        co_await tn.start(works);
        s.cancel();
        co_await checkpoint();
      });
    });
    EXPECT_TRUE(finished);
  });
}

TEST(start, keeps_the_target_nursery_open_until_it_is_decided) {
  run([]() -> task<> {
    bool served = false;
    co_await open_task_nursery([&](task_nursery& outer) -> task<> {
      co_await open_task_nursery([&](task_nursery& target) -> task<> {
        outer.start_soon([&]() -> task<> {
          auto slow = [&](task_status<int>& s) -> task<> {
            co_await sleep(5s);
            s.started(1);
            co_await sleep(5s);
            served = true;
          };
          co_await target.start(slow);
        });
        co_await checkpoint();
        co_await checkpoint();
      });
      EXPECT_TRUE(served);
      EXPECT_EQ(current_time(), time_point{} + 10s);
    });
  });
}

TEST(start, a_failed_start_releases_the_target_nursery) {
  run([]() -> task<> {
    co_await open_task_nursery([&](task_nursery& outer) -> task<> {
      co_await open_task_nursery([&](task_nursery& target) -> task<> {
        outer.start_soon([&]() -> task<> {
          auto fails = [](task_status<>&) -> task<> {
            co_await sleep(5s);
            throw std::runtime_error("no");
          };
          EXPECT_THROW(co_await target.start(fails), std::runtime_error);
        });
        co_await checkpoint();
        co_await checkpoint();
      });
      EXPECT_EQ(current_time(), time_point{} + 5s);
    });
  });
}

TEST(start, a_child_moved_into_a_cancelled_nursery_is_cancelled_with_its_whole_subtree) {
  run([]() -> task<> {
    int cut = 0;
    auto note = [&]() -> task<> {
      try {
        co_await sleep_forever();
      } catch (const cancelled&) {
        ++cut;
        throw;
      }
    };
    co_await open_task_nursery([&](task_nursery& outer) -> task<> {
      co_await open_task_nursery([&](task_nursery& target) -> task<> {
        outer.start_soon([&]() -> task<> {
          auto deep = [&](task_status<>& s) -> task<> {
            co_await open_task_nursery([&](task_nursery& own) -> task<> {
              own.start_soon(note);
              co_await sleep(5s);
              s.started();
              co_await note();
            });
          };
          co_await target.start(deep);
        });
        co_await sleep(1s);
        target.scope().cancel();
      });
    });
    EXPECT_EQ(cut, 2);
  });
}

TEST(start, a_child_with_nested_scopes_and_nurseries_moves_with_all_of_them) {
  run([]() -> task<> {
    std::vector<std::string> cut;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      auto note = [&](const char* who) -> task<> {
        try {
          co_await sleep_forever();
        } catch (const cancelled&) {
          cut.push_back(who);
          throw;
        }
      };
      auto deep = [&](task_status<int>& s) -> task<> {
        co_await move_on_after(1h, [&]() -> task<> {
          co_await open_task_nursery([&](task_nursery& own) -> task<> {
            own.start_soon(note, "grandchild");
            co_await with_cancel_scope([&]() -> task<> {
              co_await sleep(1s);
              s.started(1);
              co_await note("child");
            });
          });
        });
      };
      co_await with_cancel_scope([&](cancel_scope& callers) -> task<> {
        co_await tn.start(deep);
        callers.cancel();
      });
      co_await sleep(1s);
      EXPECT_TRUE(cut.empty());
      tn.scope().cancel();
    });
    EXPECT_EQ(cut.size(), 2u);
  });
}

TEST(start, the_shield_of_a_child_moves_with_it) {
  run([]() -> task<> {
    bool finished = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      auto works = [&](task_status<>& s) -> task<> {
        co_await shielded([&]() -> task<> {
          s.started();
          co_await sleep(5s);
          finished = true;
        });
        co_await checkpoint();
        ADD_FAILURE() << "the nursery is cancelled";
      };
      co_await tn.start(works);
      tn.scope().cancel();
    });
    EXPECT_TRUE(finished);
  });
}

TEST(start, several_may_be_under_way_at_once) {
  run([]() -> task<> {
    std::vector<int> ports;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      co_await open_task_nursery([&](task_nursery& starters) -> task<> {
        for (int i = 0; i < 5; ++i)
          starters.start_soon(
              [&](int base) -> task<> {
                int port = co_await tn.start(serve, base);
                ports.push_back(port);
              },
              i);
        co_return;
      });
      EXPECT_EQ(tn.child_count(), 5u);
      EXPECT_EQ(current_time(), time_point{} + 1s);
      tn.scope().cancel();
    });
    EXPECT_EQ(ports, (std::vector{1, 2, 3, 4, 5}));
  });
}

}  // namespace start_test
