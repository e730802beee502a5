#include "tractor/async/use_task.hpp"

#include <unistd.h>

#include "support.hpp"

namespace use_task_test {

using namespace tractor;
using namespace tractor::testing;
using asio::local::stream_protocol;

namespace {
struct socket_pair {
  socket_pair() : a(this_context()), b(this_context()) { asio::local::connect_pair(a, b); }
  stream_protocol::socket a, b;
  char buffer[8] = {};
};
struct refuses {
  template <class Handler> void operator()(Handler&&) const { throw std::runtime_error("cannot begin"); }
};
struct at_once {
  template <class Handler> void operator()(Handler&& handler) const { handler(7); }
};
}  // namespace

TEST(use_task, yields_the_value_of_an_operation) {
  run([]() -> task<> {
    socket_pair p;
    EXPECT_EQ(co_await p.b.async_write_some(asio::buffer("hi", 2), use_task), 2u);
    EXPECT_EQ(co_await p.a.async_read_some(asio::buffer(p.buffer), use_task), 2u);
    EXPECT_EQ(std::string(p.buffer, 2), "hi");
  });
}

TEST(use_task, throws_the_error_of_an_operation) {
  run([]() -> task<> {
    socket_pair p;
    p.b.close();
    auto kept = co_await capture(p.a.async_read_some(asio::buffer(p.buffer), use_task));
    EXPECT_TRUE(is_error<boost::system::system_error>(kept.error()));
  });
}

TEST(use_task, the_tuple_form_yields_the_error_code) {
  run([]() -> task<> {
    socket_pair p;
    p.b.close();
    auto [error, count] = co_await p.a.async_read_some(asio::buffer(p.buffer), use_task_tuple);
    EXPECT_EQ(error, asio::error::eof);
    EXPECT_EQ(count, 0u);
    asio::steady_timer timer(this_context());
    timer.expires_after(0s);
    EXPECT_FALSE(co_await timer.async_wait(use_task_tuple));
  });
}

TEST(use_task, a_cancelled_read_raises_cancelled_and_the_socket_lives_on) {
  run([]() -> task<> {
    socket_pair p;
    auto cut = co_await move_on_after(1s, p.a.async_read_some(asio::buffer(p.buffer), use_task));
    EXPECT_TRUE(cut.cancelled_caught());
    co_await p.b.async_write_some(asio::buffer("hi", 2), use_task);
    EXPECT_EQ(co_await p.a.async_read_some(asio::buffer(p.buffer), use_task), 2u);
  });
}

TEST(use_task, an_operation_that_was_complete_when_the_cancel_came_delivers_its_value) {
  run([]() -> task<> {
    socket_pair p;
    std::size_t count = 0;
    bool raised = false;
    cancel_scope scope;
    p.b.write_some(asio::buffer("hi", 2));
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await scope.run([&]() -> task<> {
          // Data is there: the read completes as it starts, and only its handler is outstanding.
          count = co_await p.a.async_read_some(asio::buffer(p.buffer), use_task);
          try {
            co_await checkpoint();
          } catch (const cancelled&) {
            raised = true;
            throw;
          }
        });
      });
      tn.start_soon([&]() -> task<> {
        scope.cancel();
        co_return;
      });
      co_return;
    });
    EXPECT_EQ(count, 2u);
    EXPECT_TRUE(raised);
    EXPECT_TRUE(scope.cancelled_caught());
  });
}

TEST(use_task, a_cancelled_task_starts_no_operation) {
  run([]() -> task<> {
    socket_pair p;
    co_await with_cancel_scope([&](cancel_scope& s) -> task<> {
      s.cancel();
      co_await p.b.async_write_some(asio::buffer("hi", 2), use_task);
    });
    EXPECT_EQ(p.a.available(), 0u);
  });
}

TEST(use_task, an_operation_that_cannot_begin_throws_and_leaves_the_task_sound) {
  run([]() -> task<> {
    cancel_scope scope;
    co_await scope.run([&]() -> task<> {
      auto start = asio::async_initiate<const use_task_t, void()>(refuses(), use_task);
      EXPECT_THROW(co_await start, std::runtime_error);
      scope.cancel();  // the task waits for nothing: there is nothing to abort
      EXPECT_THROW(co_await checkpoint(), cancelled);
    });
  });
}

TEST(use_task, an_operation_that_completes_inside_its_own_start_is_sound) {
  EXPECT_EQ(run([]() -> task<int> {
              auto start = asio::async_initiate<const use_task_t, void(int)>(at_once(), use_task);
              co_return co_await start;
            }),
            7);
}

TEST(use_task, closing_the_socket_elsewhere_ends_a_read_with_an_error) {
  run([]() -> task<> {
    socket_pair p;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        EXPECT_THROW(co_await p.a.async_read_some(asio::buffer(p.buffer), use_task),
                     boost::system::system_error);
      });
      co_await sleep(1s);
      p.a.close();
    });
  });
}

TEST(use_task, a_socket_closed_and_cancelled_in_one_turn_wakes_its_reader_once) {
  run([]() -> task<> {
    int resumed = 0;
    socket_pair p;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        try {
          co_await p.a.async_read_some(asio::buffer(p.buffer), use_task);
        } catch (const cancelled&) {
          ++resumed;
          throw;
        }
      });
      co_await sleep(1s);
      p.a.close();
      tn.scope().cancel();
    });
    EXPECT_EQ(resumed, 1);
  });
}

TEST(use_task, a_cancel_that_is_delivered_twice_raises_once) {
  run([]() -> task<> {
    socket_pair p;
    cancel_scope outer, shield(time_point::max(), true);
    int resumed = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await outer.run([&]() -> task<> {
          co_await shield.run([&]() -> task<> {
            try {
              co_await p.a.async_read_some(asio::buffer(p.buffer), use_task);
            } catch (const cancelled&) {
              ++resumed;
              throw;
            }
          });
        });
      });
      co_await sleep(1s);
      outer.cancel();
      shield.set_shield(false);
      shield.set_shield(true);
      shield.set_shield(false);
    });
    EXPECT_EQ(resumed, 1);
    EXPECT_TRUE(outer.cancelled_caught());
  });
}

}  // namespace use_task_test
