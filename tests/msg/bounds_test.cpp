// What hostile bytes must not be able to do.
#include <gtest/gtest.h>

#include <string>
#include <tractor/msg/codec.hpp>
#include <tractor/msg/messages.hpp>
#include <vector>

#include "allocation_counter.hpp"
#include "wire_vectors.hpp"

namespace bounds_test {

namespace {

using namespace tractor::msg;
using tractor::test::allocated;
using tractor::test::from_hex;
using tractor::test::recorded_frames;

constexpr std::size_t five_megabytes = 5U << 20;

template <class Act> std::string refusal(Act act) {
  try {
    act();
  } catch (const codec_error& wrong) {
    return wrong.what();
  }
  return "accepted";
}

/// The bytes that `act` takes from the heap.
template <class Act> std::size_t heap_bytes(Act act) {
  const std::size_t before = allocated().bytes;
  act();
  return allocated().bytes - before;
}

TEST(allocation_counter, sees_an_allocation_so_that_the_tests_with_it_can_fail) {
  // Called by name, since a compiler may leave out a new that nobody looks at.
  EXPECT_EQ(heap_bytes([] { ::operator delete(::operator new(1000)); }), 1000U);
}

TEST(bounds, five_megabytes_of_nested_lists_are_refused_with_flat_memory) {
  const std::string nested(five_megabytes, '\x91');
  const std::string expected = "expected at most 64 lists or maps inside one another, found more";
  const std::size_t bytes = heap_bytes([&] {
    EXPECT_EQ(refusal([&] { reader(as_bytes(nested)).skip(); }), expected);
    EXPECT_NE(refusal([&] { decode_all<value>(as_bytes(nested)); }).find(expected), std::string::npos);
    EXPECT_NE(refusal([&] { decode_message(as_bytes(nested)); }), "accepted");
  });
  EXPECT_LT(bytes, 64U << 10);
}

TEST(bounds, a_payload_nested_too_deep_is_refused_with_its_message) {
  buffer frame;
  append_frame_with(frame, return_value{.cid = "c"}, [](writer& to) {
    for (int i = 0; i < 64; ++i) to.array_header(1);
    to.nil();
  });
  EXPECT_EQ(refusal([&] { decode_message(frame.view().subspan(4)); }),
            "Return.pld: expected at most 64 lists or maps inside one another, found more");
}

TEST(bounds, the_depth_is_the_reader_s_choice) {
  const buffer three = from_hex("919190");
  EXPECT_EQ(refusal([&] { reader(three.view(), limits{.depth = 3}).skip(); }), "accepted");
  EXPECT_NE(refusal([&] { reader(three.view(), limits{.depth = 2}).skip(); }), "accepted");
}

TEST(bounds, counts_beyond_the_bytes_that_came_are_refused_before_anything_is_reserved) {
  for (const char* bomb : {"ddffffffff", "dcffff", "9f", "dfffffffff", "deffff", "8f", "dbffffffff", "daffff",
                           "d9ff", "bf", "c6ffffffff", "c5ffff", "c4ff", "c9ffffffff01", "d801"}) {
    const buffer bytes = from_hex(bomb);
    const std::size_t taken = heap_bytes([&] {
      EXPECT_NE(refusal([&] { reader(bytes.view()).skip(); }), "accepted") << bomb;
      EXPECT_NE(refusal([&] { decode_all<value>(bytes.view()); }), "accepted") << bomb;
      EXPECT_NE(refusal([&] { decode_all<std::vector<int>>(bytes.view()); }), "accepted") << bomb;
      EXPECT_NE((refusal([&] { decode_all<std::map<int, int>>(bytes.view()); })), "accepted") << bomb;
      EXPECT_NE(refusal([&] { decode_all<std::string>(bytes.view()); }), "accepted") << bomb;
    });
    EXPECT_LT(taken, 32U << 10) << bomb;
  }
}

TEST(bounds, a_map_needs_two_bytes_for_each_pair) {
  EXPECT_EQ(refusal([] { reader(from_hex("82c0c0c0").view()).map_header(); }),
            "expected 2 elements, found 4 bytes before the end of the data");
}

struct wide {
  std::array<std::int64_t, 512> numbers{};
};

TEST(bounds, room_is_reserved_step_by_step_when_elements_are_larger_here_than_on_the_wire) {
  std::string bytes = "\xdd";
  bytes += std::string("\x00\x04\x00\x00", 4);
  bytes += std::string(0x40000, '\xc0');
  const std::size_t taken = heap_bytes([&] {
    EXPECT_EQ(refusal([&] { decode_all<std::vector<wide>>(as_bytes(bytes)); }),
              "[0]: expected a list, found nil");
  });
  EXPECT_LT(taken, 256U << 10);
}

TEST(bounds, every_truncation_of_every_recorded_frame_is_refused) {
  ASSERT_FALSE(recorded_frames().empty());
  for (const auto& each : recorded_frames()) {
    for (std::size_t size = 0; size < each.body().size(); ++size)
      ASSERT_THROW(decode_message(each.body().first(size)), codec_error) << each.where << " cut to " << size;
  }
}

TEST(bounds, a_frame_that_has_not_come_in_full_is_no_frame_yet) {
  for (const auto& each : recorded_frames()) {
    for (std::size_t size = 0; size < each.frame.size(); ++size) {
      frame_parser parser;
      parser.feed(each.frame.view().first(size));
      ASSERT_FALSE(parser.next().has_value()) << each.where << " cut to " << size;
      ASSERT_EQ(parser.pending(), size);
    }
  }
}

TEST(bounds, a_damaged_byte_never_does_more_than_raise_the_codec_error) {
  std::size_t refused = 0;
  for (const auto& each : recorded_frames()) {
    buffer body(each.body());
    for (std::size_t at = 0; at < body.size(); ++at) {
      for (const unsigned char mask : {0x01, 0x80, 0xff}) {
        body.data()[at] ^= std::byte{mask};
        try {
          to_text(decode_message(body.view()));
        } catch (const codec_error&) {
          ++refused;
        }
        body.data()[at] ^= std::byte{mask};
      }
    }
  }
  EXPECT_GT(refused, 1000U);
}

struct node {
  std::variant<std::vector<node>, std::tuple<std::vector<node>, int>> next;
};
BOOST_DESCRIBE_STRUCT(node, (), (next))

TEST(bounds, unions_that_hold_unions_cannot_be_made_to_try_for_ever) {
  // Each level offers two lists, so without a bound the tries double with each of the thirty levels.
  std::string bytes;
  for (int i = 0; i < 30; ++i) bytes += "\x81\xa4next\x91";
  bytes += "\xc0";
  limits deep;
  deep.depth = 200;
  EXPECT_NE(refusal([&] { decode_all<node>(as_bytes(bytes), deep); }), "accepted");
}

}  // namespace

}  // namespace bounds_test
