// The memory of a ring, as both sides map it.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/owned_fd.hpp"

namespace tractor::detail {

/// The first page of a ring. What each side writes has cache lines of its own.
struct ring_header {
  std::uint64_t magic;
  std::uint64_t capacity;
  std::uint64_t element_size;
  std::uint64_t element;  // hash of its name

  alignas(64) std::atomic<std::uint64_t> head;  // bytes ever written
  alignas(64) std::atomic<std::uint64_t> tail;  // bytes ever given back
  // Who waits says so before it looks a last time; who makes progress possible looks after it has done so.
  // Both in one total order: one of the two sees the other.
  alignas(64) std::atomic<std::uint64_t> sender_needs;    // bytes of room that it waits for; 0: it does not
  alignas(64) std::atomic<std::uint64_t> receiver_waits;  // 1 or 0
  alignas(64) std::atomic<std::uint64_t> closed[2];       // by role
};

/// What stands before each piece of an item in the ring; the next piece begins at a multiple of 8.
struct ring_piece {
  static constexpr std::uint32_t first = 1, last = 2;
  std::uint32_t size;
  std::uint32_t flags;
};

/// A mapped ring. Its bytes are mapped twice in a row, so that a piece is one span wherever it begins.
///
/// Made of memory without a name, whose size is sealed: no peer can shrink it under our feet. Neither copied
/// nor moved.
class ring_memory {
 public:
  /// Makes one of at least `capacity` bytes. Throws `shm_error`.
  static std::shared_ptr<ring_memory> make(std::size_t capacity, const std::string& element,
                                           std::size_t element_size);
  /// Maps the one behind `fd`; throws `shm_mismatch` unless it is such a ring.
  static std::shared_ptr<ring_memory> map(int fd, std::size_t capacity, const std::string& element,
                                          std::size_t element_size);
  ~ring_memory();
  ring_memory(const ring_memory&) = delete;
  ring_memory& operator=(const ring_memory&) = delete;

  ring_header& header() noexcept { return *header_; }
  std::byte* data() noexcept { return data_; }
  std::size_t capacity() const noexcept { return capacity_; }
  int fd() const noexcept { return file_.get(); }

 private:
  ring_memory(int fd, std::size_t capacity);

  class regions;
  owned_fd file_;
  std::size_t capacity_;
  std::unique_ptr<regions> regions_;
  ring_header* header_ = nullptr;
  std::byte* data_ = nullptr;
};

}  // namespace tractor::detail
