#include "fault_course.hpp"

#include <algorithm>

namespace tractor::chaos {

namespace {

constexpr std::size_t header_size = 4;

bool concerns(const rule& one, const connection_number& number) {
  if (one.on != side::either && one.on != number.is) return false;
  return !one.connection || *one.connection == (one.on == side::either ? number.of_all : number.of_side);
}

dice dice_for(const chaos_plan& plan, const connection_number& number, std::uint64_t purpose) {
  dice mixing(plan.seed);
  dice of_connection(mixing.roll() + number.of_all);
  return dice(of_connection.roll() + purpose);
}

}  // namespace

std::uint64_t frame_meter::length_with(std::span<const std::byte> bytes) const noexcept {
  std::uint64_t body = 0;
  for (std::size_t i = 0; i < header_size; ++i) {
    const std::byte next = i < seen_ ? header_[i] : bytes[i - static_cast<std::size_t>(seen_)];
    body |= std::to_integer<std::uint64_t>(next) << (8 * i);
  }
  return header_size + body;
}

std::size_t frame_meter::of_this_message(std::span<const std::byte> bytes) const noexcept {
  if (seen_ + bytes.size() < header_size) return bytes.size();
  return static_cast<std::size_t>(std::min<std::uint64_t>(bytes.size(), length_with(bytes) - seen_));
}

void frame_meter::pass(std::span<const std::byte> bytes) noexcept {
  for (std::size_t i = 0; i < bytes.size() && seen_ + i < header_size; ++i)
    header_[static_cast<std::size_t>(seen_) + i] = bytes[i];
  seen_ += bytes.size();
  if (seen_ < header_size || seen_ < length_with({})) return;
  seen_ = 0;
  ++messages_;
}

fault_course::fault_course(const chaos_plan& plan, const connection_number& number)
    : write_pause_(dice_for(plan, number, 1)),
      read_pause_(dice_for(plan, number, 2)),
      write_size_(dice_for(plan, number, 3)),
      read_size_(dice_for(plan, number, 4)),
      strike_(dice_for(plan, number, 5)) {
  for (const rule& one : plan.rules)
    if (concerns(one, number)) add(one);
}

void fault_course::add(const rule& one) {
  constexpr std::uint64_t latest = 15;
  switch (one.what) {
    case fault::delay:
      delay_ = std::max(delay_, one.most);
      return;
    case fault::coalesce:
      coalesce_ = std::max(coalesce_, one.most);
      return;
    case fault::split:
      splits_ = true;
      return;
    case fault::refuse:
      refuses_ = true;
      return;
    case fault::truncate:
    case fault::corrupt:
    case fault::half_close:
    case fault::stall:
      break;
  }
  // The dice fall for each, so that a rule more does not move the others.
  const std::uint64_t by_seed = strike_.up_to(latest);
  const std::uint64_t after = one.after.value_or(by_seed);
  if (hostile_ && after_ <= after) return;
  hostile_ = one.what;
  after_ = after;
}

bool fault_course::idle() const noexcept {
  return !hostile_ && !splits_ && delay_.count() == 0 && coalesce_.count() == 0;
}

std::optional<fault> fault_course::strike_at(std::uint64_t messages) const noexcept {
  return messages >= after_ ? hostile_ : std::nullopt;
}

std::chrono::nanoseconds fault_course::next_write_pause() noexcept {
  return std::chrono::nanoseconds(write_pause_.up_to(static_cast<std::uint64_t>(delay_.count())));
}

// Not each: a large message comes in many reads.
std::chrono::nanoseconds fault_course::next_read_pause() noexcept {
  constexpr std::uint64_t one_in = 8;
  if (read_pause_.up_to(one_in - 1) != 0) return {};
  return std::chrono::nanoseconds(read_pause_.up_to(static_cast<std::uint64_t>(coalesce_.count())));
}

// Mostly some bytes, at times some thousand: a border may fall anywhere, and much data gets through as well.
std::size_t fault_course::room(dice& size, std::size_t& left, std::size_t wanted) noexcept {
  if (!splits_) return wanted;
  if (left == 0) left = 1 + size.up_to((std::uint64_t(1) << size.up_to(14)) - 1);
  return std::min(wanted, left);
}

}  // namespace tractor::chaos
