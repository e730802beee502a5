// Every frame that the reference was recorded to send.
#include <gtest/gtest.h>

#include <map>
#include <tractor/msg/messages.hpp>

#include "wire_vectors.hpp"

namespace vectors_test {

namespace {

using namespace tractor::msg;
using tractor::test::recorded_frames;
using tractor::test::to_hex;

TEST(recorded_frames, cover_all_ten_messages_of_the_reference) {
  std::map<std::string, int> seen;
  for (const auto& each : recorded_frames()) ++seen[each.name];
  EXPECT_EQ(seen.size(), 10U);
  EXPECT_EQ(recorded_frames().size(), 205U);
}

TEST(recorded_frames, read_as_values_equal_their_json) {
  for (const auto& each : recorded_frames())
    EXPECT_EQ(decode_all<value>(each.body()), each.message) << each.where;
}

TEST(recorded_frames, decode_to_the_message_that_they_name) {
  for (const auto& each : recorded_frames()) EXPECT_EQ(message_name(decode_message(each.body())), each.name);
}

TEST(recorded_frames, come_out_again_byte_for_byte) {
  for (const auto& each : recorded_frames()) {
    buffer out;
    append_frame(out, decode_message(each.body()));
    EXPECT_EQ(to_hex(out.view()), to_hex(each.frame.view())) << each.where;
  }
}

TEST(recorded_frames, are_cut_apart_in_whatever_pieces_they_arrive) {
  buffer stream;
  for (const auto& each : recorded_frames()) stream.append(each.frame.view());
  for (const std::size_t piece : {1U, 2U, 3U, 7U, 64U, 1000U, 4096U, 100000U}) {
    frame_parser parser;
    std::size_t index = 0;
    for (std::size_t at = 0; at < stream.size(); at += piece) {
      parser.feed(stream.view().subspan(at, std::min(piece, stream.size() - at)));
      while (const auto body = parser.next()) {
        ASSERT_LT(index, recorded_frames().size());
        ASSERT_EQ(as_text(*body), as_text(recorded_frames()[index].body())) << "in pieces of " << piece;
        ++index;
      }
    }
    EXPECT_EQ(index, recorded_frames().size());
    EXPECT_EQ(parser.pending(), 0U);
  }
}

TEST(recorded_frames, read_the_same_with_their_keys_in_reverse_order) {
  for (const auto& each : recorded_frames()) {
    value::map reversed = *each.message.get_if<value::map>();
    std::reverse(reversed.begin(), reversed.end());
    const buffer body = encoded(value(reversed));
    buffer out;
    append_frame(out, decode_message(body.view()));
    EXPECT_EQ(to_hex(out.view()), to_hex(each.frame.view())) << each.where;
  }
}

TEST(recorded_frames, read_the_same_with_keys_that_nobody_knows) {
  for (const auto& each : recorded_frames()) {
    value::map more;
    for (const auto& [key, item] : *each.message.get_if<value::map>()) {
      more.emplace_back(key, item);
      more.emplace_back(value("zz_" + *key.get_if<std::string>()), value(value::list{1, "two", nullptr}));
    }
    const buffer body = encoded(value(more));
    buffer out;
    append_frame(out, decode_message(body.view()));
    EXPECT_EQ(to_hex(out.view()), to_hex(each.frame.view())) << each.where;
  }
}

TEST(recorded_frames, lose_no_required_key_unnoticed) {
  const std::map<std::string, std::size_t> optional_keys = {{"Aid", 3}, {"Start", 1}, {"Error", 7}};
  for (const auto& each : recorded_frames()) {
    const auto& entries = *each.message.get_if<value::map>();
    std::size_t accepted = 0;
    for (std::size_t left_out = 0; left_out < entries.size(); ++left_out) {
      value::map fewer = entries;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(left_out));
      const buffer body = encoded(value(fewer));
      try {
        decode_message(body.view());
        ++accepted;
      } catch (const codec_error& wrong) {
        EXPECT_NE(std::string(wrong.what()).find("no such key"), std::string::npos) << wrong.what();
      }
    }
    const auto found = optional_keys.find(each.name);
    EXPECT_EQ(accepted, found == optional_keys.end() ? 0 : found->second) << each.where;
  }
}

}  // namespace

}  // namespace vectors_test
