// The waits before restarts, and the text of their history: no processes, no clock.
#include "tractor/runtime/restarts.hpp"

#include <gtest/gtest.h>

#include <set>

#include "tractor/runtime/errors.hpp"

namespace restarts_test {

using namespace tractor;
using namespace std::chrono_literals;

static_assert(std::is_nothrow_copy_constructible_v<too_many_restarts>);

TEST(restart_backoff, without_jitter_grows_by_its_factor_up_to_its_bound) {
  const auto waits = restart_backoff(100ms, 1s, 3).jitter(0);
  EXPECT_EQ(waits.delay(0, 1), 100ms);
  EXPECT_EQ(waits.delay(0, 2), 300ms);
  EXPECT_EQ(waits.delay(0, 3), 900ms);
  EXPECT_EQ(waits.delay(0, 4), 1s);
  EXPECT_EQ(waits.delay(0, 1'000'000), 1s);
}

TEST(restart_backoff, of_none_is_no_wait) { EXPECT_EQ(restart_backoff::none().delay(3, 7), 0s); }

TEST(restart_backoff, with_jitter_stays_between_its_bounds_and_uses_what_is_between) {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    const auto waits = restart_backoff(100ms, 400ms).jitter(0.5).seed(seed);
    std::set<duration> seen;
    for (std::size_t child = 0; child < 20; ++child)
      for (std::size_t failures = 1; failures < 6; ++failures) {
        const duration whole = std::min<duration>(400ms, 100ms * (1 << (failures - 1)));
        const duration wait = waits.delay(child, failures);
        EXPECT_LE(wait, whole) << "seed " << seed;
        EXPECT_GE(wait, whole / 2) << "seed " << seed;
        seen.insert(wait);
      }
    EXPECT_GT(seen.size(), 90u) << "seed " << seed;
  }
}

TEST(restart_backoff, is_the_same_for_the_same_seed_and_another_for_another) {
  const auto one = restart_backoff().seed(7), same = restart_backoff().seed(7),
             other = restart_backoff().seed(8);
  EXPECT_EQ(one.delay(2, 3), same.delay(2, 3));
  EXPECT_NE(one.delay(2, 3), other.delay(2, 3));
  // Children that fail together do not come back together.
  EXPECT_NE(one.delay(0, 1), one.delay(1, 1));
}

TEST(restart_backoff, refuses_bounds_that_make_no_sense) {
  EXPECT_THROW(restart_backoff(2s, 1s), std::invalid_argument);
  EXPECT_THROW(restart_backoff(-1s, 1s), std::invalid_argument);
  EXPECT_THROW(restart_backoff(1s, 2s, 0.5), std::invalid_argument);
  EXPECT_THROW(restart_backoff().jitter(1.1), std::invalid_argument);
  EXPECT_THROW(restart_backoff().jitter(-0.1), std::invalid_argument);
}

namespace {

restart_record record_of(const std::string& child, const std::string& why, std::optional<duration> wait) {
  restart_record record;
  record.child = child;
  record.who = actor_id(child, "0123456789abcdef", 42);
  record.uptime = 1500ms;
  record.why = std::make_exception_ptr(std::domain_error(why));
  record.wait = wait;
  return record;
}

}  // namespace

TEST(restart_history, says_which_child_when_and_why) {
  restart_record record = record_of("feeder", "no food", 250ms);
  const std::string text = record.text();
  for (const std::string part :
       {"'feeder'", "feeder@01234567", "pid 42", "ended after 1.500 s", "no food", "restarted 0.250 s later"})
    EXPECT_NE(text.find(part), text.npos) << part << " in\n" << text;
  EXPECT_EQ(text.find("19"), 0u) << text;  // the epoch's day, in some zone
  record.wait.reset();
  EXPECT_NE(record.text().find(", not restarted"), text.npos);
  record.uptime = {};
  EXPECT_NE(record.text().find("died in its boot"), text.npos);
  record.why = nullptr;
  EXPECT_NE(record.text().find("it returned"), text.npos);
}

TEST(restart_history, of_an_escalation_is_whole_and_numbered) {
  const too_many_restarts error("root@1", 1, 2s,
                                {record_of("a", "first\nsecond line", 1s), record_of("b", "last", {})}, 10);
  const std::string text = error.what();
  for (const std::string part : {"'root@1' gives up", "'b' ended once more", "1 restarts within 2.000 s",
                                 "10 older", "\n  11. ", "\n  12. ", "first\n     second line", "last"})
    EXPECT_NE(text.find(part), text.npos) << part << " in\n" << text;
  EXPECT_EQ(error.history().size(), 2u);
  EXPECT_EQ(error.summary().find('\n'), text.npos);
}

TEST(restart_history, of_an_escalation_is_whole_after_a_way_over_the_wire) {
  const actor_id far("far", "aaaa"), middle("middle", "bbbb");
  const auto error = std::make_exception_ptr(
      too_many_restarts("far@aaaa", 1, 2s, {record_of("a", "one", 1s), record_of("a", "two", {})}));
  const auto relayed = detail::unbox_error(detail::box_error(error, far));
  const auto twice = detail::unbox_error(detail::box_error(relayed, middle));
  try {
    std::rethrow_exception(twice);
  } catch (const remote_actor_error& remote) {
    EXPECT_TRUE(remote.boxed_type_is<too_many_restarts>());
    EXPECT_EQ(remote.src_uid(), far);
    EXPECT_NE(remote.message().find("\n  2. "), std::string::npos) << remote.message();
    const auto members = remote.exceptions();
    ASSERT_EQ(members.size(), 2u);
    EXPECT_TRUE(members[0].boxed_type_is<std::domain_error>());
    EXPECT_EQ(members[1].message(), "two");
    try {
      std::rethrow_exception(remote.unwrap());
    } catch (const too_many_restarts& local) {
      EXPECT_EQ(local.what(), remote.message());
      EXPECT_NE(local.summary().find("gives up"), std::string::npos);
    }
  }
}

}  // namespace restarts_test
