// The name of a struct as its author wrote it, the same for g++ and clang.
#pragma once

#include <string>
#include <string_view>
#include <tractor/msg/wire.hpp>

namespace tractor::msg {

namespace detail {

template <class T> constexpr std::string_view spelled() {
  std::string_view text = __PRETTY_FUNCTION__;
  const std::size_t begin = text.find("T = ") + 4;
  // g++ goes on with the meaning of string_view behind a semicolon, clang ends with the bracket.
  std::size_t end = text.find("; std::string_view", begin);
  if (end == std::string_view::npos) end = text.rfind(']');
  return text.substr(begin, end - begin);
}

/// Drops template arguments, unnamed namespaces and enclosing functions: "shop::order".
TRACTOR_API std::string plain_name(std::string_view spelled);

template <class T> struct template_arguments {
  static std::string text() { return {}; }
};
template <template <class...> class Template, class First, class... More>
struct template_arguments<Template<First, More...>> {
  static std::string text() {
    if constexpr (wire_type<First> && (wire_type<More> && ...)) {
      std::string all = "<" + wire_name<First>();
      ((all += "," + wire_name<More>()), ...);
      return all + ">";
    } else {
      return {};
    }
  }
};

/// The wire name of a struct: its name with namespaces, and the wire names of its template arguments.
template <class T> std::string struct_name() {
  return plain_name(spelled<T>()) + template_arguments<T>::text();
}

}  // namespace detail

/// Returns the name of a struct without its namespaces, as errors and texts show it.
template <class T> const std::string& short_type_name() {
  static const std::string name = [] {
    const std::string full = detail::plain_name(detail::spelled<T>());
    const std::size_t colon = full.rfind(':');
    return colon == std::string::npos ? full : full.substr(colon + 1);
  }();
  return name;
}

}  // namespace tractor::msg
