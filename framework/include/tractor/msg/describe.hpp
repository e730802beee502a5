// Structs described with Boost.Describe: maps from member name to value.
#pragma once

#include <boost/describe/class.hpp>  // the macros, for those who describe
#include <boost/describe/members.hpp>
#include <boost/describe/modifiers.hpp>
#include <boost/mp11/algorithm.hpp>
#include <tractor/msg/text.hpp>
#include <tractor/msg/type_name.hpp>
#include <tractor/msg/wire.hpp>

namespace tractor::msg {

namespace detail {

template <class T>
concept described = std::is_class_v<T> && boost::describe::has_describe_members<T>::value;

template <class T>
using members =
    boost::describe::describe_members<T, boost::describe::mod_any_access | boost::describe::mod_inherited>;

template <class T, class Member>
using member_type = std::remove_reference_t<decltype(std::declval<T&>().*Member::pointer)>;

template <class T, class List> struct member_parts;
template <class T, template <class...> class List, class... Member> struct member_parts<T, List<Member...>> {
  using type = wire_parts<member_type<T, Member>...>;
};

/// A struct may name itself on the wire: `static constexpr std::string_view wire_tag = "LockStatus";`. It is
/// then written with the first key `msg_type` and that value, as tagged structs of a Python peer are.
template <class T>
concept tagged = requires {
  { T::wire_tag } -> std::convertible_to<std::string_view>;
};
inline constexpr std::string_view tag_key = "msg_type";

TRACTOR_API void check_tag(reader& from, std::string_view tag);

/// Calls `visit(member descriptor)` for each member.
template <class T, class Visit> void for_each_member(Visit&& visit) {
  boost::mp11::mp_for_each<members<T>>(visit);
}

}  // namespace detail

/// Unknown keys are ignored, absent members keep what they hold, of equal keys the last one counts.
template <detail::described T> struct wire_traits<T> {
  using parts = typename detail::member_parts<T, detail::members<T>>::type;
  static constexpr unsigned kinds = kind_bit(kind::map);
  static constexpr std::size_t size = boost::mp11::mp_size<detail::members<T>>::value;

  static void encode(writer& to, const T& value) {
    to.map_header(size + (detail::tagged<T> ? 1 : 0));
    if constexpr (detail::tagged<T>) {
      to.str(detail::tag_key);
      to.str(T::wire_tag);
    }
    detail::for_each_member<T>([&](auto member) {
      to.str(member.name);
      msg::encode(to, value.*member.pointer);
    });
  }

  static void decode(reader& from, T& value) {
    std::string_view at;
    try {
      const reader::nesting level(from);
      std::size_t left = from.map_header();
      if constexpr (detail::tagged<T>) {
        if (left != 0 && from.try_key(detail::tag_key)) {
          at = detail::tag_key;
          detail::check_tag(from, T::wire_tag);
          --left;
        }
      }
      // Peers write the members in order: read them so, and search only for what is left.
      detail::for_each_member<T>([&](auto member) {
        if (left == 0 || !from.try_key(member.name)) return;
        at = member.name;
        decode_into(from, value.*member.pointer);
        --left;
      });
      for (; left != 0; --left) {
        at = {};
        const std::string_view key = from.str();
        at = key;
        decode_member(from, key, value);
      }
    } catch (codec_error& wrong) {
      wrong.prepend_field(at);
      if (from.depth() == 0) wrong.prepend_field(short_type_name<T>());
      throw;
    }
  }

  static std::string name() { return detail::struct_name<T>(); }

  static void append_text(std::string& out, const T& value) {
    out += short_type_name<T>();
    out += '{';
    const char* comma = "";
    detail::for_each_member<T>([&](auto member) {
      if (member.name[0] == '_') return;
      out += comma;
      out += member.name;
      out += '=';
      msg::append_text(out, value.*member.pointer);
      comma = ", ";
    });
    out += '}';
  }

 private:
  static void decode_member(reader& from, std::string_view key, T& value) {
    bool known = false;
    if constexpr (detail::tagged<T>) {
      if (key == detail::tag_key) return detail::check_tag(from, T::wire_tag);
    }
    detail::for_each_member<T>([&](auto member) {
      if (known || key != member.name) return;
      known = true;
      decode_into(from, value.*member.pointer);
    });
    if (!known) from.skip();
  }
};

}  // namespace tractor::msg
