// What the actors of the benchmarks serve.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tractor/runtime/actor_nursery.hpp"
#include "tractor/runtime/context.hpp"
#include "tractor/runtime/ring_channel.hpp"

namespace bench {

/// Processes below the root of a tree of three levels of three.
inline constexpr int tree_size = 3 + 9 + 27;

/// Yields what it was given.
tractor::task<int> echo(int value);

/// An item of the streams: that many bytes.
using bytes = std::vector<std::byte>;

/// Sends each number back.
tractor::task<> return_items(tractor::context<tractor::receives<int>, tractor::sends<int>>& ctx);
/// Takes items; yields how many bytes they had.
tractor::task<std::uint64_t> take_items(tractor::context<tractor::receives<bytes>>& ctx);
/// Is over as soon as it has begun.
tractor::task<> come_and_go(tractor::context<>& ctx);

/// Reports itself with one byte, starts `depth` levels of three actors each, and stays until it is cancelled.
tractor::task<> grow(int depth);

/// Starts one such actor; it reports to `report`. Not a checkpoint.
void grow_one_below(tractor::actor_nursery& nursery, int report, int depth);
/// Starts three actors with `depth` levels below each; they report to `report`. Not a checkpoint.
void grow_below(tractor::actor_nursery& nursery, int report, int depth);

/// An item of a ring.
class small_item {
 public:
  small_item() = default;
  small_item(std::uint64_t key, std::uint64_t value) : key(key), value(value) {}
  std::uint64_t key = 0;
  std::uint64_t value = 0;
};

/// Takes all items of a ring; yields how many there were.
tractor::task<int> take_small(tractor::ring_token from);
tractor::task<int> take_bytes(tractor::ring_token from);

/// Waits until `count` bytes have come through a pipe. A checkpoint.
tractor::task<> wait_for_bytes(int fd, std::size_t count);

}  // namespace bench
