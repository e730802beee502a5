// Reads wait for events of the kernel that come once: none may be missed.
#include <sys/socket.h>

#include "support.hpp"

namespace readiness_test {

using namespace transport_tests;

namespace {

class readiness : public with_runtime_folder, public testing::WithParamInterface<const char*> {
 protected:
  // Joins two ends, lets the far one wait in a read, does `act(near)`, and yields what the far one reads up
  // to the end.
  template <class F> std::string read_while_waiting(F act) {
    std::string got;
    run([&]() -> task<> {
      joined pair = co_await join(*over_, over_->random_bind(actor_id("worker", "u")));
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([&]() -> task<> { got = co_await receive(*pair.far, 1 << 20); });
        co_await let_others_run();
        co_await act(*pair.near);
      });
    });
    return got;
  }
  std::unique_ptr<transport> over_ = make_transport(GetParam());
};

INSTANTIATE_TEST_SUITE_P(, readiness, testing::Values("tcp", "uds"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace

TEST_P(readiness, last_bytes_and_the_close_that_come_as_one_event_are_both_read) {
  const std::string got = read_while_waiting([](byte_stream& near) -> task<> {
    co_await send(near, "last");
    near.close();
  });
  EXPECT_EQ(got, "last");
}

TEST_P(readiness, last_bytes_and_the_shutdown_that_come_as_one_event_are_both_read) {
  const std::string got = read_while_waiting([](byte_stream& near) -> task<> {
    co_await send(near, "last");
    near.shutdown_write();
  });
  EXPECT_EQ(got, "last");
}

TEST_P(readiness, an_end_that_comes_before_the_first_read_is_read) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, over_->random_bind(actor_id("worker", "u")));
    co_await send(*pair.near, "early");
    pair.near->close();
    co_await sleep(20ms);
    EXPECT_EQ(co_await receive(*pair.far, 100), "early");
  });
}

TEST_P(readiness, what_arrived_before_a_write_failed_is_read) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, over_->random_bind(actor_id("worker", "u")));
    co_await send(*pair.far, "last words");
    pair.far->close();
    bool failed = false;
    for (int tries = 0; tries < 100 && !failed; ++tries) {
      try {
        co_await send(*pair.near, "x");
      } catch (const system_error&) {
        failed = true;
      }
      co_await checkpoint();
    }
    EXPECT_TRUE(failed);
    pair.near->shutdown_both();
    EXPECT_EQ(co_await receive(*pair.near, 100), "last words");
    EXPECT_EQ(co_await receive(*pair.near, 1), "") << "the end of the stream is not sticky";
  });
}

TEST_P(readiness, an_end_that_comes_between_two_reads_is_read) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, over_->random_bind(actor_id("worker", "u")));
    co_await send(*pair.near, "first");
    EXPECT_EQ(co_await receive(*pair.far, 5), "first");
    pair.near->close();
    co_await sleep(20ms);  // the loop sees the event while nobody reads
    EXPECT_EQ(co_await receive(*pair.far, 1), "");
    EXPECT_EQ(co_await receive(*pair.far, 1), "") << "the end of the stream is not sticky";
  });
}

TEST_P(readiness, a_read_that_is_cancelled_as_the_end_comes_leaves_the_rest_for_the_next) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, over_->random_bind(actor_id("worker", "u")));
    std::string got = "(nothing)";
    co_await move_on_after(bound, [&](cancel_scope& scope) -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([&]() -> task<> { co_await receive(*pair.far, 100); });
        co_await let_others_run();
        pair.near->close();
        scope.cancel();
      });
    });
    got = co_await receive(*pair.far, 100);
    EXPECT_EQ(got, "");
  });
}

TEST_P(readiness, every_byte_of_many_small_messages_is_read_whatever_the_room) {
  for (const std::size_t room : {1, 7, 64, 4096}) {
    std::string sent, got;
    run([&]() -> task<> {
      joined pair = co_await join(*over_, over_->random_bind(actor_id("worker", "u")));
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([&]() -> task<> { got = co_await receive(*pair.far, 1 << 20, room); });
        for (int i = 0; i < 300; ++i) {
          const std::string part(static_cast<std::size_t>(i % 23 + 1), static_cast<char>('a' + i % 26));
          sent += part;
          co_await send(*pair.near, part);
          if (i % 3 == 0) co_await checkpoint();
          if (i % 50 == 0) co_await sleep(1ms);
        }
        pair.near->close();
      });
    });
    EXPECT_EQ(got, sent) << "with room for " << room;
  }
}

TEST_P(readiness, writes_what_fits_at_once_and_the_rest_by_waiting) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, over_->random_bind(actor_id("worker", "u")));
    const std::string block(1 << 25, 'x');
    std::size_t first = 0;
    for (std::size_t count = 1; count > 0; first += count)
      count = pair.near->write_now(bytes(std::string_view(block).substr(first)));
    EXPECT_GT(first, 0u);
    EXPECT_LT(first, block.size());
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await send(*pair.near, std::string_view(block).substr(first));
        pair.near->close();
      });
      EXPECT_EQ((co_await receive(*pair.far, block.size() + 1)).size(), block.size());
    });
  });
}

TEST_P(readiness, a_write_at_once_to_a_closed_peer_fails_without_a_signal) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, over_->random_bind(actor_id("worker", "u")));
    pair.far->close();
    co_await sleep(20ms);
    // Over tcp the first write may still be taken.
    auto write_twice = [&]() -> task<> {
      pair.near->write_now(bytes("x"));
      co_await sleep(20ms);
      pair.near->write_now(bytes("x"));
    };
    const system_error error = co_await failure_of(write_twice());
    EXPECT_TRUE(has(error.what(), "write")) << error.what();
  });
}

}  // namespace readiness_test
