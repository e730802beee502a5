// How a channel gets rid of what was sent: at the end of the turn, or by its writer.
#include "support.hpp"

namespace tractor::ipc::test::writing_test {

namespace {

// The cids of the next `count` messages, joined.
task<std::string> next_cids(channel& from, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) {
    const std::optional<msg::byte_view> body = co_await from.receive();
    if (!body) throw std::runtime_error("the end came after " + all);
    const msg::message it = msg::decode_message(*body);
    all += std::get<msg::stop>(it).cid;
  }
  co_return all;
}

void send_each(channel& to, std::string_view cids) {
  for (std::size_t i = 0; i < cids.size(); ++i) to.send(stop_of(cids.substr(i, 1)));
}

task<> call_writer(std::shared_ptr<channel> of, bool& returned) {
  co_await of->run_writer();
  returned = true;
}

}  // namespace

TEST(ipc_writing, needs_no_writer_for_what_the_stream_takes_at_once) {
  run([]() -> task<> {
    auto [first, second] = make_pair(true);
    first->takes_at_once = true;
    memory_stream& stream = *first;
    channel near(std::move(first)), far(std::move(second));
    send_each(near, "abc");
    EXPECT_EQ(stream.writes_at_once, 0) << "it did not wait for what the turn has to add";
    EXPECT_EQ(co_await next_cids(far, 3), "abc");
    EXPECT_EQ(stream.writes_at_once, 1);
    EXPECT_EQ(stream.writes, 0);
    EXPECT_EQ(near.queued(), 0u);
  });
}

TEST(ipc_writing, joins_what_several_tasks_of_one_turn_send) {
  with_channels(true, [](channel_pair& both) -> task<> {
    both.near_stream->takes_at_once = true;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 10; ++i)
        tn.start_soon([&]() -> task<> {
          both.near->send(stop_of("x"));
          co_await checkpoint();
          both.near->send(stop_of("y"));
        });
      co_return;
    });
    EXPECT_EQ((co_await next_cids(*both.far, 20)).size(), 20u);
    EXPECT_LE(both.near_stream->writes_at_once, 2);
  });
}

TEST(ipc_writing, leaves_the_rest_to_the_writer_in_order) {
  with_channels(true, [](channel_pair& both) -> task<> {
    both.near_stream->takes_at_once = true;
    both.near_stream->limit_room(30);  // not one message
    send_each(*both.near, "ab");
    auto in_time = co_await move_on_after(1s, both.near->flush());
    EXPECT_TRUE(in_time.cancelled_caught());
    const std::size_t left = both.near->queued();
    EXPECT_GT(left, 0u);
    send_each(*both.near, "cd");
    co_await checkpoint();
    EXPECT_GT(both.near->queued(), left);
    EXPECT_EQ(both.near_stream->writes_at_once, 1) << "nobody may write beside the writer";
    both.near_stream->limit_room(1000);
    EXPECT_EQ(co_await next_cids(*both.far, 4), "abcd");
    co_await both.near->flush();
    both.near->send(stop_of("e"));
    EXPECT_EQ(co_await next_cids(*both.far, 1), "e");
    EXPECT_EQ(both.near_stream->writes_at_once, 2) << "with the writer done, it goes at once again";
  });
}

TEST(ipc_writing, ends_with_a_write_that_fails_at_once) {
  with_channels(true, [](channel_pair& both) -> task<> {
    both.near_stream->takes_at_once = true;
    both.far->close();
    both.near->send(stop_of("lost"));
    co_await both.near->flush();
    EXPECT_FALSE(both.near->connected());
    EXPECT_THROW(both.near->send(stop_of("refused")), transport_closed);
  });
}

TEST(ipc_writing, a_failed_write_leaves_to_the_reader_what_has_arrived) {
  with_channels(true, [](channel_pair& both) -> task<> {
    both.near_stream->takes_at_once = true;
    send_each(*both.far, "last");
    co_await both.far->flush();
    both.far->close();
    both.near->send(stop_of("lost"));
    co_await both.near->flush();
    EXPECT_FALSE(both.near->connected());
    EXPECT_FALSE(both.near->closed());
    EXPECT_EQ(co_await next_cids(*both.near, 4), "last");
    std::string why;
    try {
      co_await both.near->receive();
    } catch (const transport_closed& closed) {
      why = closed.what();
    }
    EXPECT_NE(why.find("roken pipe"), std::string::npos) << why;
  });
}

TEST(ipc_writing, a_released_writer_returns_once_nothing_waits_for_it) {
  run([]() -> task<> {
    auto [first, second] = make_pair(true);
    memory_stream& stream = *first;
    auto near = std::make_shared<channel>(std::move(first));
    channel far(std::move(second));
    bool returned = false;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      stream.limit_room(0);
      near->send(stop_of("a"));
      tn.start_soon([&]() -> task<> { co_await call_writer(near, returned); });
      co_await sleep(1s);
      near->release_writer();
      co_await sleep(1s);
      EXPECT_FALSE(returned);
      stream.limit_room(1000);
      EXPECT_EQ(co_await next_cids(far, 1), "a");
    });
    EXPECT_TRUE(returned);
    EXPECT_TRUE(near->connected());
  });
}

}  // namespace tractor::ipc::test::writing_test
