#include <limits>
#include <tractor/msg/value.hpp>

namespace tractor::msg {

namespace {

constexpr std::byte encoded_nil{0xc0};

}  // namespace

value::value() noexcept = default;
value::value(bool flag) : held_(flag) {}
value::value(double number) : held_(number) {}
value::value(std::string text) : held_(std::move(text)) {}
value::value(std::string_view text) : held_(std::string(text)) {}
value::value(const char* text) : held_(std::string(text)) {}
value::value(bytes data) : held_(std::move(data)) {}
value::value(list items) : held_(std::move(items)) {}
value::value(map entries) : held_(std::move(entries)) {}
value::value(ext_value data) : held_(std::move(data)) {}
value::value(const value& other) = default;
value::value(value&& other) noexcept = default;
value& value::operator=(const value& other) = default;
value& value::operator=(value&& other) noexcept = default;
value::~value() = default;

bool value::is_nil() const noexcept { return held_.index() == 0; }

bool value::operator==(const value& other) const noexcept { return held_ == other.held_; }

void value::set_integer(std::int64_t number) { held_ = number; }

void value::set_unsigned(std::uint64_t number) {
  if (number <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    held_ = static_cast<std::int64_t>(number);
  else
    held_ = number;
}

const value* value::find(std::string_view key) const noexcept {
  const map* entries = get_if<map>();
  if (entries == nullptr) return nullptr;
  for (const entry& each : *entries) {
    const auto* text = each.first.get_if<std::string>();
    if (text != nullptr && *text == key) return &each.second;
  }
  return nullptr;
}

namespace {

void put(writer& to, std::monostate) { to.nil(); }
void put(writer& to, bool flag) { to.boolean(flag); }
void put(writer& to, std::int64_t number) { to.integer(number); }
void put(writer& to, std::uint64_t number) { to.unsigned_integer(number); }
void put(writer& to, double number) { to.real(number); }
void put(writer& to, const std::string& text) { to.str(text); }
void put(writer& to, const value::bytes& data) { to.bin(data); }
void put(writer& to, const ext_value& data) { to.ext(data.type, data.bytes); }
void put(writer& to, const value::list& items) {
  to.array_header(items.size());
  for (const value& each : items) encode(to, each);
}
void put(writer& to, const value::map& entries) {
  to.map_header(entries.size());
  for (const auto& [key, item] : entries) {
    encode(to, key);
    encode(to, item);
  }
}

value get_integer(reader& from) {
  // Only the class of the value is known here: a number above int64 begins with the tag of uint64.
  constexpr std::byte uint64_tag{0xcf};
  if (from.rest().front() == uint64_tag) return from.unsigned_integer();
  return from.integer();
}

value::list get_list(reader& from) {
  const reader::nesting level(from);
  value::list items;
  for (std::size_t left = from.array_header(); left != 0; --left) {
    try {
      decode_into(from, items.emplace_back());
    } catch (codec_error& wrong) {
      wrong.prepend_index(items.size() - 1);
      throw;
    }
  }
  return items;
}

value::map get_map(reader& from) {
  const reader::nesting level(from);
  value::map entries;
  for (std::size_t left = from.map_header(); left != 0; --left) {
    value key = decode<value>(from);
    try {
      entries.emplace_back(std::move(key), decode<value>(from));
    } catch (codec_error& wrong) {
      wrong.prepend_key(to_text(key));
      throw;
    }
  }
  return entries;
}

}  // namespace

void wire_traits<value>::encode(writer& to, const value& any) {
  std::visit([&](const auto& held) { put(to, held); }, any.held());
}

void wire_traits<value>::decode(reader& from, value& any) {
  switch (from.peek()) {
    case kind::nil:
      from.nil();
      any = value();
      return;
    case kind::boolean:
      any = from.boolean();
      return;
    case kind::integer:
      any = get_integer(from);
      return;
    case kind::real:
      any = from.real();
      return;
    case kind::str:
      any = from.str();
      return;
    case kind::bin: {
      const byte_view data = from.bin();
      any = value::bytes(data.begin(), data.end());
      return;
    }
    case kind::list:
      any = get_list(from);
      return;
    case kind::map:
      any = get_map(from);
      return;
    case kind::ext: {
      const ext_view data = from.ext();
      any = ext_value{data.type, {data.bytes.begin(), data.bytes.end()}};
      return;
    }
    case kind::invalid:
    case kind::end:
      from.fail("a value");
  }
}

void wire_traits<value>::append_text(std::string& out, const value& any) {
  append_raw_text(out, encoded(any).view());
}

raw::raw(byte_view encoded) {
  reader from(encoded);
  from.skip();
  expect_end(from);
  bytes_ = buffer(encoded);
}

byte_view raw::view() const noexcept { return bytes_.empty() ? byte_view(&encoded_nil, 1) : bytes_.view(); }

bool raw::operator==(const raw& other) const noexcept { return as_text(view()) == as_text(other.view()); }

}  // namespace tractor::msg
