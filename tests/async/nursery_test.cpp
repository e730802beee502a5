#include "support.hpp"

namespace nursery_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(!std::is_copy_constructible_v<task_nursery> && !std::is_move_constructible_v<task_nursery>);
static_assert(!std::is_default_constructible_v<task_nursery>, "open_task_nursery makes them");

namespace {
task<> fail_after_sleep(duration span, const char* what) {
  co_await sleep(span);
  throw std::runtime_error(what);
}
// Fails with `what` once it is cancelled.
task<> fail_in_cleanup(const char* what) {
  try {
    co_await sleep_forever();
  } catch (const cancelled&) {
    throw std::runtime_error(what);
  }
}
}  // namespace

TEST(task_nursery, waits_for_its_children) {
  int ended = 0;
  run([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 1; i <= 3; ++i)
        tn.start_soon(
            [&](int n) -> task<> {
              co_await sleep(n * 1s);
              ++ended;
            },
            i);
      EXPECT_EQ(tn.child_count(), 3u);
      co_return;
    });
    EXPECT_EQ(ended, 3);
    EXPECT_EQ(current_time(), time_point{} + 3s);
  });
}

TEST(task_nursery, yields_the_value_of_its_body) {
  EXPECT_EQ(run([]() -> task<int> {
              co_return co_await open_task_nursery([](task_nursery&) -> task<int> { co_return 4; });
            }),
            4);
}

TEST(task_nursery, children_run_at_the_next_turn_and_in_order) {
  std::string log;
  run([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (char name : {'a', 'b', 'c'})
        tn.start_soon(
            [&](char me) -> task<> {
              log += me;
              co_return;
            },
            name);
      log += '.';
      co_return;
    });
  });
  EXPECT_EQ(log, ".abc");
}

TEST(task_nursery, leaving_an_empty_one_lets_others_run_and_raises_nothing) {
  run([]() -> task<> {
    auto done = co_await with_cancel_scope([](cancel_scope& s) -> task<> {
      s.cancel();
      co_await open_task_nursery([](task_nursery&) -> task<> { co_return; });
    });
    EXPECT_TRUE(done);
  });
}

TEST(task_nursery, the_first_error_cancels_the_siblings_and_all_are_awaited) {
  bool sibling_cancelled = false;
  auto body = [&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        try {
          co_await sleep_forever();
        } catch (const cancelled&) {
          sibling_cancelled = true;
          throw;
        }
      });
      tn.start_soon(fail_after_sleep, 1s, "boom");
      co_return;
    });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "boom");
  EXPECT_TRUE(sibling_cancelled);
}

TEST(task_nursery, an_error_of_the_body_cancels_the_children) {
  auto body = [&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(sleep_forever);
      co_await sleep(1s);
      throw std::runtime_error("body");
    });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "body");
}

TEST(task_nursery, an_error_of_a_child_cancels_the_body) {
  auto body = [&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(fail_after_sleep, 1s, "child");
      co_await sleep_forever();
    });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "child");
}

TEST(task_nursery, an_error_of_the_body_and_of_the_childrens_cleanup_make_a_group) {
  auto body = [&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(fail_in_cleanup, "clean-up");
      co_await sleep(1s);
      throw std::runtime_error("body");
    });
  };
  try {
    run(body);
    FAIL() << "both errors are due";
  } catch (const exception_group& group) {
    EXPECT_EQ(group.leaf_count(), 2u);
    EXPECT_NE(group.text().find("clean-up"), std::string::npos);
    EXPECT_NE(group.text().find("body"), std::string::npos);
  }
}

TEST(task_nursery, a_shielded_body_goes_on_after_a_childs_error) {
  bool went_on = false;
  auto body = [&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(fail_after_sleep, 1s, "child");
      co_await shielded(sleep(5s));
      went_on = true;
      co_await checkpoint();
      ADD_FAILURE() << "the nursery is cancelled";
    });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "child");
  EXPECT_TRUE(went_on);
}

TEST(task_nursery, a_cancel_from_outside_reaches_body_and_children) {
  int cut = 0;
  run([&]() -> task<> {
    auto note = [&]() -> task<> {
      try {
        co_await sleep_forever();
      } catch (const cancelled&) {
        ++cut;
        throw;
      }
    };
    auto outer = co_await move_on_after(1s, [&]() -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon(note);
        co_await note();
      });
    });
    EXPECT_TRUE(outer.cancelled_caught());
  });
  EXPECT_EQ(cut, 2);
}

TEST(task_nursery, joining_waits_under_an_internal_shield) {
  run([]() -> task<> {
    bool cleaned = false;
    auto outer = co_await move_on_after(1s, [&]() -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([&]() -> task<> { co_await with_cleanup(sleep_forever(), sleep(5s), 10s); });
        tn.start_soon([&]() -> task<> {
          co_await shielded(sleep(8s));
          cleaned = true;
        });
        co_return;
      });
    });
    EXPECT_TRUE(cleaned);
    EXPECT_TRUE(outer.cancelled_caught());
    EXPECT_EQ(current_time(), time_point{} + 8s);
  });
}

TEST(task_nursery, its_own_scope_is_absorbed) {
  run([]() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<> {
      for (int i = 0; i < 3; ++i) tn.start_soon(sleep_forever);
      co_await sleep(1s);
      tn.scope().cancel();
      co_await sleep_forever();
    });
  });
}

TEST(task_nursery, cancelled_before_its_body_had_a_value_it_has_none_to_yield) {
  auto body = []() -> task<> {
    co_await open_task_nursery([](task_nursery& tn) -> task<int> {
      tn.scope().cancel();
      co_await checkpoint();
      co_return 1;
    });
  };
  EXPECT_THROW(run(body), std::logic_error);
}

TEST(task_nursery, a_child_started_into_a_cancelled_one_raises_at_its_first_checkpoint) {
  run([]() -> task<> {
    bool started = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.scope().cancel();
      tn.start_soon([&]() -> task<> {
        started = true;
        co_await checkpoint();
        ADD_FAILURE() << "the nursery is cancelled";
      });
      co_return;
    });
    EXPECT_TRUE(started);
  });
}

TEST(task_nursery, children_may_start_siblings_while_it_is_joined) {
  int depth = 0;
  run([&]() -> task<> {
    struct chain {
      static task<> link(task_nursery& tn, int& depth) {
        co_await sleep(1s);
        if (++depth < 5) tn.start_soon(link, std::ref(tn), std::ref(depth));
      }
    };
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(chain::link, std::ref(tn), std::ref(depth));
      co_return;
    });
  });
  EXPECT_EQ(depth, 5);
}

TEST(task_nursery, a_task_elsewhere_may_start_a_child_in_the_turn_in_which_the_last_one_ended) {
  run([]() -> task<> {
    event last_ended;
    bool late_ran = false;
    co_await open_task_nursery([&](task_nursery& outer) -> task<> {
      co_await open_task_nursery([&](task_nursery& inner) -> task<> {
        outer.start_soon([&]() -> task<> {
          co_await last_ended.wait();
          inner.start_soon([&]() -> task<> {
            co_await sleep(1s);
            late_ran = true;
          });
        });
        inner.start_soon([&]() -> task<> {
          co_await sleep(1s);
          last_ended.set();  // this wakes the starter before the end of this task wakes the joiner
        });
        co_return;
      });
      EXPECT_TRUE(late_ran);
    });
  });
}

TEST(task_nursery, what_start_soon_throws_synchronously_is_the_childs_error) {
  auto thrower = [](int) -> task<> { throw std::runtime_error("early"); };
  auto body = [&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(thrower, 1);
      co_await sleep_forever();
    });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "early");
}

TEST(task_nursery, a_body_that_throws_before_it_returns_a_task_is_joined_too) {
  bool ran = false;
  auto thrower = [&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      ran = true;
      co_return;
    });
    throw std::runtime_error("early");
  };
  auto body = [&]() -> task<> { co_await open_task_nursery(thrower); };
  EXPECT_EQ(error_of([&] { run(body); }), "early");
  EXPECT_TRUE(ran);
}

TEST(task_nursery, copies_function_and_arguments_into_the_child) {
  std::string seen;
  run([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      {
        std::string text = "kept", moved = "moved";
        auto fn = [text](const std::string& a, std::string& out, std::unique_ptr<int> p) -> task<> {
          co_await sleep(1s);
          out = text + a + std::to_string(*p);
        };
        tn.start_soon(fn, std::move(moved), std::ref(seen), std::make_unique<int>(3));
      }
      co_return;
    });
  });
  EXPECT_EQ(seen, "keptmoved3");
}

TEST(task_nursery, the_arguments_of_a_child_die_inside_their_task) {
  std::string name;
  struct tells {
    explicit tells(std::string& to) : to(&to) {}
    tells(tells&& other) noexcept : to(std::exchange(other.to, nullptr)) {}
    ~tells() {
      if (to) *to = current_task_name();
    }
    std::string* to;
  };
  run([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(
          task_name("holder"), [](const tells&) -> task<> { co_await checkpoint(); }, tells(name));
      co_return;
    });
  });
  EXPECT_EQ(name, "holder");
}

TEST(task_nursery, a_hundred_thousand_children_are_joined) {
  int ended = 0;
  run([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 100'000; ++i)
        tn.start_soon([&]() -> task<> {
          co_await checkpoint();
          ++ended;
        });
      co_return;
    });
  });
  EXPECT_EQ(ended, 100'000);
}

TEST(task_nursery, a_hundred_thousand_children_are_cancelled_at_once) {
  run([]() -> task<> {
    event never;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 100'000; ++i) tn.start_soon([&]() -> task<> { co_await never.wait(); });
      co_await sleep(1s);
      EXPECT_EQ(tn.child_count(), 100'000u);
      tn.scope().cancel();
    });
  });
}

TEST(task_nursery, nested_ones_report_one_tree_of_errors) {
  auto body = []() -> task<> {
    co_await open_task_nursery([](task_nursery& outer) -> task<> {
      outer.start_soon([]() -> task<> {
        co_await open_task_nursery([](task_nursery& inner) -> task<> {
          inner.start_soon(fail_after_sleep, 1s, "one");
          inner.start_soon(fail_in_cleanup, "two");
          co_return;
        });
      });
      outer.start_soon(fail_in_cleanup, "three");
      co_return;
    });
  };
  try {
    run(body);
    FAIL() << "three errors are due";
  } catch (const exception_group& group) {
    EXPECT_EQ(group.exceptions().size(), 2u);
    EXPECT_EQ(group.leaf_count(), 3u);
  }
}

TEST(task_nursery, an_error_inside_an_outer_cancel_is_kept_while_the_cancel_is_absorbed) {
  auto body = []() -> task<> {
    co_await move_on_after(1s, []() -> task<> {
      co_await open_task_nursery([](task_nursery& tn) -> task<> {
        tn.start_soon(sleep_forever);
        tn.start_soon(fail_in_cleanup, "clean-up");
        co_await sleep_forever();
      });
    });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "clean-up");
}

}  // namespace nursery_test
