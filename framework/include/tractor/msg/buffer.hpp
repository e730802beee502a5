// Bytes: the view and the growable buffer that the codec and the framing work on.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <string_view>
#include <tractor/detail/export.hpp>
#include <utility>

namespace tractor::msg {

/// Bytes owned by somebody else.
using byte_view = std::span<const std::byte>;

/// Looks at text as bytes.
inline byte_view as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// Looks at bytes as text; says nothing about their encoding.
inline std::string_view as_text(byte_view bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// A growable run of bytes whose new room is left uninitialised.
///
/// A value: copying copies the bytes, moving leaves an empty buffer. Growth at least doubles the capacity.
/// Pointers and views into it hold until the next call that may grow it. Throws std::bad_alloc.
class buffer {
 public:
  buffer() = default;
  explicit buffer(byte_view bytes) { append(bytes); }
  buffer(const buffer& other) { append(other.view()); }
  buffer(buffer&& other) noexcept { swap(other); }
  buffer& operator=(buffer other) noexcept {
    swap(other);
    return *this;
  }
  TRACTOR_API ~buffer();

  std::byte* data() noexcept { return data_; }
  const std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }
  bool empty() const noexcept { return size_ == 0; }
  byte_view view() const noexcept { return {data_, size_}; }

  /// Makes room for `total` bytes in all.
  void reserve(std::size_t total) {
    if (total > capacity_) grow(total);
  }

  /// Returns room for at least `count` bytes behind the last one; `commit` makes them part of the content.
  std::byte* prepare(std::size_t count) {
    if (count > capacity_ - size_) [[unlikely]]
      grow_by(count);
    return data_ + size_;
  }

  /// Adds `count` bytes that were written into the room given by `prepare`.
  void commit(std::size_t count) noexcept { size_ += count; }

  void append(const void* bytes, std::size_t count) {
    if (count == 0) return;
    std::memcpy(prepare(count), bytes, count);
    size_ += count;
  }
  void append(byte_view bytes) { append(bytes.data(), bytes.size()); }

  /// Forgets all bytes behind the first `count`; does nothing if there are fewer.
  void truncate(std::size_t count) noexcept {
    if (count < size_) size_ = count;
  }

  /// Forgets the content and keeps the capacity.
  void clear() noexcept { size_ = 0; }

  /// Moves the content out and leaves an empty buffer without capacity.
  buffer take() noexcept { return std::move(*this); }

  void swap(buffer& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  TRACTOR_API void grow(std::size_t total);
  TRACTOR_API void grow_by(std::size_t count);

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace tractor::msg
