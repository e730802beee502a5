#include "tractor/async/gather_contexts.hpp"

#include <functional>

#include "support.hpp"

namespace gather_contexts_test {

using namespace tractor;
using namespace tractor::testing;

namespace {

/// What happened in which order, and when.
class diary {
 public:
  void note(const std::string& what) {
    lines.push_back(
        what + " " +
        std::to_string(
            std::chrono::duration_cast<std::chrono::seconds>(current_time().time_since_epoch()).count()));
  }
  std::vector<std::string> lines;
};

/// A scope function like any other: takes a second to open and two to close, which no cancel shortens.
template <class Body> task<> open_number(diary& log, int number, Body& body) {
  co_await sleep(1s);
  log.note("open" + std::to_string(number));
  int value = number;
  co_await with_cleanup([&]() -> task<> { co_await body(value); },
                        [&]() -> task<> {
                          co_await sleep(2s);
                          value = -1;
                          log.note("close" + std::to_string(number));
                        },
                        10s);
}

using lines = std::vector<std::string>;
using int_opener = std::function<task<>(entered<int>&)>;

}  // namespace

TEST(gather_contexts, enters_all_at_once_gives_their_values_in_order_and_leaves_all_at_once) {
  diary log;
  const int sum = run([&]() -> task<int> {
    co_return co_await gather_contexts(
        [&](int& a, int& b, int& c) -> task<int> {
          log.note("body");
          co_await sleep(1s);
          co_return 100 * a + 10 * b + c;
        },
        [&](entered<int>& in) { return open_number(log, 1, in); },
        [&](entered<int>& in) { return open_number(log, 2, in); },
        [&](entered<int>& in) { return open_number(log, 3, in); });
  });
  EXPECT_EQ(sum, 123);
  EXPECT_EQ(log.lines,
            (lines{"open1 1", "open2 1", "open3 1", "body 1", "close1 4", "close2 4", "close3 4"}));
}

TEST(gather_contexts, takes_scopes_of_different_types_and_of_none) {
  const std::string said = run([&]() -> task<std::string> {
    co_return co_await gather_contexts(
        [&](task_nursery& tn, std::string& word) -> task<std::string> {
          tn.start_soon([&]() -> task<> {
            co_await sleep(1s);
            word += "!";
          });
          co_await sleep(2s);
          co_return word;
        },
        [&](entered<task_nursery>& in) { return open_task_nursery(in); },
        [&](entered<>& in) -> task<> { co_await move_on_after(1h, in); },
        [&](entered<std::string>& in) -> task<> {
          std::string word = "hello";
          co_await in(word);
        });
  });
  EXPECT_EQ(said, "hello!");
}

TEST(gather_contexts, takes_a_range_of_scopes_and_hands_over_a_list) {
  diary log;
  run([&]() -> task<> {
    std::vector<int_opener> openers;
    for (int i = 1; i <= 4; ++i)
      openers.push_back([&log, i](entered<int>& in) { return open_number(log, i, in); });
    co_await gather_contexts(
        [&](std::vector<int*>& values) -> task<> {
          std::string got;
          for (int* value : values) got += std::to_string(*value);
          EXPECT_EQ(got, "1234");
          co_return;
        },
        openers);
  });
  EXPECT_EQ(log.lines.size(), 8u);
  EXPECT_EQ(log.lines.back(), "close4 3");
}

TEST(gather_contexts, a_range_of_scopes_without_values_needs_no_list) {
  run([]() -> task<> {
    std::vector<std::function<task<>(entered<>&)>> openers(3, [](entered<>& in) -> task<> { co_await in(); });
    const int value = co_await gather_contexts([&]() -> task<int> { co_return 5; }, std::move(openers));
    EXPECT_EQ(value, 5);
  });
}

TEST(gather_contexts, empty_mngrs_input_raises) {
  run([]() -> task<> {
    std::vector<int_opener> none;
    auto use = [&]() -> task<> {
      co_await gather_contexts([](std::vector<int*>&) -> task<> { co_return; }, none);
    };
    EXPECT_THROW(co_await fail_after(3s, use), std::invalid_argument);
    // The same while other scopes are up and in use.
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([]() -> task<> { co_await sleep_forever(); });
      EXPECT_THROW(co_await fail_after(3s, use), std::invalid_argument);
      tn.scope().cancel();
    });
  });
}

TEST(gather_contexts, one_that_fails_to_open_cancels_the_others_and_the_body_never_runs) {
  diary log;
  bool ran = false;
  auto body = [&]() -> task<> {
    co_await gather_contexts(
        [&](int&, int&) -> task<> {
          ran = true;
          co_return;
        },
        [&](entered<int>& in) { return open_number(log, 1, in); },
        [&](entered<int>&) -> task<> {
          co_await sleep(5s);
          throw std::runtime_error("no second");
        });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "no second");
  EXPECT_FALSE(ran);
  EXPECT_EQ(log.lines, (lines{"open1 1", "close1 7"}));
}

TEST(gather_contexts, an_error_of_the_body_cancels_the_scopes_and_is_raised_bare) {
  diary log;
  bool cut = false;
  auto body = [&]() -> task<> {
    co_await gather_contexts(
        [&](int&, std::string&) -> task<> {
          co_await sleep(1s);
          throw std::runtime_error("in the body");
        },
        [&](entered<int>& in) { return open_number(log, 1, in); },
        [&](entered<std::string>& in) -> task<> {
          std::string word;
          try {
            co_await in(word);
          } catch (const cancelled&) {
            cut = true;
            throw;
          }
        });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "in the body");
  EXPECT_TRUE(cut);
  EXPECT_EQ(log.lines.back(), "close1 4");
}

TEST(gather_contexts, errors_of_the_exits_are_raised_together) {
  auto body = [&]() -> task<> {
    auto fails = [](entered<>& in) -> task<> {
      co_await in();
      throw std::runtime_error("exit");
    };
    co_await gather_contexts([]() -> task<> { co_return; }, fails, fails);
  };
  EXPECT_EQ(error_of([&] { run(body); }),
            "several tasks failed (2 errors)\n  - std::runtime_error: exit\n  - std::runtime_error: exit");
}

TEST(gather_contexts, a_cancel_from_outside_ends_the_body_first_and_then_the_scopes) {
  diary log;
  run([&]() -> task<> {
    auto done = co_await move_on_after(5s, [&]() -> task<> {
      co_await gather_contexts(
          [&](int& a) -> task<> {
            co_await with_cleanup(
                sleep_forever(),
                [&]() -> task<> {
                  co_await sleep(4s);
                  log.note("body sees " + std::to_string(a));
                },
                10s);
          },
          [&](entered<int>& in) { return open_number(log, 1, in); });
    });
    EXPECT_TRUE(done.cancelled_caught());
  });
  EXPECT_EQ(log.lines, (lines{"open1 1", "body sees 1 9", "close1 11"}));
}

TEST(gather_contexts, what_a_scope_handed_over_outlives_the_body_also_when_the_scope_fails) {
  diary log;
  auto body = [&]() -> task<> {
    co_await gather_contexts(
        [&](int& a) -> task<> {
          co_await with_cleanup(
              sleep_forever(),
              [&]() -> task<> {
                co_await sleep(4s);
                log.note("body sees " + std::to_string(a));
              },
              10s);
        },
        [&](entered<int>& in) -> task<> {
          co_await open_task_nursery([&](task_nursery& tn) -> task<> {
            tn.start_soon([]() -> task<> {
              co_await sleep(3s);
              throw std::runtime_error("the feed broke");
            });
            co_await open_number(log, 1, in);
          });
        });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "the feed broke");
  EXPECT_EQ(log.lines, (lines{"open1 1", "body sees 1 7", "close1 9"}));
}

TEST(gather_contexts, a_scope_that_ends_by_itself_cuts_the_body_off_and_is_an_error) {
  auto body = [&]() -> task<> {
    co_await gather_contexts([]() -> task<> { co_await sleep_forever(); },
                             [&](entered<>& in) -> task<> { co_await in(); },
                             [&](entered<>& in) -> task<> { co_await move_on_after(1s, in); });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "scope 1 of gather_contexts ended before the body did");
}

TEST(gather_contexts, a_scope_that_ends_while_another_one_still_opens_is_an_error) {
  auto body = [&]() -> task<> {
    co_await gather_contexts([]() -> task<> { co_await sleep_forever(); },
                             [&](entered<>& in) -> task<> { co_await move_on_after(1s, in); },
                             [&](entered<>& in) -> task<> {
                               co_await sleep(5s);
                               co_await in();
                             });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "scope 0 of gather_contexts ended before the body did");
}

TEST(gather_contexts, an_opener_that_never_enters_is_an_error) {
  auto body = [&]() -> task<> {
    co_await gather_contexts([]() -> task<> { co_return; }, [&](entered<>& in) -> task<> { co_await in(); },
                             [&](entered<>&) -> task<> { co_return; });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "scope 1 of gather_contexts ended without entering its scope");
}

TEST(gather_contexts, an_opener_that_enters_twice_is_told_so) {
  auto body = [&]() -> task<> {
    co_await gather_contexts([]() -> task<> { co_return; },
                             [&](entered<>& in) -> task<> {
                               co_await in();
                               co_await in();
                             });
  };
  EXPECT_EQ(error_of([&] { run(body); }), "this opener has entered its scope already: it is entered once");
}

TEST(gather_contexts, a_cancel_is_absorbed_by_its_scope_though_a_channel_is_closed_inside) {
  run([]() -> task<> {
    auto ends = open_channel<int>(1);
    auto done = co_await move_on_after(1s, [&]() -> task<> {
      co_await gather_contexts(
          [&](send_channel<int>& tx) -> task<> {
            co_await tx.send(1);
            co_await sleep_forever();
          },
          [&](entered<send_channel<int>>& in) -> task<> {
            send_channel<int> tx = std::move(ends.first);
            co_await in(tx);
          },
          [&](entered<>& in) { return open_task_nursery([&]() -> task<> { co_await in(); }); });
    });
    EXPECT_TRUE(done.cancelled_caught());
    EXPECT_EQ(co_await ends.second.receive(), 1);
    EXPECT_FALSE(co_await ends.second.next());
  });
}

TEST(gather_contexts, holds_bodies_and_openers_that_are_temporaries_until_it_is_awaited) {
  run([]() -> task<> {
    int sum = 0;
    auto later = gather_contexts(
        [&](int& a) -> task<int> {
          sum += a;
          co_return a;
        },
        [](entered<int>& in) -> task<> {
          int value = 7;
          co_await in(value);
        });
    EXPECT_EQ(co_await std::move(later), 7);
    EXPECT_EQ(sum, 7);
  });
}

}  // namespace gather_contexts_test
