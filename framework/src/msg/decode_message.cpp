// Frame bodies to messages.
#include <tractor/msg/codec_error.hpp>
#include <tractor/msg/containers.hpp>
#include <tractor/msg/reader.hpp>
#include <tractor/msg/variant.hpp>

#include "schema.hpp"

namespace tractor::msg {

namespace {

using namespace detail;

void get(reader& from, std::string_view& text) { text = from.str(); }
void get(reader& from, byte_view& bytes) { bytes = from.bin(); }
void get(reader& from, bool& flag) { flag = from.boolean(); }
void get(reader& from, std::int64_t& number) { number = from.integer(); }
void get(reader& from, std::uint64_t& number) { number = from.unsigned_integer(); }
void get(reader& from, uid_view& who) { decode_into(from, who); }

void get(reader& from, function_type& type) {
  const std::string_view text = from.str();
  for (std::size_t i = 0; i < std::size(function_type_names); ++i) {
    if (text != function_type_names[i]) continue;
    type = static_cast<function_type>(i);
    return;
  }
  throw codec_error("asyncfunc, asyncgen or context", to_text(text.substr(0, 80)));
}

// Written out rather than left to the union's own rule: a pair is told apart by its second element alone.
void get(reader& from, wire_address& address) {
  if (from.peek() == kind::str) {
    address = from.str();
    return;
  }
  if (from.peek() != kind::list) from.fail("an address");
  const reader::nesting level(from);
  const std::size_t count = from.array_header();
  if (count != 2) detail::fail_size("elements", 2, count);
  const std::string_view first = from.str();
  if (from.peek() == kind::integer)
    address = std::pair(first, from.integer());
  else
    address = std::pair(first, from.str());
}

template <class T> void get(reader& from, std::vector<T>& items) {
  const reader::nesting level(from);
  const std::size_t count = from.array_header();
  items.clear();
  items.reserve(first_reserve<T>(count));
  indexed(count, [&](std::size_t) { get(from, items.emplace_back()); });
}

void get(reader& from, std::vector<std::pair<std::string_view, std::string_view>>& pairs) {
  const reader::nesting level(from);
  pairs.clear();
  for (std::size_t left = from.map_header(); left != 0; --left) {
    const std::string_view key = from.str();
    pairs.emplace_back(key, from.str());
  }
}

template <class T> void get(reader& from, std::optional<T>& value) {
  if (from.try_nil())
    value.reset();
  else
    get(from, value.emplace());
}

template <form Form, class T> void get_as(reader& from, T& value) {
  if constexpr (Form == form::natural) {
    get(from, value);
  } else {
    const kind found = from.peek();
    if constexpr (Form == form::map_or_nil) {
      if (from.try_nil()) return void(value = {});
    }
    if ((Form == form::map_value || Form == form::map_or_nil) && found != kind::map) from.fail("a map");
    if (Form == form::list_value && found != kind::list) from.fail("a list");
    value = from.skip();
  }
}

template <class Message> class message_decoder {
 public:
  message_decoder(reader& from, Message& into) : from_(from), into_(into) {}

  // Reads `pairs` keys and values, in which the tag may come once more.
  void run(std::size_t pairs) {
    std::string_view at;
    try {
      std::size_t bit = 0;
      // Peers write the keys in order: read them so, and search only for what is left.
      for_each_field<Message>([&](const auto& field) {
        if (pairs != 0 && from_.try_key(field.key)) {
          at = field.key;
          take(field, bit);
          --pairs;
        }
        ++bit;
      });
      for (; pairs != 0; --pairs) {
        at = {};
        at = from_.str();
        search(at);
      }
      at = {};
      check_missing();
    } catch (codec_error& wrong) {
      wrong.prepend_field(at);
      throw;
    }
  }

 private:
  template <class Field> void take(const Field& field, std::size_t bit) {
    seen_ |= 1U << bit;
    if (Field::when == presence::extension && from_.try_nil()) return;
    get_as<Field::as>(from_, into_.*field.member);
  }

  void search(std::string_view key) {
    bool known = false;
    std::size_t bit = 0;
    for_each_field<Message>([&](const auto& field) {
      if (!known && key == field.key) {
        known = true;
        take(field, bit);
      }
      ++bit;
    });
    if (!known) from_.skip();
  }

  void check_missing() const {
    std::size_t bit = 0;
    for_each_field<Message>([&](const auto& field) {
      using field_type = std::decay_t<decltype(field)>;
      if (field_type::when == presence::required && (seen_ & (1U << bit)) == 0) {
        codec_error missing("a value", "no such key");
        missing.prepend_field(field.key);
        throw missing;
      }
      ++bit;
    });
  }

  reader& from_;
  Message& into_;
  std::uint32_t seen_ = 0;
};

template <std::size_t Index = 0>
void decode_tagged(std::string_view tag, reader& from, std::size_t pairs, message& out) {
  if constexpr (Index == std::variant_size_v<message>) {
    codec_error unknown("the name of a message", to_text(tag.substr(0, 80)));
    unknown.prepend_field(tag_name);
    throw unknown;
  } else {
    using type = std::variant_alternative_t<Index, message>;
    if (tag != schema<type>::tag) return decode_tagged<Index + 1>(tag, from, pairs, out);
    try {
      message_decoder<type>(from, out.emplace<Index>()).run(pairs);
    } catch (codec_error& wrong) {
      wrong.prepend_field(tag);
      throw;
    }
  }
}

// Finds the tag when it is not the first key.
std::string_view search_tag(reader from, std::size_t pairs) {
  for (; pairs != 0; --pairs) {
    if (from.str() == tag_name) return from.str();
    from.skip();
  }
  throw codec_error("the name of a message", "no such key");
}

// Reads the tag if it comes first, as it should; else leaves the position at the first key.
std::string_view take_tag(reader& from, std::size_t& pairs) {
  try {
    if (pairs == 0 || !from.try_key(tag_name)) return search_tag(from, pairs);
    --pairs;
    return from.str();
  } catch (codec_error& wrong) {
    wrong.prepend_field(tag_name);
    throw;
  }
}

}  // namespace

message decode_message(byte_view body, std::uint32_t depth) {
  limits bounds;
  bounds.depth = depth;
  reader from(body, bounds);
  const reader::nesting level(from);
  std::size_t pairs = from.map_header();
  const std::string_view tag = take_tag(from, pairs);
  message out;
  decode_tagged(tag, from, pairs, out);
  expect_end(from);
  return out;
}

std::optional<yield_item> try_yield(byte_view body, std::uint32_t depth) noexcept {
  // A map of three, its tag, and the key of the id.
  constexpr std::string_view begin =
      "\x83\xa8msg_type\xa5Yield\xa3"
      "cid";
  if (body.size() < begin.size() || std::memcmp(body.data(), begin.data(), begin.size()) != 0)
    return std::nullopt;
  try {
    limits bounds;
    bounds.depth = depth;
    reader from(body.subspan(begin.size()), bounds);
    yield_item item;
    item.cid = from.str();
    if (!from.try_key("pld")) return std::nullopt;
    const reader::nesting level(from);
    item.pld = from.skip();
    if (from.at_end()) return item;
  } catch (const codec_error&) {
    // Said, with its place, by whoever reads it the long way.
  }
  return std::nullopt;
}

std::string_view message_name(const message& of) noexcept {
  return std::visit([]<class Message>(const Message&) { return schema<Message>::tag; }, of);
}

}  // namespace tractor::msg
