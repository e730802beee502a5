// An array in shared memory that grows at its ends: one actor writes, others read in place.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "tractor/runtime/detail/shm_block.hpp"
#include "tractor/runtime/shm_element.hpp"

namespace tractor {

/// How an array is made. A value; setters return itself.
class shm_array_options {
 public:
  /// Where an array starts unless told, as a share of its capacity: the room before it is for `prepend`.
  static constexpr double default_start = 0.616;

  shm_array_options() {}
  /// The index of the first element that is pushed; `capacity` leaves room for `prepend` only.
  shm_array_options& start_at(std::uint64_t index) { return start_ = index, started_ = true, *this; }
  /// Makes a ring: when it is full, each new element takes the place of the oldest.
  shm_array_options& ring(bool on = true) { return ring_ = on, *this; }

  bool is_ring() const noexcept { return ring_; }
  std::uint64_t start(std::size_t capacity) const noexcept {
    if (started_) return start_;
    return ring_ ? 0 : static_cast<std::uint64_t>(default_start * static_cast<double>(capacity));
  }

 private:
  std::uint64_t start_ = 0;
  bool started_ = false;
  bool ring_ = false;
};

/// A typed array in shared memory, made by `open_shm_array`, attached with `attach_shm_array`.
///
/// What stands between the first and the last index is there for all; the indices are atomic and need no
/// lock. Exactly one process writes at a time, usually the creator. Elements that were pushed are seen whole.
/// Move-only; the creator's object owns the segment: see `shm_segment`. No function here is a checkpoint.
template <shm_element T> class shm_array {
 public:
  using value_type = T;

  shm_token token() const { return block_.token(); }
  std::size_t capacity() const noexcept { return block_.capacity(); }
  /// The index of the oldest element, and the one behind the newest. A ring's only ever grow.
  std::uint64_t first_index() const noexcept { return block_.bounds().first; }
  std::uint64_t last_index() const noexcept { return block_.bounds().second; }
  std::size_t size() const noexcept {
    const auto [first, last] = block_.bounds();
    return static_cast<std::size_t>(last - first);
  }
  bool empty() const noexcept { return size() == 0; }
  bool is_ring() const noexcept { return block_.wraps(); }
  bool writable() const noexcept { return block_.writable(); }

  /// Adds one element behind the last. Throws `shm_full` when there is no room, `shm_error` when read-only.
  void push(const T& value) { block_.append(bytes_of(&value), 1); }
  /// Adds elements behind the last, all or none: they become visible at once. Throws as `push`.
  ///
  /// Into a ring go as many of the last ones as it holds.
  void append(std::span<const T> values) { block_.append(bytes_of(values.data()), values.size()); }
  /// Adds elements before the first, in their order, all or none. Throws as `push`, and for a ring.
  void prepend(std::span<const T> values) { block_.prepend(bytes_of(values.data()), values.size()); }
  void prepend(const T& value) { block_.prepend(bytes_of(&value), 1); }

  /// All that is there, in place; valid as long as this object. Throws `shm_error` for a ring.
  std::span<const T> view() const {
    block_.require_view();
    const auto [first, last] = block_.bounds();
    return {elements() + first, elements() + last};
  }
  /// The newest `count` elements, or all if there are fewer, in place. Throws `shm_error` for a ring.
  std::span<const T> last(std::size_t count) const {
    const std::span<const T> all = view();
    return all.last(std::min(count, all.size()));
  }
  /// Copies the newest `count` elements, or all if there are fewer, oldest first; of a ring too.
  ///
  /// Each one is whole and they are in sequence, though a writer may overtake: then there are fewer.
  std::vector<T> copy_last(std::size_t count) const {
    static_assert(!std::same_as<T, bool>, "copies of flags have no bytes: make it an array of std::uint8_t");
    std::vector<T> out(std::min(count, capacity()));
    out.resize(block_.copy_last(reinterpret_cast<std::byte*>(out.data()), out.size()));
    return out;
  }
  /// All that is there, to be changed in place. Readers may see an element half changed. Throws `shm_error`
  /// for a ring and when read-only.
  std::span<T> edit() {
    const std::span<const T> all = view();
    block_.edit();
    return {const_cast<T*>(all.data()), all.size()};
  }

  /// Takes the name away, so that nobody attaches any more. The creator's alone; idempotent.
  void unlink() noexcept { block_.unlink(); }

 private:
  template <shm_element U> friend shm_array<U> open_shm_array(std::size_t, const shm_array_options&);
  template <shm_element U> friend shm_array<U> attach_shm_array(const shm_token&, shm_access);
  explicit shm_array(detail::shm_block block) noexcept : block_(std::move(block)) {}

  static const std::byte* bytes_of(const T* values) noexcept {
    return reinterpret_cast<const std::byte*>(values);
  }
  const T* elements() const noexcept { return reinterpret_cast<const T*>(block_.data()); }

  detail::shm_block block_;
};

/// Makes an array for `capacity` elements and owns it. Throws `shm_error`, also when there is no room for all
/// of it or it would start beyond its end.
template <shm_element T>
shm_array<T> open_shm_array(std::size_t capacity, const shm_array_options& options = {}) {
  shm_token shape;
  shape.kind = options.is_ring() ? "ring array" : "array";
  shape.element = shm_element_name<T>();
  shape.element_size = sizeof(T);
  shape.capacity = capacity;
  return shm_array<T>(detail::shm_block::create(std::move(shape), alignof(T), options.start(capacity)));
}

/// Attaches an array by its token. Throws `shm_mismatch` when it is of another kind or holds something else,
/// `shm_error` when it is no longer there.
template <shm_element T>
shm_array<T> attach_shm_array(const shm_token& token, shm_access access = shm_access::read_only) {
  shm_token wanted;
  wanted.kind = "array";
  wanted.element = shm_element_name<T>();
  wanted.element_size = sizeof(T);
  return shm_array<T>(detail::shm_block::attach(token, wanted, alignof(T), access));
}

}  // namespace tractor
