#include <algorithm>
#include <cstdlib>
#include <new>
#include <tractor/msg/buffer.hpp>

namespace tractor::msg {

buffer::~buffer() { std::free(data_); }

void buffer::grow(std::size_t total) {
  // realloc can extend in place, which a new array never does.
  void* moved = std::realloc(data_, total);
  if (moved == nullptr) throw std::bad_alloc();
  data_ = static_cast<std::byte*>(moved);
  capacity_ = total;
}

void buffer::grow_by(std::size_t count) {
  if (count > static_cast<std::size_t>(-1) / 4 - size_) throw std::bad_alloc();
  constexpr std::size_t least = 128;
  grow(std::max({size_ + count, capacity_ * 2, least}));
}

}  // namespace tractor::msg
