// The buffer and the cutting of streams into frames.
#include <gtest/gtest.h>

#include <string>
#include <tractor/msg/codec_error.hpp>
#include <tractor/msg/messages.hpp>
#include <type_traits>

#include "allocation_counter.hpp"
#include "wire_vectors.hpp"

namespace frame_test {

namespace {

using namespace tractor::msg;
using tractor::test::from_hex;

static_assert(std::is_copy_constructible_v<buffer> && std::is_nothrow_move_constructible_v<buffer>);
static_assert(!std::is_copy_constructible_v<frame_parser> && !std::is_move_constructible_v<frame_parser>);
static_assert(!std::is_copy_constructible_v<writer>);

std::string framed(const std::string& body) {
  std::string out;
  for (int shift = 0; shift < 32; shift += 8) out += static_cast<char>(body.size() >> shift);
  return out + body;
}

TEST(buffer, keeps_its_capacity_when_cleared_and_gives_it_away_when_taken) {
  buffer bytes(as_bytes("hello"));
  const std::size_t capacity = bytes.capacity();
  bytes.clear();
  EXPECT_TRUE(bytes.empty());
  EXPECT_EQ(bytes.capacity(), capacity);
  bytes.append(as_bytes("again"));
  const buffer taken = bytes.take();
  EXPECT_EQ(as_text(taken.view()), "again");
  EXPECT_EQ(bytes.capacity(), 0U);
}

TEST(buffer, copies_its_bytes_and_moves_its_memory) {
  buffer one(as_bytes("abc"));
  const buffer two = one;
  one.truncate(1);
  EXPECT_EQ(as_text(two.view()), "abc");
  EXPECT_EQ(as_text(one.view()), "a");
  const std::byte* memory = one.data();
  const buffer three = std::move(one);
  EXPECT_EQ(three.data(), memory);
}

TEST(buffer, keeps_its_content_while_it_grows) {
  buffer bytes;
  std::string expected;
  for (int i = 0; i < 5000; ++i) {
    const std::string piece = std::to_string(i);
    bytes.append(as_bytes(piece));
    expected += piece;
  }
  EXPECT_EQ(as_text(bytes.view()), expected);
}

TEST(buffer, refuses_a_size_that_no_memory_has) {
  buffer bytes(as_bytes("abc"));
  EXPECT_THROW(bytes.prepare(static_cast<std::size_t>(-1) / 2), std::bad_alloc);
  EXPECT_EQ(as_text(bytes.view()), "abc");
}

TEST(frame_parser, hands_out_frames_one_after_the_other) {
  frame_parser parser;
  parser.feed(as_bytes(framed("one") + framed("") + framed("three") + "\x05"));
  EXPECT_EQ(as_text(parser.next().value()), "one");
  EXPECT_EQ(as_text(parser.next().value()), "");
  EXPECT_EQ(as_text(parser.next().value()), "three");
  EXPECT_FALSE(parser.next().has_value());
  EXPECT_EQ(parser.pending(), 1U);
}

TEST(frame_parser, a_body_lives_until_more_is_fed) {
  frame_parser parser;
  parser.feed(as_bytes(framed("one") + framed("two")));
  const byte_view one = parser.next().value();
  const byte_view two = parser.next().value();
  EXPECT_EQ(as_text(one), "one");
  EXPECT_EQ(as_text(two), "two");
}

TEST(frame_parser, reads_into_the_room_that_it_prepares) {
  frame_parser parser;
  const std::string bytes = framed("payload");
  for (const char each : bytes) {
    const auto room = parser.prepare(1);
    ASSERT_GE(room.size(), 1U);
    room[0] = static_cast<std::byte>(each);
    parser.commit(1);
  }
  EXPECT_EQ(as_text(parser.next().value()), "payload");
}

TEST(frame_parser, refuses_a_length_above_the_limit_again_and_again) {
  frame_parser parser;
  parser.feed(from_hex("ffffffff").view());
  for (int i = 0; i < 2; ++i) {
    try {
      parser.next();
      FAIL() << "the header was taken";
    } catch (const codec_error& wrong) {
      EXPECT_STREQ(wrong.what(), "frame of 4294967295 bytes exceeds the limit of 67108864");
    }
  }
}

TEST(frame_parser, an_announced_length_alone_reserves_nothing) {
  frame_parser parser;
  parser.feed(from_hex("00000004").view());
  EXPECT_FALSE(parser.next().has_value());
  parser.prepare();
  EXPECT_LT(parser.capacity(), 16384U);
}

TEST(frame_parser, takes_exactly_the_limit_and_not_a_byte_more) {
  frame_parser parser(3);
  parser.feed(as_bytes(framed("abc") + framed("abcd")));
  EXPECT_EQ(as_text(parser.next().value()), "abc");
  EXPECT_THROW(parser.next(), codec_error);
  parser.set_max_frame(4);
  EXPECT_EQ(as_text(parser.next().value()), "abcd");
}

TEST(frame_parser, gives_large_room_back_once_it_is_empty) {
  frame_parser parser;
  const std::string large(3U << 20, 'x');
  parser.feed(as_bytes(framed(large)));
  EXPECT_EQ(parser.next().value().size(), large.size());
  EXPECT_GT(parser.capacity(), large.size());
  parser.prepare();
  EXPECT_LT(parser.capacity(), 16384U);
}

TEST(frame_parser, takes_a_large_frame_in_small_pieces_with_room_in_proportion) {
  frame_parser parser;
  const std::string bytes = framed(std::string(1U << 20, 'x'));
  for (std::size_t at = 0; at < bytes.size(); at += 1000) {
    parser.feed(as_bytes(bytes).subspan(at, std::min<std::size_t>(1000, bytes.size() - at)));
    ASSERT_LE(parser.capacity(), 2 * at + 8192);
  }
  EXPECT_EQ(parser.next().value().size(), 1U << 20);
}

TEST(hot_path, a_warm_connection_sends_and_reads_without_the_heap) {
  const std::string args = "\x93\x01\xa3two\xc3";
  const std::string uuid(36, 'a');
  frame_parser parser;
  buffer out;
  std::size_t frames = 0;
  const auto turn = [&] {
    out.clear();
    append_frame(out,
                 start{.cid = uuid, .ns = "m", .func = "f", .uid = {"root", uuid}, .x_args = as_bytes(args)});
    append_frame_with(out, return_value{.cid = uuid}, [](writer& to) { to.integer(3); });
    parser.feed(out.view());
    while (const auto body = parser.next()) frames += decode_message(*body).index() != 0 ? 1 : 0;
  };
  turn();
  const std::size_t out_capacity = out.capacity();
  const std::size_t parser_capacity = parser.capacity();
  const std::size_t before = tractor::test::allocated().count;
  for (int i = 0; i < 100; ++i) turn();
  EXPECT_EQ(tractor::test::allocated().count, before);
  EXPECT_EQ(frames, 202U);
  EXPECT_EQ(out.capacity(), out_capacity);
  EXPECT_EQ(parser.capacity(), parser_capacity);
}

}  // namespace

}  // namespace frame_test
