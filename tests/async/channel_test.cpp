#include "support.hpp"

namespace channel_test {

using namespace tractor;
using namespace tractor::testing;

static_assert(!std::is_move_constructible_v<channel<int>>);
static_assert(!std::is_copy_constructible_v<send_channel<int>> &&
              std::is_move_constructible_v<send_channel<int>>);
static_assert(!std::is_copy_constructible_v<receive_channel<int>>);
static_assert(std::is_nothrow_move_assignable_v<receive_channel<int>>);

namespace {
struct order {
  int id = 0;
  std::string who;
};
struct only_moves {
  explicit only_moves(int n) : value(std::make_unique<int>(n)) {}
  std::unique_ptr<int> value;
};
}  // namespace

TEST(channel, items_arrive_in_the_order_they_were_sent) {
  std::vector<int> got;
  run([&]() -> task<> {
    channel<int> ch(2);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        for (int i = 0; i < 5; ++i) co_await ch.send(i);
        ch.close();
      });
      while (auto item = co_await ch.next()) got.push_back(*item);
    });
  });
  EXPECT_EQ(got, (std::vector{0, 1, 2, 3, 4}));
}

TEST(channel, send_makes_the_item_in_place_from_its_arguments) {
  run([]() -> task<> {
    channel<order> ch(4);
    co_await ch.send(5, "zed");
    order named{6, "ann"};
    co_await ch.send(named);
    co_await ch.send_moved(named);
    order first = co_await ch.receive();
    EXPECT_EQ(first.who, "zed");
    EXPECT_EQ((co_await ch.receive()).who, "ann");
    EXPECT_EQ((co_await ch.receive()).id, 6);
    EXPECT_TRUE(named.who.empty());
  });
}

TEST(channel, items_need_only_be_movable) {
  run([]() -> task<> {
    channel<only_moves> ch(1);
    for (int i = 0; i < 40; ++i) {
      co_await ch.send(i);
      EXPECT_EQ(*(co_await ch.receive()).value, i);
    }
  });
}

TEST(channel, a_queue_keeps_its_order_while_it_grows) {
  run([]() -> task<> {
    channel<std::string> ch(unbounded);
    int in = 0, out = 0;
    for (int round = 1; round < 40; ++round) {
      for (int i = 0; i < round; ++i) ch.send_nowait(std::to_string(in++));
      for (int i = 0; i < round - 1; ++i) EXPECT_EQ(ch.receive_nowait(), std::to_string(out++));
    }
    EXPECT_EQ(ch.statistics().queued, static_cast<std::size_t>(in - out));
    co_return;
  });
}

TEST(channel, a_sender_waits_while_the_channel_is_full) {
  run([]() -> task<> {
    channel<int> ch(1);
    bool sent = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await ch.send(1);
        co_await ch.send(2);
        sent = true;
      });
      co_await sleep(1s);
      EXPECT_FALSE(sent);
      EXPECT_EQ(ch.statistics().waiting_senders, 1u);
      EXPECT_EQ(co_await ch.receive(), 1);
      co_await sleep(1s);
      EXPECT_TRUE(sent);
      EXPECT_EQ(co_await ch.receive(), 2);
    });
  });
}

TEST(channel, with_capacity_zero_a_send_ends_when_the_item_is_received) {
  run([]() -> task<> {
    channel<int> ch(0);
    std::vector<std::string> log;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await ch.send(7);
        log.push_back("sent");
      });
      co_await sleep(1s);
      log.push_back("receiving");
      EXPECT_EQ(co_await ch.receive(), 7);
    });
    EXPECT_EQ(log, (std::vector<std::string>{"receiving", "sent"}));
    EXPECT_THROW(ch.send_nowait(1), would_block);
    EXPECT_THROW(ch.receive_nowait(), would_block);
  });
}

TEST(channel, receivers_are_served_in_the_order_they_came) {
  std::string served;
  run([&]() -> task<> {
    channel<int> ch(0);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (char name : {'a', 'b', 'c'}) {
        tn.start_soon(
            [&](char me) -> task<> {
              int item = co_await ch.receive();
              served += me + std::to_string(item);
            },
            name);
        co_await sleep(1s);
      }
      for (int i = 0; i < 3; ++i) co_await ch.send(i);
    });
  });
  EXPECT_EQ(served, "a0b1c2");
}

TEST(channel, waiting_senders_get_their_turn_in_the_order_they_came) {
  run([]() -> task<> {
    channel<int> ch(1);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 4; ++i) {
        tn.start_soon([&](int item) -> task<> { co_await ch.send(item); }, i);
        co_await sleep(1s);
      }
      for (int i = 0; i < 4; ++i) EXPECT_EQ(co_await ch.receive(), i);
    });
  });
}

TEST(channel, a_cancelled_receiver_loses_no_item) {
  run([]() -> task<> {
    channel<int> ch(0);
    auto cut = co_await move_on_after(1s, ch.receive());
    EXPECT_TRUE(cut.cancelled_caught());
    EXPECT_EQ(ch.statistics().waiting_receivers, 0u);
    EXPECT_THROW(ch.send_nowait(1), would_block);
  });
}

TEST(channel, an_item_handed_over_before_the_cancel_is_delivered) {
  run([]() -> task<> {
    channel<int> ch(0);
    int got = 0;
    bool raised_later = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      cancel_scope scope;
      tn.start_soon([&]() -> task<> {
        co_await scope.run([&]() -> task<> {
          got = co_await ch.receive();
          try {
            co_await checkpoint();
          } catch (const cancelled&) {
            raised_later = true;
            throw;
          }
        });
      });
      co_await sleep(1s);
      ch.send_nowait(5);
      scope.cancel();
      co_await sleep(1s);
    });
    EXPECT_EQ(got, 5);
    EXPECT_TRUE(raised_later);
  });
}

TEST(channel, a_cancelled_sender_leaves_no_item_behind) {
  run([]() -> task<> {
    channel<int> ch(1);
    co_await ch.send(1);
    auto cut = co_await move_on_after(1s, ch.send(2));
    EXPECT_TRUE(cut.cancelled_caught());
    EXPECT_EQ(co_await ch.receive(), 1);
    EXPECT_THROW(ch.receive_nowait(), would_block);
  });
}

TEST(channel, a_cancelled_task_neither_sends_nor_receives_even_when_it_could) {
  run([]() -> task<> {
    channel<int> ch(2);
    ch.send_nowait(1);
    co_await with_cancel_scope([&](cancel_scope& s) -> task<> {
      s.cancel();
      co_await ch.receive();
    });
    co_await with_cancel_scope([&](cancel_scope& s) -> task<> {
      s.cancel();
      co_await ch.send(2);
    });
    EXPECT_EQ(ch.statistics().queued, 1u);
  });
}

TEST(channel, a_closed_channel_is_drained_and_then_ends) {
  run([]() -> task<> {
    channel<int> ch(2);
    co_await ch.send(1);
    ch.close();
    ch.close();
    EXPECT_TRUE(ch.closed());
    EXPECT_EQ(co_await ch.receive(), 1);
    EXPECT_FALSE(co_await ch.next());
    EXPECT_THROW(co_await ch.receive(), end_of_channel);
    EXPECT_THROW(ch.receive_nowait(), end_of_channel);
    EXPECT_THROW(co_await ch.send(2), closed_resource);
    EXPECT_THROW(ch.send_nowait(2), closed_resource);
  });
}

TEST(channel, closing_wakes_those_who_wait) {
  run([]() -> task<> {
    channel<int> full(0), empty(0);
    int ended = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        EXPECT_THROW(co_await full.send(1), closed_resource);
        ++ended;
      });
      tn.start_soon([&]() -> task<> {
        EXPECT_THROW(co_await empty.receive(), end_of_channel);
        ++ended;
      });
      co_await sleep(1s);
      full.close();
      empty.close();
    });
    EXPECT_EQ(ended, 2);
  });
}

TEST(channel, sending_and_receiving_let_other_tasks_run) {
  run([]() -> task<> {
    channel<int> ch(unbounded);
    int others = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        for (;;) {
          ++others;
          co_await checkpoint();
        }
      });
      for (int i = 0; i < 10; ++i) co_await ch.send(i);
      EXPECT_GE(others, 9);
      tn.scope().cancel();
    });
  });
}

TEST(open_channel, the_channel_ends_when_the_last_sender_is_gone) {
  run([]() -> task<> {
    auto [tx, rx] = open_channel<int>(4);
    {
      auto second = tx.clone();
      co_await second.send(2);
      tx.close();
      EXPECT_THROW(rx.clone().receive_nowait() == 2 ? throw would_block() : void(), would_block);
    }
    EXPECT_FALSE(co_await rx.next());
  });
}

TEST(open_channel, sending_without_any_receiver_is_a_broken_channel) {
  run([]() -> task<> {
    auto [tx, rx] = open_channel<int>(4);
    auto second = rx.clone();
    rx.close();
    co_await tx.send(1);
    second.close();
    EXPECT_THROW(co_await tx.send(2), broken_channel);
    EXPECT_THROW(tx.send_nowait(2), broken_channel);
  });
}

TEST(open_channel, a_waiting_sender_learns_that_the_last_receiver_left) {
  run([]() -> task<> {
    auto [tx, rx] = open_channel<int>(0);
    co_await open_task_nursery([&tx = tx, &rx = rx](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { EXPECT_THROW(co_await tx.send(1), broken_channel); });
      co_await sleep(1s);
      rx.close();
    });
  });
}

TEST(open_channel, a_closed_end_cannot_be_used) {
  run([]() -> task<> {
    auto [tx, rx] = open_channel<int>(1);
    auto moved = std::move(tx);
    EXPECT_THROW(tx.clone(), closed_resource);
    EXPECT_THROW(co_await tx.send(1), closed_resource);
    rx.close();
    EXPECT_TRUE(rx.closed());
    EXPECT_THROW(co_await rx.receive(), closed_resource);
    EXPECT_THROW(rx.receive_nowait(), closed_resource);
    EXPECT_THROW(rx.statistics(), closed_resource);
  });
}

TEST(open_channel, closing_an_end_wakes_only_those_who_wait_through_it) {
  run([]() -> task<> {
    auto [tx, rx] = open_channel<int>(0);
    auto other = rx.clone();
    int closed = 0, got = 0;
    co_await open_task_nursery([&, &tx = tx, &rx = rx](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        EXPECT_THROW(co_await rx.receive(), closed_resource);
        ++closed;
      });
      tn.start_soon([&]() -> task<> { got = co_await other.receive(); });
      co_await sleep(1s);
      rx.close();
      co_await sleep(1s);
      EXPECT_EQ(closed, 1);
      co_await tx.send(3);
    });
    EXPECT_EQ(got, 3);
  });
}

TEST(open_channel, assigning_over_an_end_closes_it) {
  run([]() -> task<> {
    auto [tx, rx] = open_channel<int>(1);
    auto [other_tx, other_rx] = open_channel<int>(1);
    tx = std::move(other_tx);
    EXPECT_FALSE(co_await rx.next());
    co_await tx.send(1);
    EXPECT_EQ(co_await other_rx.receive(), 1);
    EXPECT_EQ(other_rx.statistics().open_senders, 1u);
  });
}

TEST(open_channel, ends_can_be_given_to_tasks_by_value) {
  int sum = 0;
  run([&]() -> task<> {
    auto [tx, rx] = open_channel<int>(0);
    co_await open_task_nursery([&sum, &tx = tx, &rx = rx](task_nursery& tn) -> task<> {
      for (int i = 1; i <= 3; ++i)
        tn.start_soon([](send_channel<int> mine, int n) -> task<> { co_await mine.send(n); }, tx.clone(), i);
      tx.close();
      while (auto item = co_await rx.next()) sum += *item;
    });
  });
  EXPECT_EQ(sum, 6);
}

}  // namespace channel_test
