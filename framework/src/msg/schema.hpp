// The keys of each message in the order of the wire: what the encoder, the decoder and the text share.
#pragma once

#include <tractor/msg/messages.hpp>
#include <tuple>

namespace tractor::msg::detail {

/// How a key is treated when it is absent.
enum class presence {
  required,   // always written; an error if absent
  defaulted,  // always written; keeps the default if absent
  extension   // written only when set
};

/// What a member holds, where its C++ type does not tell: a byte_view is bytes, or one value in its encoding.
enum class form { natural, any_value, map_value, list_value, map_or_nil };

template <presence Presence, form Form, class Message, class Type> struct field {
  static constexpr presence when = Presence;
  static constexpr form as = Form;
  std::string_view key;
  Type Message::*member;
};

template <form Form = form::natural, class Message, class Type>
constexpr auto required(std::string_view key, Type Message::*member) {
  return field<presence::required, Form, Message, Type>{key, member};
}
template <form Form = form::natural, class Message, class Type>
constexpr auto defaulted(std::string_view key, Type Message::*member) {
  return field<presence::defaulted, Form, Message, Type>{key, member};
}
template <form Form = form::natural, class Message, class Type>
constexpr auto extension(std::string_view key, Type Message::*member) {
  return field<presence::extension, Form, Message, Type>{key, member};
}

template <class Message> struct schema;

template <> struct schema<aid> {
  static constexpr std::string_view tag = "Aid";
  static constexpr auto fields =
      std::tuple(required("name", &aid::name), required("uuid", &aid::uuid), defaulted("pid", &aid::pid),
                 defaulted("is_registrar", &aid::is_registrar), defaulted("is_probe", &aid::is_probe),
                 extension("x_caps", &aid::x_caps), extension("x_nonce", &aid::x_nonce),
                 extension("x_challenge", &aid::x_challenge));
};

template <> struct schema<spawn_spec> {
  static constexpr std::string_view tag = "SpawnSpec";
  static constexpr auto fields = std::tuple(
      required<form::map_value>("_parent_main_data", &spawn_spec::parent_main_data),
      required<form::map_value>("_runtime_vars", &spawn_spec::runtime_vars),
      required("enable_modules", &spawn_spec::enable_modules), required("reg_addrs", &spawn_spec::reg_addrs),
      required("bind_addrs", &spawn_spec::bind_addrs), extension("x_maddrs", &spawn_spec::x_maddrs),
      extension<form::any_value>("x_expose", &spawn_spec::x_expose),
      extension<form::any_value>("x_vars", &spawn_spec::x_vars),
      extension("x_parent_addrs", &spawn_spec::x_parent_addrs),
      extension("x_advertise", &spawn_spec::x_advertise));
};

template <> struct schema<start> {
  static constexpr std::string_view tag = "Start";
  static constexpr auto fields =
      std::tuple(required("cid", &start::cid), required("ns", &start::ns), required("func", &start::func),
                 required<form::map_value>("kwargs", &start::kwargs), required("uid", &start::uid),
                 defaulted("pld_spec", &start::pld_spec),
                 extension<form::list_value>("x_args", &start::x_args), extension("x_sig", &start::x_sig),
                 extension("x_layout", &start::x_layout), extension("x_reason", &start::x_reason),
                 extension("x_origin", &start::x_origin), extension("x_deadline_ms", &start::x_deadline_ms));
};

template <> struct schema<start_ack> {
  static constexpr std::string_view tag = "StartAck";
  static constexpr auto fields =
      std::tuple(required("cid", &start_ack::cid), required("functype", &start_ack::functype));
};

template <class Message> struct payload_schema {
  static constexpr auto fields =
      std::tuple(required("cid", &Message::cid), required<form::any_value>("pld", &Message::pld));
};
template <> struct schema<started> : payload_schema<started> {
  static constexpr std::string_view tag = "Started";
};
template <> struct schema<yield_item> : payload_schema<yield_item> {
  static constexpr std::string_view tag = "Yield";
};
template <> struct schema<return_value> : payload_schema<return_value> {
  static constexpr std::string_view tag = "Return";
};

template <> struct schema<stop> {
  static constexpr std::string_view tag = "Stop";
  static constexpr auto fields = std::tuple(required("cid", &stop::cid));
};

template <> struct schema<cancel_ack> {
  static constexpr std::string_view tag = "CancelAck";
  static constexpr auto fields =
      std::tuple(required("cid", &cancel_ack::cid), required("pld", &cancel_ack::pld),
                 extension("x_done", &cancel_ack::x_done));
};

template <> struct schema<error> {
  static constexpr std::string_view tag = "Error";
  static constexpr auto fields = std::tuple(
      required("src_uid", &error::src_uid), required("src_type_str", &error::src_type_str),
      required("boxed_type_str", &error::boxed_type_str), required("relay_path", &error::relay_path),
      defaulted("message", &error::message), defaulted("tb_str", &error::tb_str),
      defaulted("canceller", &error::canceller), defaulted("sender", &error::sender),
      defaulted("cid", &error::cid), defaulted<form::map_or_nil>("_bad_msg", &error::bad_msg),
      defaulted<form::map_or_nil>("_bad_msg_as_dict", &error::bad_msg_as_dict),
      extension<form::any_value>("x_chain", &error::x_chain),
      extension<form::any_value>("x_group", &error::x_group), extension("x_bases", &error::x_bases),
      extension("x_text", &error::x_text), extension("x_reason", &error::x_reason),
      extension("x_origin", &error::x_origin));
};

template <> struct schema<proof> {
  static constexpr std::string_view tag = "AidProof";
  static constexpr auto fields = std::tuple(required("mac", &proof::mac));
};

template <> struct schema<ping> {
  static constexpr std::string_view tag = "Ping";
  static constexpr auto fields = std::tuple(required("seq", &ping::seq));
};

template <> struct schema<pong> {
  static constexpr std::string_view tag = "Pong";
  static constexpr auto fields = std::tuple(required("seq", &pong::seq));
};

template <> struct schema<credit> {
  static constexpr std::string_view tag = "Credit";
  static constexpr auto fields = std::tuple(required("cid", &credit::cid), required("n", &credit::n));
};

inline constexpr std::string_view tag_name = "msg_type";

inline constexpr std::string_view function_type_names[] = {"asyncfunc", "asyncgen", "context"};

/// Whether an extension is to be written.
inline bool is_set(byte_view bytes) noexcept { return !bytes.empty(); }
inline bool is_set(std::string_view text) noexcept { return !text.empty(); }
template <class T> bool is_set(const std::vector<T>& items) noexcept { return !items.empty(); }
template <class T> bool is_set(const std::optional<T>& value) noexcept { return value.has_value(); }

/// Calls `visit(field)` for each key of a Message.
template <class Message, class Visit> constexpr void for_each_field(Visit&& visit) {
  std::apply([&](const auto&... each) { (visit(each), ...); }, schema<Message>::fields);
}

}  // namespace tractor::msg::detail
