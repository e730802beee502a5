// One connection that carries messages: order, bounds, and how it ends.
#include "support.hpp"

namespace tractor::ipc::test::channel_test {

namespace {

std::string cid_of(const std::optional<msg::byte_view>& body) {
  if (!body) return "(the end)";
  const msg::message it = msg::decode_message(*body);
  const auto* const stop = std::get_if<msg::stop>(&it);
  return stop ? std::string(stop->cid) : "(another message)";
}

task<std::string> next_cid(channel& from) {
  const std::optional<msg::byte_view> body = co_await from.receive();
  co_return cid_of(body);
}

// How a wait for the next message ends, when that is by transport_closed.
task<std::pair<transport_closed::cause, std::string>> end_of(channel& from) {
  try {
    co_await from.receive();
  } catch (const transport_closed& end) {
    co_return std::pair(end.why(), std::string(end.what()));
  }
  throw std::runtime_error("a message came, or the orderly end");
}

}  // namespace

TEST(ipc_channel, delivers_messages_in_order_and_then_the_end) {
  with_channels(true, [](channel_pair& both) -> task<> {
    const std::vector<std::string> cids{"1", "2", "3"};
    for (const std::string& cid : cids) both.near->send(stop_of(cid));
    co_await both.near->shutdown();
    for (const std::string& cid : cids) EXPECT_EQ(co_await next_cid(*both.far), cid);
    EXPECT_EQ(co_await next_cid(*both.far), "(the end)");
  });
}

TEST(ipc_channel, sends_what_one_turn_queued_with_one_write) {
  with_channels(true, [](channel_pair& both) -> task<> {
    for (int i = 0; i < 100; ++i) both.near->send(stop_of("many"));
    co_await both.near->flush();
    EXPECT_EQ(both.near_stream->writes, 1);
    EXPECT_EQ(both.near->queued(), 0u);
  });
}

TEST(ipc_channel, lets_a_sender_wait_until_little_is_queued) {
  with_channels(true, [](channel_pair& both) -> task<> {
    both.near_stream->limit_room(0);
    both.near->send(stop_of("held up"));
    auto in_time = co_await move_on_after(1s, both.near->wait_queued_below(10));
    EXPECT_TRUE(in_time.cancelled_caught());
    both.near_stream->limit_room(1000);
    EXPECT_EQ(co_await next_cid(*both.far), "held up");
    co_await both.near->wait_queued_below(10);
  });
}

TEST(ipc_channel, tells_an_end_in_the_middle_of_a_message_from_an_orderly_one) {
  with_channels(true, [](channel_pair& both) -> task<> {
    both.far->set_peer(alice, 0, false);
    co_await send_raw(*both.near_stream, std::string_view("\x50\0\0\0half", 8));
    both.near_stream->shutdown_write();
    auto [why, text] = co_await end_of(*both.far);
    EXPECT_EQ(why, transport_closed::cause::fault);
    EXPECT_TRUE(has(text, "the stream ended inside a message")) << text;
    EXPECT_TRUE(has(text, "'alice@00000000' at /memory/there")) << text;
  });
}

TEST(ipc_channel, names_the_fault_that_cut_it_in_what_both_directions_throw) {
  with_channels(true, [](channel_pair& both) -> task<> {
    both.near_stream->cut(errc::connection_reset);
    auto [why, text] = co_await end_of(*both.far);
    EXPECT_EQ(why, transport_closed::cause::reset);
    EXPECT_TRUE(has(text, "Connection reset by peer")) << text;
    both.far->close();
    const std::string later = error_of([&] { both.far->send(stop_of("late")); });
    EXPECT_TRUE(has(later, "Connection reset by peer")) << later;
  });
}

TEST(ipc_channel, is_closed_by_a_failed_write_and_says_why) {
  with_channels(true, [](channel_pair& both) -> task<> {
    both.far->close();
    both.near->send(stop_of("into the void"));
    co_await both.near->flush();
    EXPECT_FALSE(both.near->connected());
    const std::string text = error_of([&] { both.near->send(stop_of("more")); });
    EXPECT_TRUE(has(text, "Broken pipe")) << text;
  });
}

TEST(ipc_channel, closed_by_ourselves_wakes_its_reader_with_an_orderly_end) {
  with_channels(true, [](channel_pair& both) -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        auto [why, text] = co_await end_of(*both.near);
        EXPECT_EQ(why, transport_closed::cause::end_of_stream) << text;
      });
      co_await let_others_run();
      both.near->close();
      both.near->close();
    });
    EXPECT_THROW(both.near->send(stop_of("late")), transport_closed);
  });
}

TEST(ipc_channel, refuses_a_header_of_four_gigabytes_at_once) {
  with_channels(true, [](channel_pair& both) -> task<> {
    co_await send_raw(*both.near_stream, "\xff\xff\xff\xff");
    const std::string text = co_await failure_of(both.far->receive());
    EXPECT_EQ(text, "frame of 4294967295 bytes exceeds the limit of 65536");
  });
}

TEST(ipc_channel, takes_large_messages_only_once_the_peer_is_known) {
  msg::frame_limits limits;
  limits.max_unauthenticated = 100;
  limits.max_frame = 1000;
  const std::string large(500, 'x');
  for (const bool known : {false, true})
    with_channels(
        true,
        [&](channel_pair& both) -> task<> {
          if (known) both.far->set_authenticated();
          both.near->send(stop_of(large));
          const std::string text = co_await failure_of(both.far->receive());
          EXPECT_EQ(text.empty(), known) << text;
        },
        limits);
}

TEST(ipc_channel, refuses_to_send_more_than_the_limit_and_stays_usable) {
  msg::frame_limits limits;
  limits.max_frame = 1000;
  with_channels(
      true,
      [](channel_pair& both) -> task<> {
        EXPECT_THROW(both.near->send(stop_of(std::string(2000, 'x'))), msg::codec_error);
        both.near->send(stop_of("small"));
        EXPECT_EQ(co_await next_cid(*both.far), "small");
      },
      limits);
}

}  // namespace tractor::ipc::test::channel_test
