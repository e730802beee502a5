// What holds for the connections of every transport here.
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "support.hpp"
#include "tractor/detail/asio.hpp"
#include "tractor/plugin/loop_socket.hpp"

namespace streams_test {

using namespace transport_tests;
namespace errc = boost::system::errc;

static_assert(!std::is_copy_constructible_v<loop_socket> && !std::is_move_constructible_v<loop_socket>);
static_assert(!std::is_copy_constructible_v<socket_stream> && !std::is_move_constructible_v<socket_stream>);

class each_transport : public with_runtime_folder, public testing::WithParamInterface<const char*> {
 protected:
  address any() { return over_->random_bind(actor_id("worker", "u")); }
  std::unique_ptr<transport> over_ = make_transport(GetParam());
};

INSTANTIATE_TEST_SUITE_P(, each_transport, testing::Values("tcp", "uds", "mem", "chaos+tcp", "chaos+uds"),
                         &name_of_parameter);

// What a task ended with, for tasks that end while the test looks elsewhere.
struct ending {
  boost::system::error_code code;
  bool cancelled = false;
};

template <class T> task<> keep_ending(task<T> work, ending* into) {
  try {
    co_await std::move(work);
  } catch (const system_error& error) {
    into->code = error.code();
  } catch (const cancelled&) {
    into->cancelled = true;
    throw;
  }
}

// Starts `work` in the background, lets it block, does `act`, and waits for the end of `work`.
template <class T, class F> task<ending> ending_after(task<T> work, F act) {
  ending result;
  auto* into = &result;
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon(&keep_ending<T>, std::move(work), into);
    co_await let_others_run();
    act();
  });
  co_return result;
}

task<> fill(byte_stream& stream, const std::string& block) {
  for (;;) co_await send(stream, block);
}

TEST_P(each_transport, carries_bytes_both_ways) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    co_await send(*pair.near, "hello");
    EXPECT_EQ(co_await receive(*pair.far, 5), "hello");
    co_await send(*pair.far, "and back");
    EXPECT_EQ(co_await receive(*pair.near, 8), "and back");
  });
}

TEST_P(each_transport, ends_the_stream_of_the_peer_when_writing_is_shut_down_and_still_reads) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    co_await send(*pair.near, "last");
    pair.near->shutdown_write();
    EXPECT_EQ(co_await receive(*pair.far, 100), "last");
    EXPECT_EQ(co_await receive(*pair.far, 1), "") << "the end of the stream is not sticky";
    co_await send(*pair.far, "reply");
    EXPECT_EQ(co_await receive(*pair.near, 5), "reply");
  });
}

TEST_P(each_transport, gathers_a_mebibyte_in_thousands_of_parts_for_a_slow_reader) {
  std::string whole(1 << 20, '\0');
  for (std::size_t i = 0; i < whole.size(); ++i) whole[i] = static_cast<char>(i * 2654435761u >> 13);
  std::vector<std::span<const std::byte>> parts;  // more than IOV_MAX, some of them empty
  for (std::size_t at = 0, size = 0; at < whole.size(); at += size, size = (size + 37) % 700)
    parts.push_back(bytes(whole).subspan(at, std::min(size, whole.size() - at)));
  ASSERT_GT(parts.size(), 2u * 1024);
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        co_await pair.near->write_all(parts);
        pair.near->shutdown_write();
      });
      const std::string got = co_await receive(*pair.far, whole.size() + 1, 3000);
      EXPECT_TRUE(got == whole) << "the bytes differ; got " << got.size();
    });
  });
}

TEST_P(each_transport, writes_nothing_for_no_parts_and_for_empty_ones) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    co_await pair.near->write_all(std::span<const std::span<const std::byte>>());
    co_await send(*pair.near, "");
    co_await send(*pair.near, "x");
    EXPECT_EQ(co_await receive(*pair.far, 1), "x");
  });
}

TEST_P(each_transport, refuses_to_read_into_no_room) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    bool refused = false;
    try {
      co_await pair.near->read_some(std::span<std::byte>());
    } catch (const std::invalid_argument&) {
      refused = true;
    }
    EXPECT_TRUE(refused) << "zero bytes would read as the end of the stream";
  });
}

TEST_P(each_transport, keeps_the_bytes_for_the_next_reader_when_a_read_is_cancelled) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    auto cut = co_await move_on_after(20ms, receive(*pair.far, 1));
    EXPECT_TRUE(cut.cancelled_caught());
    co_await send(*pair.near, "x");
    EXPECT_EQ(co_await receive(*pair.far, 1), "x");
  });
}

TEST_P(each_transport, makes_every_call_a_checkpoint) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    co_await send(*pair.near, "x");  // so that the read could go on at once
    int raised = 0;
    const auto expect_cancel = [&raised](auto work) -> task<> {
      try {
        co_await std::move(work);
      } catch (const cancelled&) {
        ++raised;
      }
    };
    co_await with_cancel_scope([&](cancel_scope& scope) -> task<> {
      scope.cancel();
      co_await expect_cancel(receive(*pair.far, 1));
      co_await expect_cancel(send(*pair.near, "y"));
      co_await expect_cancel(pair.door->accept());
      co_await expect_cancel(over_->connect(pair.door->bound()));
    });
    EXPECT_EQ(raised, 4);
  });
}

TEST_P(each_transport, accepts_after_a_cancelled_accept) {
  run([&]() -> task<> {
    auto door = co_await over_->listen(any());
    auto cut = co_await move_on_after(20ms, door->accept());
    EXPECT_TRUE(cut.cancelled_caught());
    auto near = co_await over_->connect(door->bound());
    auto far = co_await door->accept();
    co_await send(*far, "x");
    EXPECT_EQ(co_await receive(*near, 1), "x");
  });
}

TEST_P(each_transport, lets_a_blocked_write_be_cancelled_and_the_stream_be_closed) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    const std::string block(100'000, 'b');
    auto cut = co_await move_on_after(20ms, fill(*pair.near, block));
    EXPECT_TRUE(cut.cancelled_caught());
    pair.near->close();
    // What was sent before is not lost on the way.
    EXPECT_GT((co_await receive(*pair.far, 100)).size(), 0u);
  });
}

TEST_P(each_transport, wakes_a_pending_read_when_closed) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    const ending read = co_await ending_after(receive(*pair.near, 1), [&] { pair.near->close(); });
    EXPECT_EQ(read.code, asio::error::operation_aborted);
  });
}

TEST_P(each_transport, lets_a_stream_be_destroyed_by_who_closed_it_under_a_pending_read) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    const ending read = co_await ending_after(receive(*pair.near, 1), [&] { pair.near.reset(); });
    EXPECT_EQ(read.code, asio::error::operation_aborted);
  });
}

TEST_P(each_transport, wakes_a_blocked_write_when_closed) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    const std::string block(100'000, 'b');
    const ending write = co_await ending_after(fill(*pair.near, block), [&] { pair.near->close(); });
    EXPECT_EQ(write.code, asio::error::operation_aborted);
  });
}

TEST_P(each_transport, wakes_a_pending_accept_when_closed) {
  run([&]() -> task<> {
    auto door = co_await over_->listen(any());
    const ending accept = co_await ending_after(door->accept(), [&] { door->close(); });
    EXPECT_EQ(accept.code, asio::error::operation_aborted);
  });
}

TEST_P(each_transport, fails_clearly_after_close_and_closes_twice) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    pair.near->close();
    pair.near->close();
    pair.near->shutdown_write();
    pair.door->close();
    pair.door->close();
    EXPECT_EQ((co_await failure_of(receive(*pair.near, 1))).code(), errc::bad_file_descriptor);
    EXPECT_EQ((co_await failure_of(send(*pair.near, "x"))).code(), errc::bad_file_descriptor);
    EXPECT_EQ((co_await failure_of(pair.door->accept())).code(), errc::bad_file_descriptor);
  });
}

TEST_P(each_transport, reports_a_reset_as_an_error_not_as_an_end) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    co_await send(*pair.near, "never read");
    pair.far->close();
    const system_error error = co_await failure_of(receive(*pair.near, 1));
    EXPECT_EQ(error.code(), errc::connection_reset) << error.what();
    EXPECT_TRUE(has(error.what(), pair.near->remote().text())) << error.what();
  });
}

TEST_P(each_transport, reports_a_write_to_a_closed_peer_without_a_signal) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    pair.far->close();
    const system_error error = co_await failure_of(fill(*pair.near, "x"));
    EXPECT_TRUE(error.code() == errc::broken_pipe || error.code() == errc::connection_reset) << error.what();
  });
}

TEST_P(each_transport, refuses_a_connection_where_nobody_listens) {
  run([&]() -> task<> {
    auto door = co_await over_->listen(any());
    const address gone = door->bound();
    door->close();
    const system_error error = co_await failure_of(over_->connect(gone));
    EXPECT_TRUE(error.code() == errc::connection_refused || error.code() == errc::no_such_file_or_directory)
        << error.what();
    EXPECT_TRUE(has(error.what(), gone.text())) << error.what();
  });
}

TEST_P(each_transport, refuses_a_second_listener_on_an_address_in_use) {
  run([&]() -> task<> {
    auto door = co_await over_->listen(any());
    const system_error error = co_await failure_of(over_->listen(door->bound()));
    EXPECT_EQ(error.code(), errc::address_in_use);
    EXPECT_TRUE(has(error.what(), door->bound().text())) << error.what();
    auto near = co_await over_->connect(door->bound());  // the first one is unharmed
    door->close();
    auto again = co_await over_->listen(door->bound());
    EXPECT_EQ(again->bound(), door->bound());
  });
}

TEST_P(each_transport, knows_both_addresses_of_a_connection) {
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    EXPECT_EQ(pair.near->remote(), pair.door->bound());
    EXPECT_EQ(pair.far->local(), pair.door->bound());
    EXPECT_EQ(pair.near->local(), pair.far->remote());
    EXPECT_EQ(over_->parse(pair.door->bound().text()), pair.door->bound());
  });
}

TEST_P(each_transport, hands_no_descriptor_to_programs_that_are_started) {
  const auto inheritable = [] {
    int count = 0;
    for (int fd = 0; fd < 1000; ++fd) {
      const int flags = ::fcntl(fd, F_GETFD);
      if (flags >= 0 && !(flags & FD_CLOEXEC)) ++count;
    }
    return count;
  };
  const int before = inheritable();
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    EXPECT_EQ(inheritable(), before);
  });
}

TEST_P(each_transport, leaves_no_descriptor_open) {
  const auto open = [] {
    int count = 0;
    for (int fd = 0; fd < 1000; ++fd) count += ::fcntl(fd, F_GETFD) >= 0;
    return count;
  };
  const int before = open();
  run([&]() -> task<> {
    joined pair = co_await join(*over_, any());
    auto cut = co_await move_on_after(5ms, pair.door->accept());
    EXPECT_TRUE(cut.cancelled_caught());
    const address where = pair.door->bound();
    pair.door->close();
    co_await failure_of(over_->connect(where));
  });
  EXPECT_EQ(open(), before);
}

namespace {

// Leaves this process exactly as many descriptors as it has open now.
class no_more_descriptors {
 public:
  no_more_descriptors() {
    ::getrlimit(RLIMIT_NOFILE, &old_);
    const int next = ::dup(0);  // the lowest that is free: all below it are taken
    ::close(next);
    rlimit tight = old_;
    tight.rlim_cur = static_cast<rlim_t>(next);
    ::setrlimit(RLIMIT_NOFILE, &tight);
  }
  ~no_more_descriptors() { ::setrlimit(RLIMIT_NOFILE, &old_); }

 private:
  rlimit old_;
};

}  // namespace

TEST_P(each_transport, survives_a_connection_for_which_no_descriptor_is_left) {
  if (GetParam() == std::string("mem")) GTEST_SKIP() << "it needs none";
  run([&]() -> task<> {
    auto door = co_await over_->listen(any());
    auto first = co_await over_->connect(door->bound());
    auto second = co_await over_->connect(door->bound());
    {
      const no_more_descriptors limit;
      const system_error error = co_await failure_of(door->accept());
      EXPECT_EQ(error.code(), errc::too_many_files_open) << error.what();
    }
    EXPECT_EQ(co_await receive(*first, 1), "")
        << "the connection that did not fit is dropped, not left to spin";
    auto far = co_await door->accept();
    co_await send(*far, "x");
    EXPECT_EQ(co_await receive(*second, 1), "x");
    {
      auto third = co_await over_->connect(door->bound());
      const no_more_descriptors limit;
      EXPECT_EQ((co_await failure_of(door->accept())).code(), errc::too_many_files_open) << "only once";
    }
  });
}

TEST_P(each_transport, waits_quietly_when_no_descriptor_is_left_and_nobody_calls) {
  run([&]() -> task<> {
    auto door = co_await over_->listen(any());
    const no_more_descriptors limit;
    auto cut = co_await move_on_after(20ms, door->accept());
    EXPECT_TRUE(cut.cancelled_caught());
  });
}

TEST_P(each_transport, serves_many_connections_at_once) {
  run([&]() -> task<> {
    auto door = co_await over_->listen(any());
    int served = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 200; ++i)
        tn.start_soon([&]() -> task<> {
          auto near = co_await over_->connect(door->bound());
          co_await send(*near, "ping");
          if (co_await receive(*near, 4) == "ping") ++served;
        });
      for (int i = 0; i < 200; ++i) {
        auto* far = (co_await door->accept()).release();
        tn.start_soon(
            [](byte_stream* raw) -> task<> {
              const std::unique_ptr<byte_stream> stream(raw);
              const std::string got = co_await receive(*stream, 4);
              co_await send(*stream, got);
            },
            far);
      }
    });
    EXPECT_EQ(served, 200);
  });
}

}  // namespace streams_test
