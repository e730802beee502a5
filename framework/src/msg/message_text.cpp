// Messages as one line of text.
#include <tractor/msg/containers.hpp>
#include <tractor/msg/text.hpp>
#include <tractor/msg/variant.hpp>

#include "schema.hpp"

namespace tractor::msg {

namespace {

using namespace detail;

// What proves who a peer is stays out of logs.
bool is_secret(std::string_view key) { return key == "x_nonce" || key == "x_challenge" || key == "mac"; }

template <form Form, class T> void append_field(std::string& out, const T& value) {
  if constexpr (Form != form::natural) {
    if (value.empty())
      out += Form == form::map_value ? "{}" : "nil";
    else
      append_raw_text(out, value);
  } else if constexpr (std::is_same_v<T, function_type>) {
    out += function_type_names[static_cast<std::size_t>(value)];
  } else {
    append_text(out, value);
  }
}

}  // namespace

std::string to_text(const message& of) {
  std::string out(message_name(of));
  out += '{';
  std::visit(
      [&]<class Message>(const Message& what) {
        const char* comma = "";
        for_each_field<Message>([&](const auto& field) {
          using field_type = std::decay_t<decltype(field)>;
          if (field.key.starts_with('_') || is_secret(field.key)) return;
          if constexpr (field_type::when == presence::extension) {
            if (!is_set(what.*field.member)) return;
          }
          out += comma;
          out += field.key;
          out += '=';
          append_field<field_type::as>(out, what.*field.member);
          comma = ", ";
        });
      },
      of);
  out += '}';
  return out;
}

}  // namespace tractor::msg
