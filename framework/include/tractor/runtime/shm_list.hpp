// A list of fixed length in shared memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "tractor/runtime/detail/shm_block.hpp"
#include "tractor/runtime/shm_element.hpp"

namespace tractor {

/// A typed list in shared memory, made by `open_shm_list`, attached with `attach_shm_list`.
///
/// It has as many elements as it was made with. There is no lock: an element of 1, 2, 4 or 8 bytes is read
/// and written whole, a larger one that is written meanwhile may be read half written, so say by a message
/// when it is done. Move-only; the creator's object owns the segment: see `shm_segment`. No function here is
/// a checkpoint.
template <shm_element T> class shm_list {
 public:
  using value_type = T;
  /// As many as `open_shm_list` makes unless told.
  static constexpr std::size_t default_size = 1024;

  shm_token token() const { return block_.token(); }
  std::size_t size() const noexcept { return block_.capacity(); }
  bool writable() const noexcept { return block_.writable(); }

  /// One element, copied. Throws `shm_error` beyond the end.
  T operator[](std::size_t index) const {
    check(index, index + 1);
    T value;
    detail::copy_shared(reinterpret_cast<std::byte*>(&value), bytes_at(index), sizeof(T));
    return value;
  }
  /// Replaces one element. Throws `shm_error` beyond the end and when read-only.
  void set(std::size_t index, const T& value) {
    check(index, index + 1);
    detail::copy_shared(block_.edit() + index * sizeof(T), reinterpret_cast<const std::byte*>(&value),
                        sizeof(T));
  }
  /// The elements from `from` up to, not with, `to`, in place; valid as long as this object. Throws
  /// `shm_error` beyond the end.
  std::span<const T> slice(std::size_t from, std::size_t to) const {
    check(from, to);
    return {reinterpret_cast<const T*>(block_.data()) + from, to - from};
  }
  /// All elements, in place.
  std::span<const T> view() const { return slice(0, size()); }
  /// The same slice for writing. Throws `shm_error` when read-only.
  std::span<T> edit(std::size_t from, std::size_t to) {
    const std::span<const T> part = slice(from, to);
    block_.edit();
    return {const_cast<T*>(part.data()), part.size()};
  }
  std::span<T> edit() { return edit(0, size()); }

  /// Takes the name away, so that nobody attaches any more. The creator's alone; idempotent.
  void unlink() noexcept { block_.unlink(); }

 private:
  template <shm_element U> friend shm_list<U> open_shm_list(std::size_t, const U&);
  template <shm_element U> friend shm_list<U> attach_shm_list(const shm_token&, shm_access);
  explicit shm_list(detail::shm_block block) noexcept : block_(std::move(block)) {}

  void check(std::size_t from, std::size_t to) const {
    if (from > to || to > size()) block_.fail_range(from, to);
  }
  const std::byte* bytes_at(std::size_t index) const noexcept { return block_.data() + index * sizeof(T); }

  detail::shm_block block_;
};

/// Makes a list of `size` elements, each equal to `fill`, and owns it. Throws `shm_error`, also when there is
/// no room for all of it.
template <shm_element T>
shm_list<T> open_shm_list(std::size_t size = shm_list<T>::default_size, const T& fill = T()) {
  shm_token shape;
  shape.kind = "list";
  shape.element = shm_element_name<T>();
  shape.element_size = sizeof(T);
  shape.capacity = size;
  shm_list<T> made(detail::shm_block::create(std::move(shape), alignof(T), 0));
  std::ranges::fill(made.edit(), fill);
  return made;
}

/// Makes a list of these elements and owns it.
template <shm_element T> shm_list<T> open_shm_list(std::span<const T> values) {
  shm_list<T> made = open_shm_list<T>(values.size());
  std::ranges::copy(values, made.edit().begin());
  return made;
}

/// Attaches a list by its token, to read unless told otherwise. Throws `shm_mismatch` when it is none or
/// holds something else, `shm_error` when it is no longer there.
template <shm_element T>
shm_list<T> attach_shm_list(const shm_token& token, shm_access access = shm_access::read_only) {
  shm_token wanted;
  wanted.kind = "list";
  wanted.element = shm_element_name<T>();
  wanted.element_size = sizeof(T);
  return shm_list<T>(detail::shm_block::attach(token, wanted, alignof(T), access));
}

}  // namespace tractor
