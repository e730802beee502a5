// The layout of types as text, so that programs built at different times can tell whether they agree; and
// what differs between two values of one type.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tractor/msg/aggregate.hpp>
#include <tractor/msg/describe.hpp>
#include <vector>

namespace tractor::msg {

namespace detail {

/// The structs that a type holds: wire name -> members.
using layouts = std::map<std::string, std::string>;

template <class T> void add_layouts(layouts& all);
template <class... Part> void add_layouts_of([[maybe_unused]] layouts& all, wire_parts<Part...>) {
  (add_layouts<Part>(all), ...);
}

template <class T> std::string member_list() {
  std::string text;
  const auto add = [&](std::string_view name, const std::string& type) {
    if (!text.empty()) text += ',';
    if (!name.empty()) text.append(name).append(":");
    text += type;
  };
  if constexpr (described<T>)
    for_each_member<T>([&](auto member) { add(member.name, wire_name<member_type<T, decltype(member)>>()); });
  else
    [&]<class... Part>(wire_parts<Part...>) {
      (add({}, wire_name<Part>()), ...);
    }(typename parts_of<T>::type{});
  return text;
}

template <class T> void add_layouts(layouts& all) {
  if constexpr (described<T> || plain_struct<T>) {
    // Entered before its members are looked at, so that a tree which holds a list of trees comes to an end.
    const auto [at, fresh] = all.try_emplace(wire_name<T>());
    if (!fresh) return;
    at->second = member_list<T>();
  }
  add_layouts_of(all, typename parts_of<T>::type{});
}

/// `order{id:int,who:str}; tick{int,str}`.
TRACTOR_API std::string layout_text(const layouts& all);

}  // namespace detail

/// Names the members of every struct that the `T` hold: `order{id:int,who:str}`; members of structs without
/// description have no names. Empty if there is no struct among them.
template <class... T> std::string layout_of() {
  detail::layouts all;
  (detail::add_layouts<T>(all), ...);
  return detail::layout_text(all);
}

/// A hash of a layout; 0 for an empty one. The same in every build and on every machine.
TRACTOR_API std::uint64_t layout_hash(std::string_view layout) noexcept;

/// One member in which two values differ. A value.
struct member_change {
  std::string path;  ///< `who` or `items.0`; empty if the values differ as a whole
  std::string before, after;
};

namespace detail {

template <class T>
void add_changes(std::vector<member_change>& all, const std::string& path, const T& before, const T& after) {
  const auto below = [&](std::string_view name) {
    return path.empty() ? std::string(name) : path + "." + std::string(name);
  };
  if constexpr (described<T>) {
    for_each_member<T>([&](auto member) {
      add_changes(all, below(member.name), before.*member.pointer, after.*member.pointer);
    });
  } else if constexpr (plain_struct<T>) {
    if constexpr (member_count<T>() != 0) [&]<std::size_t... I>(std::index_sequence<I...>) {
        (add_changes(all, below(std::to_string(I)), boost::pfr::get<I>(before), boost::pfr::get<I>(after)),
         ...);
      }
    (std::make_index_sequence<member_count<T>()>{});
  } else {
    std::string was = to_text(before), is = to_text(after);
    if (was != is) all.push_back(member_change{path, std::move(was), std::move(is)});
  }
}

}  // namespace detail

/// Lists the members in which `after` differs from `before`, nested structs by path.
template <class T> std::vector<member_change> changes(const T& before, const T& after) {
  std::vector<member_change> all;
  detail::add_changes(all, {}, before, after);
  return all;
}

/// `who: "ann" -> "bob"`, one line for each change.
TRACTOR_API std::string to_text(const std::vector<member_change>& changes);

}  // namespace tractor::msg
