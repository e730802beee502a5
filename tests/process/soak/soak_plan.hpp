// What happens in one round of the soak: a tree of actors and what befalls them, all from one seed.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tractor/msg/codec.hpp>
#include <vector>

namespace soak {

/// How an actor ends, if not in order.
enum class fate : int { none, throws, cancels_itself, is_killed, exits };

/// One actor and all below it. Travels to the actor itself.
class actor_plan {
 public:
  std::string name;
  fate meets = fate::none;
  int meets_at_ms = 0;  ///< so long after its start
  int items = 0;        ///< that its parent sends it, and gets back
  bool floods = false;  ///< all at once, and not one after the other
  int cut_after = -1;   ///< its parent cancels its context after so many of them; never if negative
  int lingers_ms = 0;   ///< before it answers
  std::string visits;   ///< another actor, from which it reads a stream if it finds it
  std::vector<actor_plan> kids;

  BOOST_DESCRIBE_CLASS(actor_plan, (),
                       (name, meets, meets_at_ms, items, floods, cut_after, lingers_ms, visits, kids), (), ())
};

/// A signal from outside to whoever is there at that time.
class blow {
 public:
  int at_ms = 0;
  int signal = 0;
  std::size_t pick = 0;
};

/// One round. A value.
class round_plan {
 public:
  explicit round_plan(std::uint64_t seed);

  /// What no actor may be missing of: how many answer in a round without any harm.
  int expected_count() const;
  /// True when nothing of what is planned can make an error or end the round early.
  bool harmless() const;
  /// True when something befalls an actor whatever else happens.
  bool harmful() const;
  std::string text() const;

  std::uint64_t seed;
  std::string prefix;  ///< of all names
  std::vector<actor_plan> top;
  std::optional<int> cancelled_at_ms;  ///< from above
  std::vector<blow> blows;
  bool waits_for_silence = false;  ///< nothing but a missed heartbeat gets rid of who is stopped

  /// Who starts whom; the root is the empty name.
  std::map<std::string, std::string> parents;
  std::map<std::string, fate> fates;
};

}  // namespace soak
