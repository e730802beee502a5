// Addresses as people and programs write them.
#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/address.hpp"

namespace tractor {

/// An address in any of its forms: a text that its transport reads (a multiaddr, `host:port`, a path), an
/// `address`, or the pair that travels in messages: (host, port) or (folder, file). A value.
///
/// Converts from each of these, so that whatever takes an address takes all of them. Holds the text; no
/// transport has read it yet.
class TRACTOR_API any_address {
 public:
  any_address(std::string text) : text_(std::move(text)) {}
  any_address(std::string_view text) : text_(text) {}
  any_address(const char* text) : text_(text) {}
  any_address(const address& where) : text_(where.text()) {}
  template <class First, class Second>
  any_address(const std::pair<First, Second>& both) : text_(join(both.first, both.second)) {}
  template <class First, class Second>
  any_address(const std::tuple<First, Second>& both) : text_(join(std::get<0>(both), std::get<1>(both))) {}

  const std::string& text() const noexcept { return text_; }

 private:
  template <class First, class Second> static std::string join(const First& first, const Second& second) {
    static_assert(std::is_convertible_v<const First&, std::string_view> &&
                      (std::is_convertible_v<const Second&, std::string_view> || std::integral<Second>),
                  "the pair of an address is (host, port) or (folder, file)");
    if constexpr (std::integral<Second>)
      return host_and_port(first, static_cast<long long>(second));
    else
      return folder_and_file(first, second);
  }
  static std::string host_and_port(std::string_view host, long long port);
  static std::string folder_and_file(std::string_view folder, std::string_view file);

  std::string text_;
};

}  // namespace tractor
