// The text that says how a module was compiled, as far as the border between plugin and kernel is concerned.
#pragma once

#include <boost/version.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tractor/async/task.hpp"
#include "tractor/detail/asio.hpp"
#include "tractor/plugin/spawn_backend.hpp"
#include "tractor/plugin/transport.hpp"

namespace tractor::plugin {

/// The revision of the plugin interfaces. Raised with each change that a compiled plugin would notice.
inline constexpr int abi_revision = 5;

/// A text of fixed size, built by the compiler. A value.
template <std::size_t Size> class fixed_text {
 public:
  /// Appends; fails to compile when the text does not fit.
  constexpr fixed_text& append(std::string_view text) {
    for (const char c : text) {
      if (length_ + 1 >= Size) throw "the text is too long";
      text_[length_++] = c;
    }
    return *this;
  }
  constexpr fixed_text& append(long number) {
    if (number >= 10) append(number / 10);
    const char digit[] = {static_cast<char>('0' + number % 10)};
    return append(std::string_view(digit, 1));
  }

  constexpr std::string_view view() const { return {text_, length_}; }

 private:
  char text_[Size] = {};
  std::size_t length_ = 0;
};

/// Composes the ABI text of the module that includes this header.
///
/// It names the compiler, the library ABI and Boost, and the sizes of what crosses the border, so that a flag
/// that changes one of them is found before anything of the plugin runs.
consteval fixed_text<192> compose_abi() {
  fixed_text<192> out;
  out.append("tractor-").append(abi_revision);
#if defined(__clang__)
  out.append(" clang-").append(__clang_major__);
#elif defined(__GNUC__)
  out.append(" gcc-").append(__GNUC__);
#else
#error "tractor knows no ABI text for this compiler"
#endif
#ifdef _GLIBCXX_USE_CXX11_ABI
  out.append(" cxx11abi-").append(_GLIBCXX_USE_CXX11_ABI);
#else
  out.append(" cxx11abi-none");
#endif
  out.append(" boost-").append(BOOST_VERSION / 100000).append("_").append(BOOST_VERSION / 100 % 1000);
  out.append(" pointer=").append(sizeof(void*));
  out.append(" string=").append(sizeof(std::string));
  out.append(" vector=").append(sizeof(std::vector<int>));
  out.append(" io=").append(sizeof(asio::io_context));
  out.append(" task=").append(sizeof(task<>));
  out.append(" promise=").append(sizeof(task<std::unique_ptr<child_process>>::promise_type));
  out.append(" request=").append(sizeof(spawn_request));
  out.append(" address=").append(sizeof(address));
  return out;
}

}  // namespace tractor::plugin
