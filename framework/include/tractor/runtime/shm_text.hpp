// Text of bounded length that can lie in shared memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tractor {

/// Holds up to `Size` bytes of text inside of itself. A value, trivially copyable.
template <std::size_t Size> class shm_text {
 public:
  shm_text() = default;
  /// Throws `std::length_error` when the text is longer.
  shm_text(std::string_view text) {
    if (text.size() > Size)
      throw std::length_error("a text of " + std::to_string(text.size()) + " bytes does not fit into " +
                              std::to_string(Size));
    std::copy(text.begin(), text.end(), text_);
    size_ = static_cast<std::uint32_t>(text.size());
  }
  shm_text(const char* text) : shm_text(std::string_view(text)) {}
  shm_text(const std::string& text) : shm_text(std::string_view(text)) {}

  static constexpr std::size_t max_size() noexcept { return Size; }
  std::size_t size() const noexcept { return std::min<std::size_t>(size_, Size); }
  bool empty() const noexcept { return size_ == 0; }
  /// Lives as long as this object.
  std::string_view view() const noexcept { return {text_, size()}; }
  operator std::string_view() const noexcept { return view(); }
  std::string str() const { return std::string(view()); }

  friend bool operator==(const shm_text& a, const shm_text& b) noexcept { return a.view() == b.view(); }
  friend auto operator<=>(const shm_text& a, const shm_text& b) noexcept { return a.view() <=> b.view(); }
  friend std::ostream& operator<<(std::ostream& to, const shm_text& text) { return to << text.view(); }

 private:
  std::uint32_t size_ = 0;
  char text_[Size] = {};
};

}  // namespace tractor
