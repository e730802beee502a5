// What each fault does to a connection, over each transport.
#include <algorithm>

#include "support.hpp"

namespace chaos_test {

using namespace transport_tests;
namespace errc = boost::system::errc;

class chaos_over : public with_runtime_folder, public testing::WithParamInterface<const char*> {
 protected:
  std::unique_ptr<transport> with(const std::string& plan) { return make_chaotic(GetParam(), plan); }
  // Two ends, of which the near one is the first connection that was made, and the far one was accepted.
  task<joined> both_ends(transport& over) {
    auto where = over.random_bind(actor_id("worker", "u"));
    auto made = co_await join(over, where);
    co_return std::move(made);
  }
};

INSTANTIATE_TEST_SUITE_P(, chaos_over, testing::Values("tcp", "uds", "mem"), &name_of_parameter);

std::string message(const std::string& body) {
  std::string out(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) out[i] = static_cast<char>(body.size() >> (8 * i));
  return out + body;
}

TEST_P(chaos_over, addresses_are_those_of_the_transport_inside_with_the_decorators_key) {
  run([&]() -> task<> {
    auto over = with("none");
    auto ends = co_await both_ends(*over);
    const address bound = ends.door->bound();
    EXPECT_EQ(bound.transport(), std::string("chaos+") + GetParam());
    EXPECT_EQ(ends.far->local(), bound);
    EXPECT_EQ(over->parse(bound.text()), bound);
    EXPECT_EQ(over->distance(bound), make_transport(GetParam())->distance(address(GetParam(), bound.text())));
    EXPECT_THROW(over->distance(address(GetParam(), bound.text())), address_error);
    EXPECT_EQ(over->parse("gopher://x"), std::nullopt);
  });
}

TEST_P(chaos_over, benign_faults_change_no_byte_and_no_order) {
  run([&]() -> task<> {
    auto over = with("seed=5,delay=2ms,split,coalesce=2ms");
    auto ends = co_await both_ends(*over);
    std::string all;
    for (int i = 0; i < 30; ++i)
      all += message(std::string(static_cast<std::size_t>(i * 997 % 5000), 'a' + i % 26));
    std::string got;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        for (std::size_t at = 0; at < all.size(); at += 10'000)
          co_await send(*ends.near, std::string_view(all).substr(at, 10'000));
        ends.near->shutdown_write();
      });
      got = co_await receive(*ends.far, all.size() + 1);
    });
    EXPECT_TRUE(got == all);
  });
}

TEST_P(chaos_over, split_reads_and_writes_are_short_and_the_same_for_one_seed) {
  std::vector<std::size_t> pieces[2];
  for (auto& each : pieces)
    run([&]() -> task<> {
      auto over = with("seed=11,accepted connections: split");
      auto ends = co_await both_ends(*over);
      co_await send(*ends.near, std::string(20'000, 'x'));
      std::vector<std::byte> room(20'000);
      for (std::size_t all = 0; all < room.size();) {
        const std::size_t count = co_await ends.far->read_some(room);
        each.push_back(count);
        all += count;
      }
    });
  EXPECT_GT(pieces[0].size(), 3u);
  EXPECT_EQ(pieces[0].front(), pieces[1].front());
  EXPECT_TRUE(std::ranges::any_of(pieces[0], [](std::size_t count) { return count < 100; }));
}

TEST_P(chaos_over, a_delayed_write_takes_its_time_and_ends_at_a_close) {
  run([&]() -> task<> {
    auto over = with("delay=10s");
    auto ends = co_await both_ends(*over);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        auto error = co_await failure_of(send(*ends.near, "x"));
        EXPECT_EQ(error.code(), errc::operation_canceled);
      });
      co_await let_others_run();
      ends.near.reset();
    });
  });
}

TEST_P(chaos_over, truncate_ends_the_stream_inside_a_message) {
  run([&]() -> task<> {
    auto over = with("made connection 1 after 1 message: truncate");
    auto ends = co_await both_ends(*over);
    co_await send(*ends.near, message("first"));
    auto error = co_await failure_of(send(*ends.near, message("second")));
    EXPECT_EQ(error.code(), errc::connection_reset);
    auto got = co_await receive(*ends.far, 1000);
    EXPECT_EQ(got, message("first") + message("second").substr(0, 5));
  });
}

TEST_P(chaos_over, corrupt_flips_one_byte_of_one_message) {
  run([&]() -> task<> {
    auto over = with("made connection 1 after 1 message: corrupt");
    auto ends = co_await both_ends(*over);
    for (const char* each : {"one", "two", "three"}) co_await send(*ends.near, message(each));
    const std::string sent = message("one") + message("two") + message("three");
    auto got = co_await receive(*ends.far, sent.size());
    got.resize(sent.size());
    std::vector<std::size_t> changed;
    for (std::size_t i = 0; i < sent.size(); ++i)
      if (got[i] != sent[i]) changed.push_back(i);
    EXPECT_EQ(changed.size(), 1u);
    // The last byte of the second message's length, or the first of its body.
    EXPECT_TRUE(changed.front() == 7 + 3 || changed.front() == 7 + 4) << changed.front();
  });
}

TEST_P(chaos_over, half_close_ends_our_direction_only) {
  run([&]() -> task<> {
    auto over = with("made connection 1 after 1 message: half-close");
    auto ends = co_await both_ends(*over);
    co_await send(*ends.near, message("first"));
    auto error = co_await failure_of(send(*ends.near, message("second")));
    EXPECT_EQ(error.code(), errc::broken_pipe);
    auto got = co_await receive(*ends.far, 1000);
    EXPECT_EQ(got, message("first"));
    co_await send(*ends.far, "back");
    auto back = co_await receive(*ends.near, 4);
    EXPECT_EQ(back, "back");
  });
}

TEST_P(chaos_over, refuse_fails_that_connect_and_no_other) {
  run([&]() -> task<> {
    auto over = with("made connection 1: refuse");
    auto door = co_await over->listen(over->random_bind(actor_id("worker", "u")));
    auto error = co_await failure_of(over->connect(door->bound()));
    EXPECT_EQ(error.code(), errc::connection_refused);
    auto near = co_await over->connect(door->bound());
    auto far = co_await door->accept();
    co_await send(*near, "hello");
    auto got = co_await receive(*far, 5);
    EXPECT_EQ(got, "hello");
  });
}

TEST_P(chaos_over, refuse_of_an_accepted_connection_closes_it) {
  run([&]() -> task<> {
    auto over = with("accepted connection 1: refuse");
    auto door = co_await over->listen(over->random_bind(actor_id("worker", "u")));
    auto lost = co_await over->connect(door->bound());
    auto near = co_await over->connect(door->bound());
    auto far = co_await door->accept();
    auto nothing = co_await receive(*lost, 1);
    EXPECT_EQ(nothing, "");
    co_await send(*near, "hello");
    auto got = co_await receive(*far, 5);
    EXPECT_EQ(got, "hello");
  });
}

// Waits for something that stall holds, until `act` ends it.
template <class T, class F> task<boost::system::error_code> held_until(task<T> work, F act) {
  boost::system::error_code code;
  bool ended = false;
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      try {
        co_await std::move(work);
      } catch (const system_error& error) {
        code = error.code();
      }
      ended = true;
    });
    co_await let_others_run();
    EXPECT_FALSE(ended);
    act();
  });
  co_return code;
}

TEST_P(chaos_over, stall_moves_no_byte_either_way_until_the_close) {
  run([&]() -> task<> {
    auto over = with("made connection 1 after 1 message: stall");
    auto ends = co_await both_ends(*over);
    co_await send(*ends.near, message("first"));
    EXPECT_EQ(ends.near->write_now(bytes(message("second"))), 0u);
    auto stuck = co_await move_on_after(20ms, send(*ends.near, message("second")));
    EXPECT_FALSE(stuck);
    ends.near->shutdown_write();
    co_await send(*ends.far, "unheard");
    auto got = co_await receive(*ends.far, message("first").size());
    EXPECT_EQ(got, message("first"));
    std::byte room[100];
    auto nothing = co_await move_on_after(20ms, ends.far->read_some(room));
    EXPECT_FALSE(nothing) << "neither the second message nor the end of the stream goes out";
    auto code = co_await held_until(ends.near->read_some(room), [&] { ends.near.reset(); });
    EXPECT_EQ(code, errc::operation_canceled);
  });
}

TEST_P(chaos_over, a_stalled_stream_that_is_shut_down_has_come_to_its_end) {
  run([&]() -> task<> {
    auto over = with("made connection 1 after 0 messages: stall");
    auto ends = co_await both_ends(*over);
    auto stuck = co_await move_on_after(20ms, send(*ends.near, message("first")));
    EXPECT_FALSE(stuck);
    ends.near->shutdown_both();
    auto got = co_await receive(*ends.near, 10);
    EXPECT_EQ(got, "");
  });
}

}  // namespace chaos_test
