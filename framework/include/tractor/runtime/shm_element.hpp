// What may lie in shared memory, and what it is called there.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <string>
#include <tractor/msg/describe.hpp>
#include <type_traits>

namespace tractor {

/// T is its bytes, and nothing else: numbers, enums, and structs of such. `shm_text` is one for text.
///
/// A pointer or a reference inside of a struct is not found here, and means nothing to another process.
template <class T>
concept shm_element =
    std::is_object_v<T> && std::is_trivially_copyable_v<T> && std::default_initializable<T> &&
    std::same_as<T, std::remove_cv_t<T>> && !std::is_pointer_v<T> &&
    !std::is_member_pointer_v<T> && !std::is_array_v<T> && !std::is_empty_v<T> && (alignof(T) <= 4096);

namespace detail {

template <class T> struct element_name;

template <class T> std::string described_element_name() {
  std::string name = msg::detail::struct_name<T>() + "{";
  const char* comma = "";
  msg::detail::for_each_member<T>([&](auto member) {
    using type = msg::detail::member_type<T, decltype(member)>;
    name += std::string(comma) + member.name + ":" + element_name<type>::text();
    comma = ",";
  });
  return name + "}";
}

template <class T> struct element_name {
  static std::string text() {
    if constexpr (std::same_as<T, bool>)
      return "bool";
    else if constexpr (std::same_as<T, std::byte>)
      return "byte";
    else if constexpr (std::is_floating_point_v<T>)
      return "float" + std::to_string(8 * sizeof(T));
    else if constexpr (std::is_integral_v<T>)
      return (std::is_signed_v<T> ? "int" : "uint") + std::to_string(8 * sizeof(T));
    else if constexpr (std::is_enum_v<T>)
      return msg::detail::struct_name<T>() + ":" + element_name<std::underlying_type_t<T>>::text();
    else if constexpr (msg::detail::described<T>)
      return described_element_name<T>();
    else
      return msg::detail::struct_name<T>();
  }
};
template <class T, std::size_t Size> struct element_name<T[Size]> {
  static std::string text() { return element_name<T>::text() + "[" + std::to_string(Size) + "]"; }
};
template <class T, std::size_t Size> struct element_name<std::array<T, Size>> : element_name<T[Size]> {};

}  // namespace detail

/// Returns our own name of T, the same for every compiler: float64, int32, shop::tick.
///
/// A struct described with BOOST_DESCRIBE_STRUCT names its members too, so that two programs which differ in
/// them do not take one for the other; of any other struct only name and size are compared.
template <shm_element T> const std::string& shm_element_name() {
  static const std::string name = detail::element_name<T>::text();
  return name;
}

}  // namespace tractor
