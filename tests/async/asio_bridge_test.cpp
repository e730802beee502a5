#include "tractor/async/asio_bridge.hpp"

#include "support.hpp"
#include "tractor/async/broadcast.hpp"

namespace asio_bridge_test {

using namespace tractor;
using namespace tractor::testing;

/// On the real clock, since asio's timers know no other; and never for long.
template <class Body> auto run_real(Body&& body) {
  return run_loop([&] { return fail_after(30s, body); });
}

asio::awaitable<void> pause(std::chrono::nanoseconds span) {
  asio::steady_timer timer(co_await asio::this_coro::executor, span);
  co_await timer.async_wait(asio::use_awaitable);
}
asio::awaitable<int> answer() {
  co_await pause(1ms);
  co_return 42;
}
asio::awaitable<void> fail_soon(const char* what) {
  co_await pause(1ms);
  throw std::runtime_error(what);
}

asio::awaitable<void> echo(asio_channel<std::string, std::string>& chan) {
  while (auto word = co_await chan.next()) co_await chan.send("echo " + *word);
}

TEST(run_awaitable, yields_the_value_of_asio_code) {
  run_real([]() -> task<> {
    EXPECT_EQ(co_await run_awaitable(&answer), 42);
    std::string text = co_await run_awaitable([]() -> asio::awaitable<std::string> { co_return "at once"; });
    EXPECT_EQ(text, "at once");
    co_await run_awaitable([]() -> asio::awaitable<void> { co_await pause(1ms); });
  });
}

TEST(run_awaitable, works_over_sockets_that_tasks_use_too) {
  run_real([]() -> task<> {
    asio::local::stream_protocol::socket a(this_context()), b(this_context());
    asio::local::connect_pair(a, b);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        char room[5];
        co_await b.async_read_some(asio::buffer(room), use_task);
        co_await b.async_write_some(asio::buffer(room), use_task);
      });
      std::size_t got = co_await run_awaitable([&]() -> asio::awaitable<std::size_t> {
        co_await a.async_write_some(asio::buffer("hello", 5), asio::use_awaitable);
        char room[5];
        const std::size_t size = co_await a.async_read_some(asio::buffer(room), asio::use_awaitable);
        co_return size;
      });
      EXPECT_EQ(got, 5u);
    });
  });
}

TEST(run_awaitable, throws_what_the_coroutine_throws) {
  run_real([]() -> task<> {
    auto result = co_await capture(run_awaitable([] { return fail_soon("from asio"); }));
    EXPECT_EQ(describe(result.error()), "std::runtime_error: from asio");
  });
}

TEST(run_awaitable, a_cancel_ends_the_coroutine_and_is_a_cancel_again) {
  run_real([]() -> task<> {
    bool cut = false;
    auto done = co_await move_on_after(5ms, run_awaitable([&]() -> asio::awaitable<void> {
                                         try {
                                           co_await pause(1h);
                                         } catch (const boost::system::system_error& error) {
                                           cut = error.code() == asio::error::operation_aborted;
                                           throw;
                                         }
                                       }));
    EXPECT_TRUE(done.cancelled_caught());
    EXPECT_TRUE(cut);
  });
}

TEST(run_awaitable, a_coroutine_that_swallows_the_cancel_meets_it_at_each_further_wait) {
  run_real([]() -> task<> {
    int met = 0;
    auto done = co_await move_on_after(5ms, run_awaitable([&]() -> asio::awaitable<void> {
                                         for (int i = 0; i < 4; ++i) {
                                           try {
                                             co_await pause(1h);
                                           } catch (const boost::system::system_error&) {
                                             ++met;
                                           }
                                         }
                                         co_await pause(1h);
                                       }));
    EXPECT_TRUE(done.cancelled_caught());
    EXPECT_EQ(met, 4);
  });
}

TEST(run_awaitable, a_value_that_comes_in_spite_of_a_cancel_is_delivered) {
  run_real([]() -> task<> {
    int value = 0;
    auto done = co_await move_on_after(5ms, [&]() -> task<> {
      value = co_await run_awaitable([&]() -> asio::awaitable<int> {
        boost::system::error_code ignored;
        asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
        co_return 5;
      });
      EXPECT_EQ(value, 5);
      co_await checkpoint();
      ADD_FAILURE() << "the scope is cancelled";
    });
    EXPECT_TRUE(done.cancelled_caught());
  });
}

TEST(run_awaitable, an_abort_that_nobody_asked_for_is_an_error) {
  run_real([]() -> task<> {
    auto result = co_await capture(run_awaitable([]() -> asio::awaitable<void> {
      asio::steady_timer timer(co_await asio::this_coro::executor, 1h);
      asio::post(timer.get_executor(), [&] { timer.cancel(); });
      co_await timer.async_wait(asio::use_awaitable);
    }));
    EXPECT_TRUE(is_error<boost::system::system_error>(result.error()));
  });
}

TEST(run_awaitable, a_cancelled_task_starts_nothing) {
  run_real([]() -> task<> {
    bool began = false;
    co_await with_cancel_scope([&](cancel_scope& s) -> task<> {
      s.cancel();
      co_await run_awaitable([&]() -> asio::awaitable<void> {
        began = true;
        co_return;
      });
    });
    EXPECT_FALSE(began);
  });
}

TEST(open_channel_from, echoes_through_the_link) {
  run_real([]() -> task<> {
    int count = co_await open_channel_from(&echo, [](auto& chan) -> task<int> {
      for (int i = 0; i < 100; ++i) {
        co_await chan.send(std::to_string(i));
        EXPECT_EQ(co_await chan.receive(), "echo " + std::to_string(i));
      }
      co_return 100;
    });
    EXPECT_EQ(count, 100);
  });
}

TEST(open_channel_from, hands_over_what_the_coroutine_says_first) {
  run_real([]() -> task<> {
    auto serve = [](asio_channel<int, int, std::string>& chan) -> asio::awaitable<void> {
      co_await pause(1ms);
      chan.started("ready");
      while (auto n = co_await chan.next()) co_await chan.send(*n + 1);
    };
    co_await open_channel_from(serve, [](auto& chan, std::string& first) -> task<> {
      EXPECT_EQ(first, "ready");
      co_await chan.send(1);
      EXPECT_EQ(co_await chan.receive(), 2);
    });
  });
}

TEST(open_channel_from, a_coroutine_that_ends_or_fails_before_it_is_ready_is_an_error) {
  run_real([]() -> task<> {
    auto body = [](auto&, int&) -> task<> { co_return; };
    auto ends = [](asio_channel<int, int, int>&) -> asio::awaitable<void> { co_await pause(1ms); };
    auto fails = [](asio_channel<int, int, int>&) -> asio::awaitable<void> { co_await fail_soon("no port"); };
    auto ended = co_await capture(open_channel_from(ends, body));
    EXPECT_TRUE(is_error<std::runtime_error>(ended.error()));
    auto failed = co_await capture(open_channel_from(fails, body));
    EXPECT_EQ(describe(failed.error()), "std::runtime_error: no port");
  });
}

TEST(open_channel_from, the_end_of_the_body_ends_the_coroutine_wherever_it_waits) {
  run_real([]() -> task<> {
    std::string log;
    auto waits_for_items = [&](asio_channel<int, int>& chan) -> asio::awaitable<void> {
      while (co_await chan.next()) continue;
      log += "end ";
    };
    auto waits_elsewhere = [&](asio_channel<int, int>&) -> asio::awaitable<void> { co_await pause(1h); };
    auto sends_for_ever = [&](asio_channel<int, int>& chan) -> asio::awaitable<void> {
      for (int i = 0;; ++i) co_await chan.send(i);
    };
    auto body = [](auto&) -> task<> { co_await sleep(2ms); };
    co_await open_channel_from(waits_for_items, body);
    co_await open_channel_from(waits_elsewhere, body);
    co_await open_channel_from(sends_for_ever, body);
    EXPECT_EQ(log, "end ");
  });
}

TEST(open_channel_from, the_end_of_the_coroutine_ends_the_channel_after_what_is_queued) {
  run_real([]() -> task<> {
    auto three = [](asio_channel<int, int>& chan) -> asio::awaitable<std::string> {
      for (int i = 0; i < 3; ++i) co_await chan.send(i);
      co_return "done";
    };
    co_await open_channel_from(three, [](auto& chan) -> task<> {
      EXPECT_EQ(co_await chan.wait_for_result(), "done");
      for (int i = 0; i < 3; ++i) EXPECT_EQ(co_await chan.receive(), i);
      EXPECT_EQ(co_await chan.next(), std::nullopt);
      EXPECT_THROW(co_await chan.receive(), end_of_channel);
      EXPECT_THROW(co_await chan.send(1), broken_channel);
    });
  });
}

TEST(open_channel_from, an_error_of_the_coroutine_cancels_the_body_and_is_raised_bare) {
  run_real([]() -> task<> {
    bool cut = false;
    auto fails = [](asio_channel<int, int>&) -> asio::awaitable<void> { co_await fail_soon("asio side"); };
    auto result = co_await capture(open_channel_from(fails, [&](auto& chan) -> task<> {
      try {
        co_await chan.next();
      } catch (const cancelled&) {
        cut = true;
        throw;
      }
    }));
    EXPECT_EQ(describe(result.error()), "std::runtime_error: asio side");
    EXPECT_TRUE(cut);
  });
}

TEST(open_channel_from, an_error_of_the_body_cancels_the_coroutine_and_is_raised_bare) {
  run_real([]() -> task<> {
    bool cut = false;
    auto waits = [&](asio_channel<int, int>& chan) -> asio::awaitable<void> {
      co_await chan.send(1);
      try {
        co_await pause(1h);
      } catch (const boost::system::system_error& error) {
        cut = error.code() == asio::error::operation_aborted;
        throw;
      }
    };
    auto body = [](auto& chan) -> task<> {
      co_await chan.receive();
      throw std::runtime_error("task side");
    };
    auto result = co_await capture(open_channel_from(waits, body));
    EXPECT_EQ(describe(result.error()), "std::runtime_error: task side");
    EXPECT_TRUE(cut);
  });
}

TEST(open_channel_from, errors_of_both_sides_are_a_group) {
  run_real([]() -> task<> {
    auto fails_at_its_end = [](asio_channel<int, int>&) -> asio::awaitable<void> {
      try {
        co_await pause(1h);
      } catch (const boost::system::system_error&) {
        throw std::invalid_argument("asio side");
      }
    };
    auto body = [](auto&) -> task<> {
      co_await sleep(1ms);
      throw std::runtime_error("task side");
    };
    auto result = co_await capture(open_channel_from(fails_at_its_end, body));
    EXPECT_EQ(describe(result.error()),
              "exception_group: several tasks failed (2 errors)\n"
              "  - std::runtime_error: task side\n"
              "  - std::invalid_argument: asio side");
  });
}

TEST(open_channel_from, a_cancel_from_outside_ends_both) {
  run_real([]() -> task<> {
    bool ended = false;
    class at_end {
     public:
      explicit at_end(bool& flag) : flag_(flag) {}
      ~at_end() { flag_ = true; }

     private:
      bool& flag_;
    };
    auto waits = [&](asio_channel<int, int>&) -> asio::awaitable<void> {
      at_end here(ended);
      co_await pause(1h);
    };
    auto done = co_await move_on_after(
        5ms, open_channel_from(waits, [](auto&) -> task<> { co_await sleep_forever(); }));
    EXPECT_TRUE(done.cancelled_caught());
    EXPECT_TRUE(ended);
  });
}

TEST(open_channel_from, the_body_may_cancel_the_coroutine_without_that_being_an_error) {
  run_real([]() -> task<> {
    auto waits = [](asio_channel<int, int>&) -> asio::awaitable<int> {
      co_await pause(1h);
      co_return 1;
    };
    co_await open_channel_from(waits, [](auto& chan) -> task<> {
      chan.cancel();
      EXPECT_THROW(co_await chan.wait_for_result(), closed_resource);
      EXPECT_EQ(co_await chan.next(), std::nullopt);
    });
  });
}

TEST(open_channel_from, a_body_may_close_its_side_and_wait_for_the_coroutine_to_finish) {
  run_real([]() -> task<> {
    auto sums = [](asio_channel<int, int>& chan) -> asio::awaitable<int> {
      int sum = 0;
      while (auto n = co_await chan.next()) sum += *n;
      co_await pause(2ms);
      co_return sum;
    };
    int sum = co_await open_channel_from(sums, [](auto& chan) -> task<int> {
      for (int i = 1; i <= 10; ++i) co_await chan.send(i);
      chan.close();
      EXPECT_THROW(co_await chan.send(1), closed_resource);
      co_return co_await chan.wait_for_result();
    });
    EXPECT_EQ(sum, 55);
  });
}

TEST(open_channel_from, each_direction_holds_as_many_items_as_it_is_told) {
  run_real([]() -> task<> {
    bool third_sent = false;
    auto serve = [&](asio_channel<int, int>& chan) -> asio::awaitable<void> {
      chan.send_nowait(1);
      chan.send_nowait(2);
      EXPECT_THROW(chan.send_nowait(3), would_block);
      co_await chan.send(3);
      third_sent = true;
      co_await pause(1h);
    };
    auto body = [&](auto& chan) -> task<> {
      co_await sleep(5ms);
      EXPECT_FALSE(third_sent);
      for (int i = 1; i <= 3; ++i) EXPECT_EQ(co_await chan.receive(), i);
      co_await chan.send(1);
      co_await chan.send(2);
      auto full = co_await move_on_after(2ms, chan.send(3));
      EXPECT_TRUE(full.cancelled_caught());
    };
    co_await open_channel_from(serve, body, queue_size(2));
  });
}

TEST(open_channel_from, a_cancelled_receive_loses_no_item) {
  run_real([]() -> task<> {
    auto counts = [](asio_channel<int, int>& chan) -> asio::awaitable<void> {
      for (int i = 0; i < 50; ++i) {
        co_await pause(300us);
        co_await chan.send(i);
      }
    };
    co_await open_channel_from(counts, [](auto& chan) -> task<> {
      std::vector<int> got;
      for (bool over = false; !over;) {
        auto item = co_await move_on_after(200us, chan.next());
        if (item && *item) got.push_back(**item);
        over = item && !*item;
      }
      EXPECT_EQ(got.size(), 50u);
      EXPECT_EQ(got.back(), 49);
    });
  });
}

TEST(open_channel_from, is_a_source_for_a_broadcast) {
  run_real([]() -> task<> {
    auto three = [](asio_channel<int, int>& chan) -> asio::awaitable<void> {
      for (int i = 0; i < 3; ++i) co_await chan.send(i);
    };
    co_await open_channel_from(three, [](auto& chan) -> task<> {
      broadcast feed(chan, 4);
      subscription<int> a = feed.subscribe(), b = feed.subscribe();
      for (int i = 0; i < 3; ++i) {
        EXPECT_EQ(co_await a.receive(), i);
        EXPECT_EQ(co_await b.receive(), i);
      }
      EXPECT_EQ(co_await a.next(), std::nullopt);
    });
  });
}

}  // namespace asio_bridge_test
