// A queue in one block of memory that grows up to what it needed at most: no allocation in the steady state.
#pragma once

#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace tractor::detail {

template <class T> class ring {
 public:
  bool empty() const noexcept { return size_ == 0; }
  std::size_t size() const noexcept { return size_; }

  void push(T&& item) {
    if (size_ == slots_.size()) grow();
    slots_[place(size_)].emplace(std::move(item));
    ++size_;
  }
  T pop() {
    std::optional<T>& slot = slots_[first_];
    T item = std::move(*slot);
    slot.reset();
    first_ = place(1);
    --size_;
    return item;
  }
  void clear() noexcept {
    slots_.clear();
    first_ = size_ = 0;
  }

 private:
  // The number of slots is a power of two.
  std::size_t place(std::size_t behind_first) const noexcept {
    return (first_ + behind_first) & (slots_.size() - 1);
  }
  void grow() {
    std::vector<std::optional<T>> wider(slots_.empty() ? 4 : 2 * slots_.size());
    for (std::size_t i = 0; i < size_; ++i) wider[i].emplace(std::move(*slots_[place(i)]));
    slots_ = std::move(wider);
    first_ = 0;
  }

  std::vector<std::optional<T>> slots_;
  std::size_t first_ = 0;
  std::size_t size_ = 0;
};

}  // namespace tractor::detail
