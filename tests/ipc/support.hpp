// What the tests of channels, handshakes and servers share.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "../async/support.hpp"
#include "../log/captured_log.hpp"
#include "memory_transport.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/ipc/channel.hpp"
#include "tractor/ipc/handshake.hpp"
#include "tractor/msg/codec_error.hpp"

namespace tractor::ipc::test {

using namespace std::chrono_literals;
using errc = boost::system::errc::errc_t;
using testing::error_of;
using testing::run;

inline const actor_id alice("alice", "00000000-0000-4000-8000-00000000000a", 11);
inline const actor_id bob("bob", "00000000-0000-4000-8000-00000000000b", 12);

inline handshake_options identity_of(const actor_id& who) {
  handshake_options out;
  out.self = who;
  return out;
}

/// Two channels, one at each end of a connection; their writers run in a nursery.
class channel_pair {
 public:
  channel_pair(task_nursery& tn, bool vouched, const msg::frame_limits& limits = {}) {
    auto [first, second] = make_pair(vouched);
    near_stream = first.get();
    far_stream = second.get();
    near = std::make_shared<channel>(std::move(first), limits);
    far = std::make_shared<channel>(std::move(second), limits);
    for (const auto& each : {near, far}) tn.start_soon([each] { return each->run_writer(); });
  }
  memory_stream *near_stream, *far_stream;
  std::shared_ptr<channel> near, far;
};

/// Runs `body(channel_pair&)` under the jumping clock; the writers end with it.
template <class F> void with_channels(bool vouched, F&& body, const msg::frame_limits& limits = {}) {
  run([&]() -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      channel_pair both(tn, vouched, limits);
      co_await body(both);
      tn.scope().cancel();
    });
  });
}

inline msg::stop stop_of(std::string_view cid) {
  msg::stop out;
  out.cid = cid;
  return out;
}

/// What `work` throws, as text; empty when it ends well.
template <class T> task<std::string> failure_of(task<T> work) {
  try {
    co_await std::move(work);
  } catch (const std::exception& error) {
    co_return error.what();
  }
  co_return std::string();
}

inline bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

/// Lets every other task run until it waits.
inline task<> let_others_run() {
  for (int i = 0; i < 20; ++i) co_await checkpoint();
}

/// Bytes as a peer may send them that is none of ours.
inline task<> send_raw(byte_stream& to, std::string_view text) {
  const std::span<const std::byte> part = std::as_bytes(std::span(text.data(), text.size()));
  co_await to.write_all(std::span(&part, 1));
}

}  // namespace tractor::ipc::test
