// What arrays and lists in shared memory have in common: a segment that says what is in it, and its bounds.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tractor/detail/export.hpp"
#include "tractor/runtime/shm_segment.hpp"
#include "tractor/runtime/shm_token.hpp"

namespace tractor::detail {

/// The begin of each segment. What the indices enclose is valid; elements count from 0, a ring's for ever.
struct shm_header {
  std::uint64_t magic;
  std::uint64_t layout;  // hash of kind and element
  std::uint64_t element_size;
  std::uint64_t capacity;
  std::uint64_t data_offset;
  alignas(64) std::atomic<std::uint64_t> first;
  alignas(64) std::atomic<std::uint64_t> last;
};
static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "a lock could be held by a dead process");

/// Elements of one size in a segment, as bytes. Move-only. One process writes, any number read.
class TRACTOR_API shm_block {
 public:
  /// Makes a segment for what `shape` says (its key is ignored), with both indices at `start`.
  static shm_block create(shm_token shape, std::size_t alignment, std::uint64_t start);
  /// Attaches what `token` names, if that has the kind and the element of `wanted`.
  static shm_block attach(const shm_token& token, const shm_token& wanted, std::size_t alignment,
                          shm_access access);
  shm_block(shm_block&& other) noexcept = default;
  shm_block& operator=(shm_block&& other) noexcept = default;

  const shm_token& token() const noexcept { return token_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool writable() const noexcept { return segment_->writable(); }
  bool owned() const noexcept { return segment_->owned(); }
  bool wraps() const noexcept { return wraps_; }
  void unlink() noexcept { segment_->unlink(); }

  std::uint64_t first() const noexcept { return header().first.load(std::memory_order_acquire); }
  std::uint64_t last() const noexcept { return header().last.load(std::memory_order_acquire); }
  /// The indices, in their order and never beyond the capacity, whatever a peer has written there.
  std::pair<std::uint64_t, std::uint64_t> bounds() const noexcept;
  const std::byte* data() const noexcept { return data_; }
  /// The same for writing; throws `shm_error` in a read-only mapping.
  std::byte* edit();

  void append(const std::byte* from, std::size_t count);
  void prepend(const std::byte* from, std::size_t count);
  /// Copies up to `count` of the newest elements, oldest first; yields how many.
  std::size_t copy_last(std::byte* into, std::size_t count) const;
  /// Throws `shm_error` for a ring: its elements change while one looks at them.
  void require_view() const;
  [[noreturn]] void fail_range(std::uint64_t from, std::uint64_t to) const;

 private:
  shm_block(std::unique_ptr<shm_segment> segment, shm_token token);
  shm_header& header() noexcept { return *reinterpret_cast<shm_header*>(segment_->data()); }
  const shm_header& header() const noexcept { return *reinterpret_cast<const shm_header*>(segment_->data()); }
  void check_header(std::size_t alignment) const;
  void append_wrapping(const std::byte* from, std::size_t count);
  std::string text() const;

  std::unique_ptr<shm_segment> segment_;
  shm_token token_;
  std::byte* data_ = nullptr;
  std::size_t capacity_ = 0;
  std::size_t size_ = 0;  // of an element
  bool wraps_ = false;
};

/// Copies as another process may be writing there: torn where it does, but no undefined behaviour.
TRACTOR_API void copy_shared(std::byte* to, const std::byte* from, std::size_t size) noexcept;

}  // namespace tractor::detail
