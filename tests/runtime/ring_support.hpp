// What the tests of rings have in common.
#pragma once

#include <string>

#include "shm_support.hpp"
#include "tractor/async/async.hpp"
#include "tractor/runtime/ring_channel.hpp"

namespace tractor::testing {

using namespace std::chrono_literals;

inline constexpr std::size_t page = 4096;

inline ring_bytes pattern(std::size_t size, std::uint32_t seed) {
  ring_bytes out(size);
  for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::byte>(seed * 31 + i * 7 + (i >> 8));
  return out;
}

/// Runs a test's body in a loop; nothing waits for more than 20 s.
template <class F> void in_loop(F&& body) {
  run_loop([&]() -> task<> { co_await fail_after(20s, body); });
}

template <class Error> task<std::string> error_of_task(task<> work) {
  std::string text;
  bool thrown = false;
  try {
    co_await std::move(work);
  } catch (const Error& error) {
    text = error.what();
    thrown = true;
  }
  EXPECT_TRUE(thrown) << "nothing was thrown";
  co_return text;
}

template <class T> task<> send_one(ring_send_channel<T>& tx, T item) { co_await tx.send(item); }
inline task<> send_bytes(ring_send_channel<ring_bytes>& tx, ring_bytes item) { co_await tx.send(item); }
template <class T> task<> receive_one(ring_receive_channel<T>& rx) { co_await rx.receive(); }

/// Lets the other tasks come to where they wait.
inline task<> let_others_wait() {
  for (int i = 0; i < 10; ++i) co_await checkpoint();
}

/// Sends until it has to wait; yields how many items went in.
inline task<int> fill(ring_send_channel<int>& tx, int first) {
  int sent = 0;
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      for (;; ++sent) co_await tx.send(first + sent);
    });
    for (int before = -1; before != sent;) {
      before = sent;
      co_await let_others_wait();
    }
    tn.scope().cancel();
  });
  co_return sent;
}

/// Cancels a send where it waits for room.
inline task<> begin_to_send(ring_send_channel<ring_bytes>& tx, const ring_bytes& item) {
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> { co_await tx.send(item); });
    co_await let_others_wait();
    tn.scope().cancel();
  });
}

}  // namespace tractor::testing
