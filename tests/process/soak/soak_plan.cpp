#include "soak_plan.hpp"

#include <signal.h>

#include <random>

namespace soak {

namespace {

/// Dice of one seed; the same on every machine.
class dice {
 public:
  explicit dice(std::uint64_t seed) : source_(seed) {}
  int below(int bound) { return static_cast<int>(source_() % static_cast<std::uint64_t>(bound)); }
  bool one_in(int sides) { return below(sides) == 0; }

 private:
  std::mt19937_64 source_;
};

constexpr int most_actors = 40;
constexpr int deepest = 4;
constexpr int latest_ms = 80;

/// The tree while it is made: each actor knows its parent's place, -1 for the root.
struct flat_actor {
  actor_plan plan;
  int parent = -1;
  int depth = 1;
};

std::vector<actor_plan> nested(const std::vector<flat_actor>& all, int below) {
  std::vector<actor_plan> out;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i].parent != below) continue;
    out.push_back(all[i].plan);
    out.back().kids = nested(all, static_cast<int>(i));
  }
  return out;
}

std::vector<flat_actor> grow(dice& roll, const std::string& prefix, bool harm) {
  // Small trees often, large ones too.
  const int count = 1 + roll.below(1 + roll.below(most_actors));
  std::vector<flat_actor> all;
  for (int i = 0; i < count; ++i) {
    flat_actor one;
    if (i > 0 && !roll.one_in(4)) one.parent = roll.below(i);
    if (one.parent >= 0) one.depth = all[static_cast<std::size_t>(one.parent)].depth + 1;
    if (one.depth > deepest) one.parent = -1, one.depth = 1;
    one.plan.name = prefix + std::to_string(i);
    one.plan.items = roll.below(200);
    one.plan.floods = roll.one_in(2);
    if (roll.one_in(8)) one.plan.cut_after = roll.below(1 + one.plan.items);
    if (roll.one_in(6)) one.plan.visits = prefix + std::to_string(roll.below(count));
    if (one.plan.visits == one.plan.name) one.plan.visits.clear();
    if (harm && roll.one_in(10)) {
      one.plan.meets = static_cast<fate>(1 + roll.below(4));
      one.plan.meets_at_ms = roll.below(latest_ms);
    }
    all.push_back(one);
  }
  return all;
}

void let_linger(std::vector<actor_plan>& all) {
  for (actor_plan& each : all) {
    each.lingers_ms = 4 * latest_ms;
    let_linger(each.kids);
  }
}

int count_uncut(const actor_plan& of) {
  if (of.cut_after >= 0) return 0;
  int count = 1;
  for (const actor_plan& kid : of.kids) count += count_uncut(kid);
  return count;
}

// Below a context that is cut nothing is sure to happen.
bool meets_surely(const actor_plan& of) {
  if (of.cut_after >= 0) return false;
  if (of.meets != fate::none) return true;
  for (const actor_plan& kid : of.kids)
    if (meets_surely(kid)) return true;
  return false;
}

}  // namespace

round_plan::round_plan(std::uint64_t seed) : seed(seed), prefix("s" + std::to_string(seed % 100'000) + "_") {
  dice roll(seed);
  const bool harm = !roll.one_in(4);
  const std::vector<flat_actor> all = grow(roll, prefix, harm);
  for (const flat_actor& one : all) {
    parents[one.plan.name] = one.parent < 0 ? "" : all[static_cast<std::size_t>(one.parent)].plan.name;
    fates[one.plan.name] = one.plan.meets;
  }
  top = nested(all, -1);
  if (!harm) return;
  if (roll.one_in(4)) cancelled_at_ms = roll.below(3 * latest_ms);
  const bool silence = roll.one_in(2);
  for (int i = roll.below(3); i > 0; --i) {
    blow one;
    one.at_ms = roll.below(2 * latest_ms);
    one.signal = roll.one_in(5) ? SIGSTOP : SIGKILL;
    one.pick = static_cast<std::size_t>(roll.below(1000));
    blows.push_back(one);
    if (one.signal != SIGSTOP) continue;
    // Who gets rid of an actor that stands still: whoever misses its heartbeat, or an end from above.
    if (silence)
      waits_for_silence = true;
    else if (!cancelled_at_ms)
      cancelled_at_ms = one.at_ms + 100;
  }
  if (!waits_for_silence) return;
  // Else most are about to end when the signal comes, and whoever stands still then is ended without a word.
  let_linger(top);
  cancelled_at_ms.reset();
}

int round_plan::expected_count() const {
  int count = 0;
  for (const actor_plan& each : top) count += count_uncut(each);
  return count;
}

bool round_plan::harmless() const {
  if (cancelled_at_ms || !blows.empty()) return false;
  for (const auto& [name, meets] : fates)
    if (meets != fate::none) return false;
  return true;
}

bool round_plan::harmful() const {
  if (cancelled_at_ms) return false;
  for (const actor_plan& each : top)
    if (meets_surely(each)) return true;
  return false;
}

std::string round_plan::text() const {
  std::string out = "seed " + std::to_string(seed) + ": " + std::to_string(parents.size()) + " actors";
  int meetings = 0;
  for (const auto& [name, meets] : fates) meetings += meets != fate::none;
  if (meetings > 0) out += ", " + std::to_string(meetings) + " fates";
  for (const blow& each : blows)
    out += ", signal " + std::to_string(each.signal) + " after " + std::to_string(each.at_ms) + " ms";
  if (waits_for_silence) out += ", silence is waited for";
  if (cancelled_at_ms) out += ", cancelled after " + std::to_string(*cancelled_at_ms) + " ms";
  return out;
}

}  // namespace soak
