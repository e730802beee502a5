// Messages to frames.
#include <tractor/msg/byte_order.hpp>
#include <tractor/msg/codec_error.hpp>
#include <tractor/msg/containers.hpp>
#include <tractor/msg/variant.hpp>

#include "schema.hpp"

namespace tractor::msg {

namespace {

using namespace detail;

void put(writer& to, std::string_view text) { to.str(text); }
void put(writer& to, byte_view bytes) { to.bin(bytes); }
void put(writer& to, bool flag) { to.boolean(flag); }
void put(writer& to, std::int64_t number) { to.integer(number); }
void put(writer& to, std::uint64_t number) { to.unsigned_integer(number); }
void put(writer& to, const uid_view& who) { encode(to, who); }
void put(writer& to, function_type type) { to.str(function_type_names[static_cast<std::size_t>(type)]); }
void put(writer& to, const wire_address& address) { encode(to, address); }
void put(writer& to, const std::vector<std::pair<std::string_view, std::string_view>>& pairs) {
  to.map_header(pairs.size());
  for (const auto& [key, text] : pairs) {
    to.str(key);
    to.str(text);
  }
}
template <class T> void put(writer& to, const std::vector<T>& items) {
  to.array_header(items.size());
  for (const T& each : items) put(to, each);
}
template <class T> void put(writer& to, const std::optional<T>& value) {
  if (value)
    put(to, *value);
  else
    to.nil();
}

template <form Form, class T> void put_as(writer& to, const T& value) {
  if constexpr (Form == form::natural) {
    put(to, value);
  } else if (!value.empty()) {
    to.raw(value);
  } else if constexpr (Form == form::map_value) {
    to.map_header(0);
  } else if constexpr (Form == form::list_value) {
    to.array_header(0);
  } else {
    to.nil();
  }
}

// A text of the schema: its size is known here, so nothing is left of it but a copy of a few bytes.
[[gnu::always_inline]] inline void put_known(writer& to, std::string_view text) {
  buffer& out = to.out();
  std::byte* const at = out.prepare(1 + text.size());
  at[0] = static_cast<std::byte>(0xa0 | text.size());
  std::memcpy(at + 1, text.data(), text.size());
  out.commit(1 + text.size());
}

template <class Message> void put_header(writer& to, std::size_t fields) {
  to.map_header(1 + fields);
  put_known(to, tag_name);
  put_known(to, schema<Message>::tag);
}

template <class Message> constexpr bool keys_are_short() {
  bool all = schema<Message>::tag.size() < 32;
  for_each_field<Message>([&](const auto& field) { all = all && field.key.size() < 32; });
  return all;
}

template <class Message> void put_message(writer& to, const Message& what) {
  static_assert(keys_are_short<Message>(), "put_known writes the header of a short text");
  std::size_t count = 0;
  for_each_field<Message>([&](const auto& field) {
    if constexpr (std::decay_t<decltype(field)>::when == presence::extension)
      count += is_set(what.*field.member);
    else
      ++count;
  });
  put_header<Message>(to, count);
  for_each_field<Message>([&](const auto& field) {
    using field_type = std::decay_t<decltype(field)>;
    if constexpr (field_type::when == presence::extension) {
      if (!is_set(what.*field.member)) return;
    }
    put_known(to, field.key);
    put_as<field_type::as>(to, what.*field.member);
  });
}

std::size_t begin_frame(buffer& out) {
  const std::size_t begin = out.size();
  std::memset(out.prepare(frame_header_size), 0, frame_header_size);
  out.commit(frame_header_size);
  return begin;
}

template <class Message> void frame(buffer& out, const Message& what, std::size_t max_frame) {
  const std::size_t begin = begin_frame(out);
  try {
    writer to(out);
    put_message(to, what);
    close_frame(out, begin, max_frame);
  } catch (...) {
    out.truncate(begin);
    throw;
  }
}

template <class Message> std::size_t open(buffer& out, const Message& header) {
  const std::size_t begin = begin_frame(out);
  writer to(out);
  put_header<Message>(to, 2);
  put_known(to, "cid");
  to.str(header.cid);
  put_known(to, "pld");
  return begin;
}

}  // namespace

namespace detail {

std::size_t open_frame(buffer& out, const started& header) { return open(out, header); }
std::size_t open_frame(buffer& out, const yield_item& header) { return open(out, header); }
std::size_t open_frame(buffer& out, const return_value& header) { return open(out, header); }

void close_frame(buffer& out, std::size_t begin, std::size_t max_frame) {
  const std::size_t size = out.size() - begin - frame_header_size;
  try {
    check_frame_size(size, std::min<std::size_t>(max_frame, 0xffffffff));
  } catch (...) {
    out.truncate(begin);
    throw;
  }
  const std::uint32_t length = little_endian(static_cast<std::uint32_t>(size));
  std::memcpy(out.data() + begin, &length, sizeof length);
}

}  // namespace detail

void append_frame(buffer& out, const aid& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const spawn_spec& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const start& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const start_ack& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const started& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const yield_item& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const stop& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const return_value& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const cancel_ack& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const error& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const proof& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const ping& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const pong& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const credit& what, std::size_t max) { frame(out, what, max); }
void append_frame(buffer& out, const message& what, std::size_t max) {
  std::visit([&](const auto& each) { frame(out, each, max); }, what);
}

buffer yield_head(std::string_view cid) {
  buffer head;
  yield_item header;
  header.cid = cid;
  open(head, header);
  return head;
}

}  // namespace tractor::msg
