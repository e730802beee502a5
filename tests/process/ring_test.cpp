// Rings between real processes: much through little room, cancels and deaths on either side.
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <random>

#include "program.hpp"
#include "tractor/tractor.hpp"

namespace ring_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

struct totals {
  std::int64_t count = 0;
  std::int64_t bytes = 0;
  std::uint64_t sum = 0;
};
BOOST_DESCRIBE_STRUCT(totals, (), (count, bytes, sum))

void add(totals& to, msg::byte_view item) {
  ++to.count;
  to.bytes += static_cast<std::int64_t>(item.size());
  for (std::size_t i = 0; i < item.size(); i += 97)
    to.sum = to.sum * 31 + static_cast<unsigned char>(item[i]);
}

// The same items on both sides, from one seed.
class item_source {
 public:
  item_source(std::uint64_t seed, std::size_t smallest, std::size_t largest)
      : random_(seed), smallest_(smallest), spread_(largest - smallest + 1), bytes_(largest + 256) {
    for (std::byte& each : bytes_) each = static_cast<std::byte>(random_());
  }
  msg::byte_view next() {
    const std::size_t size = smallest_ + random_() % spread_;
    return msg::byte_view(bytes_).subspan(random_() % 256, size);
  }

 private:
  std::mt19937_64 random_;
  std::size_t smallest_, spread_;
  ring_bytes bytes_;
};

task<totals> take_numbers(ring_token from) {
  totals all;
  auto rx = co_await attach_ring_receiver<std::uint64_t>(from);
  while (auto item = co_await rx.next()) {
    ++all.count;
    all.sum = all.sum * 31 + *item;
  }
  co_return all;
}
task<totals> take_bytes(ring_token from) {
  totals all;
  auto rx = co_await attach_ring_receiver(from);
  while (auto item = co_await rx.next_view()) add(all, *item);
  co_return all;
}
task<totals> give_bytes(ring_token to, std::uint64_t seed, std::int64_t count, std::uint64_t smallest,
                        std::uint64_t largest) {
  totals all;
  item_source source(seed, smallest, largest);
  auto tx = co_await attach_ring_sender(to);
  for (std::int64_t i = 0; i < count; ++i) {
    const msg::byte_view item = source.next();
    add(all, item);
    co_await tx.send(item);
  }
  co_return all;
}
// Without end, in items that are larger than the ring.
task<> give_for_ever(ring_token to) {
  const ring_bytes item(20'000);
  auto tx = co_await attach_ring_sender(to);
  for (;;) co_await tx.send(item);
}
task<> take_for_ever(ring_token from) {
  auto rx = co_await attach_ring_receiver(from);
  for (;;) co_await rx.receive();
}
task<> take_and_die(ring_token from, int items) {
  auto rx = co_await attach_ring_receiver(from);
  for (int i = 0; i < items; ++i) co_await rx.receive();
  ::kill(::getpid(), SIGKILL);
}
task<> give_and_die(ring_token to, int items) {
  const ring_bytes item(100);
  auto tx = co_await attach_ring_sender(to);
  for (int i = 0; i < items; ++i) co_await tx.send(item);
  const ring_bytes large(100'000);
  co_await move_on_after(50ms, tx.send(large));
  ::kill(::getpid(), SIGKILL);
}
task<> take_as_numbers(ring_token from) { co_await attach_ring_receiver<double>(from); }
actor_options takers() {
  return expose<&take_numbers, &take_bytes, &give_bytes, &give_for_ever, &take_for_ever, &take_and_die,
                &give_and_die, &take_as_numbers>();
}

// From here to a child, and from a child to here: what arrives is what was sent.
task<> sends_much(std::size_t capacity, std::int64_t count, std::size_t smallest, std::size_t largest) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", takers());
    auto down = open_ring_channel(capacity);
    totals theirs, ours;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { theirs = co_await kid.run<&take_bytes>(down.token()); });
      item_source source(7, smallest, largest);
      auto tx = down.sender();
      for (std::int64_t i = 0; i < count; ++i) {
        const msg::byte_view item = source.next();
        add(ours, item);
        co_await tx.send(item);
      }
    });
    EXPECT_EQ(theirs.count, count);
    EXPECT_EQ(theirs.bytes, ours.bytes);
    EXPECT_EQ(theirs.sum, ours.sum);

    auto up = open_ring_channel(capacity);
    totals sent, taken;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        sent = co_await kid.run<&give_bytes>(up.token(), 8u, count, smallest, largest);
      });
      auto rx = up.receiver();
      while (auto item = co_await rx.next_view()) add(taken, *item);
    });
    EXPECT_EQ(taken.count, count);
    EXPECT_EQ(taken.bytes, sent.bytes);
    EXPECT_EQ(taken.sum, sent.sum);
    an.cancel();
  });
}

template <class T> task<> send_until_broken(ring_send_channel<T>& tx, T item) {
  for (;;) co_await tx.send(item);
}

TRACTOR_TEST(ring, carries_a_hundred_thousand_small_items) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", takers());
    auto ring = open_ring_channel<std::uint64_t>();
    totals theirs;
    std::uint64_t sum = 0;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { theirs = co_await kid.run<&take_numbers>(ring.token()); });
      auto tx = ring.sender();
      for (std::uint64_t i = 0; i < 100'000; ++i) {
        sum = sum * 31 + i;
        co_await tx.send(i);
      }
    });
    EXPECT_EQ(theirs.count, 100'000);
    EXPECT_EQ(theirs.sum, sum);
    an.cancel();
  });
}

TRACTOR_TEST(ring, carries_items_that_are_larger_than_itself) {
  co_await sends_much(10 * 1024, 1000, 10 * 1024, 20 * 1024);
}

TRACTOR_TEST(ring, carries_large_items_through_ten_mebibytes) {
  co_await sends_much(10 << 20, 100, 256 * 1024, 512 * 1024);
}

TRACTOR_TEST(ring, carries_items_of_no_and_of_any_size) { co_await sends_much(4096, 2000, 0, 5000); }

TRACTOR_TEST(ring, joins_two_children) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto giver = co_await an.start_actor("giver", takers());
    auto taker = co_await an.start_actor("taker", takers());
    auto ring = open_ring_channel();
    totals given, taken;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { taken = co_await taker.run<&take_bytes>(ring.token()); });
      given = co_await giver.run<&give_bytes>(ring.token(), 9u, 500, 0u, 30'000u);
    });
    EXPECT_EQ(taken.count, 500);
    EXPECT_EQ(taken.bytes, given.bytes);
    EXPECT_EQ(taken.sum, given.sum);
    an.cancel();
  });
}

TRACTOR_TEST(ring, for_other_items_is_refused_with_both_named) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", takers());
    auto ring = open_ring_channel<std::int32_t>();
    auto error = co_await raises<remote_actor_error>(kid.run<&take_as_numbers>(ring.token()));
    EXPECT_TRUE(error.boxed_type_is<shm_mismatch>()) << error.src_type_str();
    EXPECT_THAT(error.message(), HasSubstr("for int32 (4 bytes each)"));
    EXPECT_THAT(error.message(), HasSubstr("for float64 (8 bytes each)"));
    an.cancel();
  });
}

TRACTOR_TEST(ring, whose_receiver_is_cancelled_breaks_for_its_sender) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", takers());
    auto ring = open_ring_channel();
    auto tx = ring.sender();
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { co_await kid.run<&take_for_ever>(ring.token()); });
      const ring_bytes item(20'000);
      for (int i = 0; i < 100; ++i) co_await tx.send(item);
      tn.scope().cancel();
    });
    auto error = co_await raises<broken_channel>(send_until_broken(tx, ring_bytes(5000)));
    EXPECT_THAT(error.what(), HasSubstr("receiving side"));
    // The actor is well.
    auto again = open_ring_channel();
    again.sender().close();
    auto none = co_await kid.run<&take_bytes>(again.token());
    EXPECT_EQ(none.count, 0);
    an.cancel();
  });
}

TRACTOR_TEST(ring, whose_sender_is_cancelled_ends_for_its_receiver) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", takers());
    auto ring = open_ring_channel();
    auto rx = ring.receiver();
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { co_await kid.run<&give_for_ever>(ring.token()); });
      for (int i = 0; i < 100; ++i) {
        auto item = co_await rx.receive();
        EXPECT_EQ(item.size(), 20'000u);
      }
      tn.scope().cancel();
    });
    // It may have been cancelled in the middle of an item, and then it says so.
    bool ended = false;
    try {
      while (auto item = co_await rx.next()) EXPECT_EQ(item->size(), 20'000u);
      ended = true;
    } catch (const broken_channel& error) {
      EXPECT_THAT(error.what(), HasSubstr("in the middle of an item"));
      ended = true;
    }
    EXPECT_TRUE(ended);
    an.cancel();
  });
}

TRACTOR_TEST(ring, whose_receiver_is_killed_breaks_for_its_sender) {
  bool broken = false;
  auto life = open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", takers());
    auto ring = open_ring_channel();
    auto tx = ring.sender();
    an.tasks().start_soon([&]() -> task<> { co_await kid.run<&take_and_die>(ring.token(), 3); });
    co_await shielded([&]() -> task<> {
      auto error = co_await raises<broken_channel>(send_until_broken(tx, ring_bytes(5000)));
      EXPECT_THAT(error.what(), HasSubstr("died"));
      broken = true;
    });
    co_await sleep_forever();
  });
  auto death = co_await raises<actor_failure>(std::move(life));
  EXPECT_EQ(death.status().signo(), SIGKILL);
  EXPECT_TRUE(broken);
}

TRACTOR_TEST(ring, whose_sender_is_killed_gives_what_is_whole_and_then_breaks) {
  int taken = 0;
  bool broken = false;
  auto life = open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", takers());
    auto ring = open_ring_channel();
    auto rx = ring.receiver();
    an.tasks().start_soon([&]() -> task<> { co_await kid.run<&give_and_die>(ring.token(), 20); });
    co_await shielded([&]() -> task<> {
      try {
        for (;; ++taken) co_await rx.receive();
      } catch (const broken_channel& error) {
        EXPECT_THAT(error.what(), HasSubstr("died"));
        broken = true;
      }
    });
    co_await sleep_forever();
  });
  auto death = co_await raises<actor_failure>(std::move(life));
  EXPECT_EQ(death.status().signo(), SIGKILL);
  EXPECT_TRUE(broken);
  EXPECT_GE(taken, 20);
}

}  // namespace ring_test
