// How rings end, and what a cancel leaves of an item.
#include <gmock/gmock.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "ring_support.hpp"

namespace ring_end_test {

using namespace tractor;
using namespace tractor::testing;
using ::testing::HasSubstr;

TEST(ring_channel, ends_when_all_is_taken_that_was_sent_before_the_close) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel<int>();
    auto rx = ring.receiver();
    {
      auto tx = ring.sender();
      co_await tx.send(1);
      co_await tx.send(2);
    }
    auto first = co_await rx.receive();
    auto second = co_await rx.next();
    auto third = co_await rx.next();
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 2);
    EXPECT_FALSE(third.has_value());
    co_await error_of_task<end_of_channel>(receive_one(rx));
  });
}

TEST(ring_channel, tells_a_receiver_that_waits_of_the_close) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel<int>();
    auto tx = ring.sender();
    auto rx = ring.receiver();
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        auto item = co_await rx.next();
        EXPECT_FALSE(item.has_value());
      });
      co_await let_others_wait();
      tx.close();
    });
  });
}

TEST(ring_channel, is_broken_for_a_sender_whose_receiver_has_left) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel<int>(page);
    auto tx = ring.sender();
    auto rx = std::make_unique<ring_receive_channel<int>>(ring.receiver());
    co_await fill(tx, 0);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        auto why = co_await error_of_task<broken_channel>(send_one(tx, 1));
        EXPECT_THAT(why, HasSubstr("was closed"));
      });
      co_await let_others_wait();
      rx.reset();
    });
    co_await error_of_task<broken_channel>(send_one(tx, 1));
  });
}

TEST(ring_channel, is_broken_when_the_other_end_can_no_longer_be_taken) {
  in_loop([]() -> task<> {
    auto ring = std::make_unique<ring_channel<int>>(open_ring_channel<int>(page));
    auto tx = ring->sender();
    co_await fill(tx, 0);
    ring.reset();
    auto why = co_await error_of_task<broken_channel>(send_one(tx, 1));
    EXPECT_THAT(why, HasSubstr("nobody can take it"));

    auto other = std::make_unique<ring_channel<int>>(open_ring_channel<int>(page));
    auto rx = other->receiver();
    other.reset();
    co_await error_of_task<broken_channel>(receive_one(rx));
  });
}

TEST(ring_channel, refuses_what_comes_after_its_own_close) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel<int>();
    auto tx = ring.sender();
    auto rx = ring.receiver();
    tx.close();
    rx.close();
    tx.close();
    EXPECT_TRUE(tx.closed() && rx.closed());
    co_await error_of_task<closed_resource>(send_one(tx, 1));
    co_await error_of_task<closed_resource>(receive_one(rx));
  });
}

TEST(ring_channel, ends_an_operation_that_waits_when_its_own_end_is_closed) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel<int>();
    auto tx = ring.sender();
    auto rx = ring.receiver();
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { co_await error_of_task<closed_resource>(receive_one(rx)); });
      co_await let_others_wait();
      rx.close();
    });
  });
}

TEST(ring_channel, delivers_what_was_taken_though_its_end_is_closed_before_the_task_goes_on) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel();
    auto tx = ring.sender();
    auto rx = ring.receiver();
    for (std::uint32_t i = 0; i < 100; ++i) co_await send_bytes(tx, pattern(20, i));
    ring_bytes got;
    std::uint32_t count = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      // After so many items the others have a turn: the last one has been taken then, but the task waits.
      tn.start_soon([&]() -> task<> {
        for (; !rx.closed(); ++count) got = co_await rx.receive();
      });
      tn.start_soon([&]() -> task<> {
        rx.close();
        co_return;
      });
      co_return;
    });
    EXPECT_GT(count, 1u);
    EXPECT_LT(count, 100u);
    EXPECT_EQ(got, pattern(20, count - 1));
  });
}

TEST(ring_channel, loses_nothing_when_a_receive_is_cancelled) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel(page);
    auto tx = ring.sender();
    auto rx = ring.receiver();
    const auto begin_to_receive = [&]() -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([&]() -> task<> { co_await receive_one(rx); });
        co_await let_others_wait();
        tn.scope().cancel();
      });
    };
    co_await begin_to_receive();
    co_await send_bytes(tx, pattern(10, 1));
    auto small = co_await rx.receive();
    EXPECT_EQ(small, pattern(10, 1));

    // Of a large one the begin has been taken when the receiver is cancelled.
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      const ring_bytes large = pattern(50'000, 2);
      tn.start_soon([&]() -> task<> { co_await tx.send(large); });
      co_await let_others_wait();
      co_await begin_to_receive();
      auto whole = co_await rx.receive();
      EXPECT_EQ(whole, large);
    });
  });
}

TEST(ring_channel, delivers_all_of_an_item_or_nothing_when_a_send_is_cancelled) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel(page);
    auto tx = ring.sender();
    auto rx = ring.receiver();
    const ring_bytes large = pattern(50'000, 2);
    co_await begin_to_send(tx, large);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await send_bytes(tx, pattern(10, 3));
        co_await send_bytes(tx, pattern(20'000, 4));
        tx.close();
      });
      auto first = co_await rx.receive();
      EXPECT_EQ(first, pattern(10, 3));
      auto second = co_await rx.receive();
      EXPECT_EQ(second, pattern(20'000, 4));
      auto end = co_await rx.next();
      EXPECT_FALSE(end.has_value());
    });
  });
}

TEST(ring_channel, is_broken_by_a_sender_that_leaves_in_the_middle_of_an_item) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel(page);
    auto tx = ring.sender();
    auto rx = ring.receiver();
    co_await send_bytes(tx, pattern(10, 1));
    const ring_bytes large = pattern(50'000, 2);
    co_await begin_to_send(tx, large);
    tx.close();
    auto whole = co_await rx.receive();
    EXPECT_EQ(whole, pattern(10, 1));
    auto why = co_await error_of_task<broken_channel>(receive_one(rx));
    EXPECT_THAT(why, HasSubstr("in the middle of an item"));
  });
}

TEST(ring_channel, raises_a_cancel_though_there_is_no_need_to_wait) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel<int>();
    auto tx = ring.sender();
    co_await move_on_after(0ms, [&](cancel_scope& scope) -> task<> {
      scope.cancel();
      co_await tx.send(1);
      ADD_FAILURE() << "it went on";
    });
  });
}

// Every item is numbered; sends and receives are cancelled at random. None is lost, doubled or torn.
TEST(ring_channel, keeps_items_whole_and_in_order_whatever_is_cancelled) {
  const auto seed = static_cast<std::uint32_t>(::testing::UnitTest::GetInstance()->random_seed());
  std::printf("seed %u\n", seed);
  in_loop([&]() -> task<> {
    auto ring = open_ring_channel(page);
    auto rx = ring.receiver();
    std::vector<std::uint32_t> sent, got;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        std::mt19937 random(seed);
        auto tx = ring.sender();
        for (std::uint32_t i = 0; i < 2000; ++i) {
          ring_bytes item = pattern(random() % 8 == 0 ? random() % 20'000 : random() % 200, i);
          item.insert(item.begin(), 4, std::byte{});
          std::memcpy(item.data(), &i, 4);
          const auto bound = random() % 4 == 0 ? std::chrono::microseconds(random() % 100) : 10s;
          auto done = co_await move_on_after(bound, tx.send(item));
          if (done) sent.push_back(i);
        }
        // Nothing may stand half sent when it leaves.
        co_await send_bytes(tx, ring_bytes(4, std::byte{0xff}));
      });
      std::mt19937 random(seed + 1);
      for (bool more = true; more;) {
        const auto bound = random() % 4 == 0 ? std::chrono::microseconds(random() % 100) : 10s;
        auto item = co_await move_on_after(bound, rx.next());
        if (!item) continue;
        more = item->has_value();
        if (!more) break;
        std::uint32_t number = 0;
        std::memcpy(&number, (**item).data(), 4);
        if (number == 0xffffffff) continue;
        got.push_back(number);
        ring_bytes rest((**item).begin() + 4, (**item).end());
        EXPECT_EQ(rest, pattern(rest.size(), number)) << number;
      }
    });
    EXPECT_GT(sent.size(), 1000u);
    // A send that was cancelled in the moment of its end counts as cancelled, and its item is there.
    EXPECT_TRUE(std::ranges::is_sorted(got));
    EXPECT_TRUE(std::ranges::adjacent_find(got) == got.end());
    EXPECT_TRUE(std::ranges::includes(got, sent));
  });
}

}  // namespace ring_end_test
