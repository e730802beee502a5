// Who an actor is.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <tractor/msg/scalars.hpp>

namespace tractor::msg {

/// The name of an actor and its uuid in text form, as bytes of somebody else.
struct uid_view {
  std::string_view name;
  std::string_view uuid;
  auto operator<=>(const uid_view&) const = default;
};

/// The name of an actor, which need not be unique, and its uuid in text form, which is.
///
/// Travels as the list `[name, uuid]`.
struct uid {
  std::string name;
  std::string uuid;

  uid() = default;
  uid(std::string name_text, std::string uuid_text)
      : name(std::move(name_text)), uuid(std::move(uuid_text)) {}
  explicit uid(uid_view from) : name(from.name), uuid(from.uuid) {}

  operator uid_view() const noexcept { return {name, uuid}; }
  auto operator<=>(const uid&) const = default;
};

template <> struct TRACTOR_API wire_traits<uid_view> {
  static constexpr bool is_view = true;
  static constexpr unsigned kinds = kind_bit(kind::list);
  static void encode(writer& to, const uid_view& who);
  static void decode(reader& from, uid_view& who);
  static std::string name() { return "uid"; }
  /// Appends `name@` and the first part of the uuid.
  static void append_text(std::string& out, const uid_view& who);
};

template <> struct wire_traits<uid> {
  static constexpr unsigned kinds = kind_bit(kind::list);
  static void encode(writer& to, const uid& who) { wire_traits<uid_view>::encode(to, who); }
  static void decode(reader& from, uid& who) {
    uid_view seen;
    wire_traits<uid_view>::decode(from, seen);
    who.name = seen.name;
    who.uuid = seen.uuid;
  }
  static std::string name() { return "uid"; }
  static void append_text(std::string& out, const uid& who) { wire_traits<uid_view>::append_text(out, who); }
};

}  // namespace tractor::msg

template <> struct std::hash<tractor::msg::uid> {
  std::size_t operator()(const tractor::msg::uid& who) const noexcept {
    return std::hash<std::string>{}(who.uuid) ^ (std::hash<std::string>{}(who.name) << 1);
  }
};
