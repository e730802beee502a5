// What befalls one connection, step by step.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "chaos_plan.hpp"
#include "dice.hpp"

namespace tractor::chaos {

/// Which connection of this process, each number counted from 1. A value.
class connection_number {
 public:
  std::uint64_t of_all = 1;
  std::uint64_t of_side = 1;
  side is = side::made;
};

/// Follows the messages of one direction: a length of four bytes, little-endian, and so many bytes.
class frame_meter {
 public:
  /// How many of `bytes` belong to the message that is under way, or begins.
  std::size_t of_this_message(std::span<const std::byte> bytes) const noexcept;
  /// Notes that these bytes have gone; they are of one message.
  void pass(std::span<const std::byte> bytes) noexcept;
  /// True between two messages.
  bool at_border() const noexcept { return seen_ == 0; }
  std::uint64_t messages() const noexcept { return messages_; }

 private:
  std::uint64_t length_with(std::span<const std::byte> bytes) const noexcept;

  std::byte header_[4] = {};
  std::uint64_t seen_ = 0;  // bytes of the message that is under way
  std::uint64_t messages_ = 0;
};

/// Decides for one connection what goes wrong, and when; all chance comes from the seed of the plan and the
/// connection's number. A value.
class fault_course {
 public:
  fault_course(const chaos_plan& plan, const connection_number& number);

  bool refuses() const noexcept { return refuses_; }
  /// True when nothing is to happen at all.
  bool idle() const noexcept;
  /// The hostile fault that strikes once `messages` have been sent, if it is time.
  std::optional<fault> strike_at(std::uint64_t messages) const noexcept;

  /// How long the next write waits before it begins, and the next read goes on gathering.
  std::chrono::nanoseconds next_write_pause() noexcept;
  std::chrono::nanoseconds next_read_pause() noexcept;
  /// How many of `wanted` bytes the next write or read may take; at least one.
  std::size_t write_room(std::size_t wanted) noexcept { return room(write_size_, write_left_, wanted); }
  std::size_t read_room(std::size_t wanted) noexcept { return room(read_size_, read_left_, wanted); }
  void wrote(std::size_t count) noexcept { write_left_ -= splits_ ? count : 0; }
  void read(std::size_t count) noexcept { read_left_ -= splits_ ? count : 0; }
  /// The byte of a message that is flipped: one that no reader takes for good.
  std::size_t byte_to_flip() noexcept { return 3 + strike_.up_to(1); }

 private:
  std::size_t room(dice& size, std::size_t& left, std::size_t wanted) noexcept;
  void add(const rule& one);

  // Each has dice of its own, so that none depends on how often another one is asked.
  dice write_pause_, read_pause_, write_size_, read_size_, strike_;
  std::chrono::nanoseconds delay_{}, coalesce_{};
  bool splits_ = false, refuses_ = false;
  std::optional<fault> hostile_;
  std::uint64_t after_ = 0;
  std::size_t write_left_ = 0, read_left_ = 0;
};

}  // namespace tractor::chaos
