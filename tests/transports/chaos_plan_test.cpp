// What is to go wrong, as it is written, and what comes of it by a seed.
#include <algorithm>
#include <fstream>

#include "chaos/fault_course.hpp"
#include "support.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace chaos_plan_test {

using namespace transport_tests;
using namespace tractor::chaos;

chaos_plan plan_of(const std::string& text) {
  chaos_plan out;
  out.read(text, "TRACTOR_CHAOS");
  return out;
}

std::string error_of(const std::string& text) {
  try {
    plan_of(text);
  } catch (const settings_error& error) {
    return error.what();
  }
  return "no error";
}

connection_number made(std::uint64_t of_all, std::uint64_t of_side) {
  connection_number out;
  out.of_all = of_all;
  out.of_side = of_side;
  return out;
}

TEST(chaos_plan, reads_a_seed_and_faults) {
  const chaos_plan plan = plan_of("seed=42, delay=20ms, split, stall");
  EXPECT_EQ(plan.seed, 42u);
  ASSERT_EQ(plan.rules.size(), 3u);
  EXPECT_EQ(plan.rules[0].what, fault::delay);
  EXPECT_EQ(plan.rules[0].most, 20ms);
  EXPECT_EQ(plan.rules[1].what, fault::split);
  EXPECT_EQ(plan.rules[2].what, fault::stall);
  EXPECT_FALSE(plan.rules[2].after) << "this is left to the seed";
}

TEST(chaos_plan, reads_places) {
  const chaos_plan plan = plan_of(
      "# the second one\n"
      "connection 2 after 3 messages: half-close\n\n"
      "accepted connection 1 after 1 message: truncate  # at once\n"
      "made connections: coalesce=1s\n");
  ASSERT_EQ(plan.rules.size(), 3u);
  EXPECT_EQ(plan.rules[0].connection, 2u);
  EXPECT_EQ(plan.rules[0].after, 3u);
  EXPECT_EQ(plan.rules[0].on, side::either);
  EXPECT_EQ(plan.rules[1].on, side::accepted);
  EXPECT_EQ(plan.rules[1].after, 1u);
  EXPECT_EQ(plan.rules[2].on, side::made);
  EXPECT_FALSE(plan.rules[2].connection);
}

TEST(chaos_plan, a_bad_statement_is_one_clear_line) {
  EXPECT_EQ(error_of("split,bogus"),
            "TRACTOR_CHAOS: unknown fault 'bogus': known are delay, split, coalesce, truncate, corrupt, "
            "half-close, refuse, stall, none, seed=N");
  EXPECT_EQ(error_of("delay=5"), "TRACTOR_CHAOS: expected a time up to 10s, such as 5ms, found '5'");
  EXPECT_EQ(error_of("delay=11s"), "TRACTOR_CHAOS: expected a time up to 10s, such as 5ms, found '11s'");
  EXPECT_EQ(error_of("seed=-1"), "TRACTOR_CHAOS: expected a seed from 0, found '-1'");
  EXPECT_EQ(error_of("stall=5ms"), "TRACTOR_CHAOS: 'stall' takes no value, found 'stall=5ms'");
  EXPECT_EQ(error_of("connection 0: stall"),
            "TRACTOR_CHAOS: expected the number of a connection from 1, found '0'");
  EXPECT_EQ(error_of("made 2: stall"), "TRACTOR_CHAOS: expected 'connection N' or 'connections' in 'made 2'");
  EXPECT_EQ(error_of("after 2 bytes: stall"), "TRACTOR_CHAOS: expected 'messages' in 'after 2 bytes'");
  EXPECT_EQ(error_of("now: stall"),
            "TRACTOR_CHAOS: expected a place such as 'connection 2 after 3 messages', found 'now'");
  EXPECT_EQ(error_of("after 3 messages: refuse"),
            "TRACTOR_CHAOS: 'refuse' does not wait for a message: leave out 'after'");
}

TEST(chaos_plan, a_script_is_read_and_its_errors_name_the_line) {
  const temporary_folder folder;
  const std::string file = folder.path() + "/script";
  const environment script("TRACTOR_CHAOS_SCRIPT", file.c_str());
  const environment inline_plan("TRACTOR_CHAOS", "seed=9");
  const auto text_of_failure = [] {
    try {
      chaos_plan::of_environment();
    } catch (const settings_error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  EXPECT_EQ(text_of_failure(), "TRACTOR_CHAOS_SCRIPT: " + file + " cannot be read, or is empty");
  std::ofstream(file) << "seed=3\nconnection 1: stall\n";
  const chaos_plan plan = chaos_plan::of_environment();
  EXPECT_EQ(plan.seed, 9u) << "the variable is read last";
  EXPECT_EQ(plan.rules.size(), 1u);
  std::ofstream(file) << "split\nconnection x: stall\n";
  EXPECT_EQ(text_of_failure(), file + ":2: expected the number of a connection from 1, found 'x'");
  const environment relative("TRACTOR_CHAOS_SCRIPT", "script");
  EXPECT_EQ(text_of_failure(), "TRACTOR_CHAOS_SCRIPT: expected a whole path, from /, found 'script'");
}

TEST(chaos_plan, is_benign_with_the_seed_of_the_run_where_nothing_is_said) {
  const environment script("TRACTOR_CHAOS_SCRIPT", nullptr), said("TRACTOR_CHAOS", nullptr);
  const environment seed("TRACTOR_SEED", "77");
  const chaos_plan plan = chaos_plan::of_environment();
  EXPECT_EQ(plan.seed, 77u);
  ASSERT_EQ(plan.rules.size(), 3u);
  EXPECT_TRUE(std::ranges::all_of(plan.rules, [](const rule& each) { return each.what <= fault::coalesce; }));
  const environment none("TRACTOR_CHAOS", "none");
  EXPECT_TRUE(chaos_plan::of_environment().rules.empty());
}

// The first decisions for a connection, as one text.
std::string decisions(const chaos_plan& plan, const connection_number& number) {
  fault_course course(plan, number);
  std::string out;
  for (int i = 0; i < 20; ++i) {
    out += std::to_string(course.next_write_pause().count()) + " ";
    out += std::to_string(course.next_read_pause().count()) + " ";
    const std::size_t piece = course.write_room(100'000);
    course.wrote(piece);
    out += std::to_string(piece) + " ";
  }
  for (std::uint64_t sent = 0; sent < 20; ++sent)
    if (course.strike_at(sent)) return out + "strikes after " + std::to_string(sent);
  return out + "never strikes";
}

TEST(fault_course, is_the_same_for_the_same_seed_and_connection) {
  const chaos_plan plan = plan_of("seed=42,delay=10ms,coalesce=5ms,split,truncate");
  EXPECT_EQ(decisions(plan, made(3, 2)), decisions(plan, made(3, 2)));
  EXPECT_NE(decisions(plan, made(3, 2)), decisions(plan, made(4, 2)));
  EXPECT_NE(decisions(plan, made(3, 2)),
            decisions(plan_of("seed=43,delay=10ms,coalesce=5ms,split,truncate"), made(3, 2)));
}

TEST(fault_course, keeps_pauses_within_their_bound) {
  fault_course course(plan_of("delay=3ms,coalesce=1ms"), made(1, 1));
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LE(course.next_write_pause(), 3ms);
    EXPECT_LE(course.next_read_pause(), 1ms);
  }
}

TEST(fault_course, strikes_only_where_the_rule_says) {
  const chaos_plan plan = plan_of("accepted connection 1: split,made connection 2 after 4 messages: stall");
  EXPECT_TRUE(fault_course(plan, made(1, 1)).idle());
  const fault_course second(plan, made(7, 2));
  EXPECT_FALSE(second.strike_at(3));
  EXPECT_EQ(second.strike_at(4), fault::stall);
}

TEST(fault_course, takes_the_earlier_of_two_hostile_faults) {
  const fault_course course(plan_of("after 5 messages: stall,after 2 messages: corrupt"), made(1, 1));
  EXPECT_EQ(course.strike_at(2), fault::corrupt);
  EXPECT_EQ(course.strike_at(9), fault::corrupt);
}

TEST(frame_meter, follows_messages_however_they_are_cut) {
  const std::string two("\x02\0\0\0ab\0\0\0\0\x01\0\0\0c", 15);
  for (std::size_t cut = 1; cut <= two.size(); ++cut) {
    frame_meter meter;
    std::span<const std::byte> rest = bytes(two);
    while (!rest.empty()) {
      std::span<const std::byte> part = rest.first(std::min(cut, rest.size()));
      part = part.first(meter.of_this_message(part));
      ASSERT_FALSE(part.empty());
      meter.pass(part);
      rest = rest.subspan(part.size());
    }
    EXPECT_EQ(meter.messages(), 3u) << cut;
    EXPECT_TRUE(meter.at_border()) << cut;
  }
}

}  // namespace chaos_plan_test
