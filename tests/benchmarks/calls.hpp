// Work without a clock, for tools that count.
#pragma once

#include <cstddef>

#include "cell.hpp"

namespace bench {

/// What is done that often: calls, or round trips of a stream's items, or items one way. A value.
class load {
 public:
  int calls = 0;
  int round_trips = 0;
  int items = 0;
  std::size_t size = 16;  ///< of the items, in bytes
  bool any() const noexcept { return calls + round_trips + items > 0; }
};

/// Starts one actor and does `what` with it.
void make_calls(const cell& where, const load& what);

/// Starts `count` actors, one after the other, and calls each once; then ends them all.
void make_spawns(const cell& where, int count);

/// Runs a root actor that serves such loads at `address` until it is interrupted.
void serve_calls(const cell& where, const std::string& address);
/// Does `what` with the actor that `serve_calls` runs at `address`, from a root of its own: starts no
/// process.
void make_calls_to(const cell& where, const std::string& address, const load& what);

}  // namespace bench
