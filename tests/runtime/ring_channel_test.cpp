// Rings with both ends in one process: order, sizes, bounds. Real peers: tests/process/ring_test.cpp.
#include <gmock/gmock.h>

#include <algorithm>
#include <numeric>

#include "ring_support.hpp"
#include "tractor/msg/codec.hpp"

namespace ring_channel_test {

using namespace tractor;
using namespace tractor::testing;
using ::testing::HasSubstr;

static_assert(ring_item<double> && ring_item<ring_bytes> && !ring_item<std::string>);
static_assert(!std::is_copy_constructible_v<ring_send_channel<int>> &&
              std::is_move_constructible_v<ring_send_channel<int>>);
static_assert(!std::is_copy_constructible_v<ring_receive_channel<int>>);
static_assert(msg::wire_type<ring_token>);

TEST(ring_channel, items_arrive_in_the_order_they_were_sent) {
  std::vector<int> got;
  in_loop([&]() -> task<> {
    auto ring = open_ring_channel<int>();
    auto rx = ring.receiver();
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        auto tx = ring.sender();
        for (int i = 0; i < 10'000; ++i) co_await tx.send(i);
      });
      while (auto item = co_await rx.next()) got.push_back(*item);
    });
  });
  std::vector<int> all(10'000);
  std::iota(all.begin(), all.end(), 0);
  EXPECT_EQ(got, all);
}

TEST(ring_channel, takes_items_of_any_size) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel(page);
    auto rx = ring.receiver();
    const std::vector<std::size_t> sizes = {0, 1, 7, 8, 9, 100, 2039, 2040, 2041, 4096, 5000, 0, 100'000, 3};
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        auto tx = ring.sender();
        for (int round = 0; round < 20; ++round)
          for (const std::size_t size : sizes) co_await send_bytes(tx, pattern(size, 5));
      });
      for (int round = 0; round < 20; ++round)
        for (const std::size_t size : sizes) {
          const auto item = co_await rx.receive();
          EXPECT_EQ(item, pattern(size, 5)) << size;
        }
      auto end = co_await rx.next();
      EXPECT_FALSE(end.has_value());
    });
  });
}

TEST(ring_channel, shows_items_where_they_lie) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel(page);
    auto rx = ring.receiver();
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        auto tx = ring.sender();
        for (std::uint32_t i = 0; i < 1000; ++i) co_await send_bytes(tx, pattern(i * 13 % 6000, i));
      });
      std::uint32_t count = 0;
      while (auto item = co_await rx.next_view()) {
        const ring_bytes wanted = pattern(count * 13 % 6000, count);
        EXPECT_TRUE(std::ranges::equal(*item, wanted)) << count;
        ++count;
      }
      EXPECT_EQ(count, 1000u);
    });
  });
}

TEST(ring_channel, makes_its_sender_wait_while_it_is_full) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel<int>(page);
    auto tx = ring.sender();
    auto rx = ring.receiver();
    auto sent = co_await fill(tx, 0);
    EXPECT_EQ(sent, 256);  // each takes 16 bytes
    auto more = co_await fill(tx, 256);
    EXPECT_EQ(more, 0);
    auto first = co_await rx.receive();
    EXPECT_EQ(first, 0);
    more = co_await fill(tx, 256);
    EXPECT_EQ(more, 1);
    // One that waits goes on when there is room.
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await tx.send(257);
        tx.close();
      });
      for (int i = 1; i <= 257; ++i) {
        auto item = co_await rx.receive();
        EXPECT_EQ(item, i);
      }
      auto why = co_await error_of_task<end_of_channel>(receive_one(rx));
    });
  });
}

TEST(ring_channel, lets_others_run_while_it_need_not_wait) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel<int>(1 << 20);
    auto tx = ring.sender();
    bool ran = false;
    int sent = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        ran = true;
        co_return;
      });
      for (; sent < 10'000 && !ran; ++sent) co_await tx.send(sent);
    });
    EXPECT_LT(sent, 200);
  });
}

TEST(ring_channel, has_one_user_at_each_end) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel<int>();
    auto tx = ring.sender();
    auto rx = ring.receiver();
    EXPECT_THAT(thrown_by<shm_error>([&] { ring.sender(); }), HasSubstr("it is taken"));
    thrown_by<shm_error>([&] { ring.receiver(); });
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { co_await rx.next(); });
      co_await let_others_wait();
      co_await error_of_task<std::logic_error>(receive_one(rx));
      tx.close();
    });
  });
}

TEST(ring_channel, hands_its_ends_out_by_token) {
  in_loop([]() -> task<> {
    auto ring = open_ring_channel<double>();
    auto tx = co_await attach_ring_sender<double>(ring.token());
    auto rx = co_await attach_ring_receiver<double>(ring.token());
    co_await tx.send(1.5);
    auto item = co_await rx.receive();
    EXPECT_EQ(item, 1.5);
    thrown_by<shm_error>([&] { ring.sender(); });
    auto again = [&]() -> task<> { co_await attach_ring_sender<double>(ring.token()); };
    auto why = co_await error_of_task<shm_error>(again());
    EXPECT_THAT(why, HasSubstr("it is taken"));
  });
}

TEST(ring_channel, refuses_tokens_for_other_items_and_of_nobody) {
  in_loop([]() -> task<> {
    ring_token token;
    {
      auto ring = open_ring_channel<double>();
      token = ring.token();
      auto other = [&]() -> task<> { co_await attach_ring_receiver<float>(token); };
      auto why = co_await error_of_task<shm_mismatch>(other());
      EXPECT_THAT(why, HasSubstr("for float64 (8 bytes each)"));
      EXPECT_THAT(why, HasSubstr("not for float32 (4 bytes each)"));
      ring_token wrong = token;
      wrong.capacity = 1 << 20;
      auto larger = [&]() -> task<> { co_await attach_ring_receiver<double>(wrong); };
      co_await error_of_task<shm_mismatch>(larger());
    }
    auto gone = [&]() -> task<> { co_await attach_ring_sender<double>(token); };
    auto why = co_await error_of_task<shm_error>(gone());
    EXPECT_THAT(why, HasSubstr("is gone"));
    token.address = std::string(300, 'x');
    co_await error_of_task<shm_error>(gone());
  });
  in_loop([]() -> task<> {
    thrown_by<shm_error>([] { open_ring_channel<int>(0); });
    thrown_by<shm_error>([] { open_ring_channel<int>(std::size_t(-1)); });
    co_return;
  });
}

TEST(ring_channel, is_opened_and_left_a_thousand_times_without_growth) {
  const std::size_t files = open_files();
  in_loop([&]() -> task<> {
    const std::size_t files_in_loop = open_files();
    for (int i = 0; i < 1000; ++i) {
      auto ring = open_ring_channel<int>();
      auto tx = ring.sender();
      auto rx = ring.receiver();
      co_await tx.send(i);
      auto item = co_await rx.receive();
      EXPECT_EQ(item, i);
    }
    co_await checkpoint();
    EXPECT_EQ(open_files(), files_in_loop);
  });
  EXPECT_EQ(open_files(), files);
}

}  // namespace ring_channel_test
