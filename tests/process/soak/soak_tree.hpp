// The actors of the soak: each starts those below it, exchanges items with them, and meets its fate.
#pragma once

#include <tractor/tractor.hpp>

#include "soak_plan.hpp"

namespace soak {

/// The error of an actor whose fate is to throw; its text ends with the actor's name.
class fate_met : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Something that must never happen was seen by an actor.
class broken_promise : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// One actor: sends back what it gets until its caller is done; yields how many actors it and those below
/// are.
tractor::task<int> live(
    tractor::context<tractor::starts<int>, tractor::receives<int>, tractor::sends<int>>& ctx,
    actor_plan plan);

/// Numbers without an end, for visitors.
tractor::task<> chatter(tractor::send_stream<int>& out);

/// Starts one actor with all below it and lives through its life; adds its answer to `count`.
tractor::task<> raise_actor(tractor::actor_nursery& in, actor_plan plan, int& count);

}  // namespace soak
