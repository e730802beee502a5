#include <bit>
#include <string>
#include <tractor/msg/codec_error.hpp>
#include <tractor/msg/reader.hpp>

namespace tractor::msg {

namespace {

kind kind_of(std::uint8_t tag) noexcept {
  if (tag < 0x80 || tag >= 0xe0) return kind::integer;
  if (tag < 0x90) return kind::map;
  if (tag < 0xa0) return kind::list;
  if (tag < 0xc0) return kind::str;
  constexpr kind rest[32] = {
      kind::nil,     kind::invalid, kind::boolean, kind::boolean, kind::bin,     kind::bin,     kind::bin,
      kind::ext,     kind::ext,     kind::ext,     kind::real,    kind::real,    kind::integer, kind::integer,
      kind::integer, kind::integer, kind::integer, kind::integer, kind::integer, kind::integer, kind::ext,
      kind::ext,     kind::ext,     kind::ext,     kind::ext,     kind::str,     kind::str,     kind::str,
      kind::list,    kind::list,    kind::map,     kind::map};
  return rest[tag - 0xc0];
}

std::string plural(std::size_t count, const char* one) {
  return std::to_string(count) + ' ' + one + (count == 1 ? "" : "s");
}

}  // namespace

std::string_view kind_text(kind of) noexcept {
  constexpr std::string_view texts[] = {"nil",
                                        "a boolean",
                                        "an integer",
                                        "a float",
                                        "a string",
                                        "bytes",
                                        "a list",
                                        "a map",
                                        "an extension value",
                                        "the byte 0xc1, which is no MessagePack",
                                        "the end of the data"};
  return texts[static_cast<std::size_t>(of)];
}

kind reader::peek() const noexcept { return at_end() ? kind::end : kind_of(tag_unchecked()); }

double reader::real() {
  const auto found = tag();
  if (found == 0xcb) {
    need(9);
    const auto bits = load<std::uint64_t>(1);
    cursor_ += 9;
    return std::bit_cast<double>(bits);
  }
  if (found == 0xca) {
    need(5);
    const auto bits = load<std::uint32_t>(1);
    cursor_ += 5;
    return static_cast<double>(std::bit_cast<float>(bits));
  }
  if (peek() != kind::integer) fail("a float");
  bool negative = false;
  const std::uint64_t bits = peek_integer(negative);
  cursor_ += found < 0x80 ? 1 : integer_size(found);
  return negative ? static_cast<double>(static_cast<std::int64_t>(bits)) : static_cast<double>(bits);
}

std::uint64_t reader::peek_integer(bool& negative) const {
  const auto found = tag();
  std::int64_t value = 0;
  if (found < 0x80) return found;
  if (found < 0xe0) {
    if (found < 0xcc || found > 0xd3) fail("an integer");
    need(integer_size(found));
  }
  switch (found) {
    case 0xcc:
      return load<std::uint8_t>(1);
    case 0xcd:
      return load<std::uint16_t>(1);
    case 0xce:
      return load<std::uint32_t>(1);
    case 0xcf:
      return load<std::uint64_t>(1);
    case 0xd0:
      value = static_cast<std::int8_t>(load<std::uint8_t>(1));
      break;
    case 0xd1:
      value = static_cast<std::int16_t>(load<std::uint16_t>(1));
      break;
    case 0xd2:
      value = static_cast<std::int32_t>(load<std::uint32_t>(1));
      break;
    case 0xd3:
      value = static_cast<std::int64_t>(load<std::uint64_t>(1));
      break;
    default:
      value = static_cast<std::int8_t>(found);
  }
  negative = value < 0;
  return static_cast<std::uint64_t>(value);
}

// Reads the size behind a tag of the family tag8, tag8 + 1, tag8 + 2 (8, 16 and 32 bits wide).
std::size_t reader::sized(std::uint8_t found, std::uint8_t tag8, std::size_t& header) const {
  const unsigned width = 1U << (found - tag8);
  need(1 + width);
  header = 1 + width;
  if (width == 1) return load<std::uint8_t>(1);
  return width == 2 ? load<std::uint16_t>(1) : load<std::uint32_t>(1);
}

std::string_view reader::long_str(std::uint8_t found) {
  if (found < 0xd9 || found > 0xdb) fail("a string");
  std::size_t header = 0;
  const std::size_t size = sized(found, 0xd9, header);
  return text_at(header, size);
}

std::size_t reader::long_header(std::uint8_t found, std::uint8_t tag16, std::size_t least_bytes,
                                const char* expected) {
  if (found != tag16 && found != tag16 + 1) fail(expected);
  std::size_t header = 0;
  const std::size_t count = sized(found, static_cast<std::uint8_t>(tag16 - 1), header);
  return count_at(header, count, least_bytes);
}

byte_view reader::blob(std::size_t header, std::size_t size) {
  need(header + size);
  const byte_view bytes{cursor_ + header, size};
  cursor_ += header + size;
  return bytes;
}

byte_view reader::bin() {
  const auto found = tag();
  if (found < 0xc4 || found > 0xc6) fail("bytes");
  std::size_t header = 0;
  const std::size_t size = sized(found, 0xc4, header);
  return blob(header, size);
}

ext_view reader::ext() {
  const auto found = tag();
  std::size_t header = 1;
  std::size_t size = 0;
  if (found >= 0xd4 && found <= 0xd8)
    size = std::size_t{1} << (found - 0xd4);
  else if (found >= 0xc7 && found <= 0xc9)
    size = sized(found, 0xc7, header);
  else
    fail("an extension value");
  need(header + 1);
  const auto type = static_cast<std::int8_t>(cursor_[header]);
  return {type, blob(header + 1, size)};
}

byte_view reader::skip() {
  const std::byte* begin = cursor_;
  pass_over();
  return {begin, static_cast<std::size_t>(cursor_ - begin)};
}

void reader::pass_over() {
  const auto found = tag();
  std::size_t header = 1;
  switch (peek()) {
    case kind::nil:
    case kind::boolean:
      ++cursor_;
      return;
    case kind::integer: {
      const std::size_t size = found < 0x80 ? 1 : integer_size(found);
      blob(size, 0);
      return;
    }
    case kind::real:
      blob(found == 0xcb ? 9 : 5, 0);
      return;
    case kind::str: {
      const std::size_t size = found < 0xc0 ? found & 0x1fU : sized(found, 0xd9, header);
      blob(header, size);
      return;
    }
    case kind::bin:
      bin();
      return;
    case kind::ext:
      ext();
      return;
    case kind::list:
    case kind::map: {
      const bool pairs = peek() == kind::map;
      const nesting level(*this);
      for (std::size_t left = pairs ? 2 * map_header() : array_header(); left != 0; --left) pass_over();
      return;
    }
    case kind::invalid:
    case kind::end:
      fail("a value");
  }
}

void reader::rewind(byte_view rest) {
  if (++failed_ > bounds_.failed_alternatives)
    throw codec_error("at most " + plural(bounds_.failed_alternatives, "failed alternative") + " of unions",
                      "more");
  cursor_ = rest.data();
}

void reader::fail(std::string_view expected) const {
  throw codec_error(std::string(expected), std::string(kind_text(peek())));
}

void reader::fail_short(std::size_t size) const {
  throw codec_error(plural(size, "byte"), plural(remaining(), "byte") + " before the end of the data");
}

void reader::fail_count(std::size_t count) const {
  throw codec_error(plural(count, "element"), plural(remaining(), "byte") + " before the end of the data");
}

void reader::fail_depth() const {
  throw codec_error("at most " + plural(bounds_.depth, "list") + " or maps inside one another", "more");
}

void reader::fail_utf8() const { throw codec_error("a string in UTF-8", "bytes that are not UTF-8"); }

void reader::fail_range(std::int64_t lowest, std::uint64_t highest, std::uint64_t bits, bool negative) const {
  throw codec_error("an integer from " + std::to_string(lowest) + " to " + std::to_string(highest),
                    negative ? std::to_string(static_cast<std::int64_t>(bits)) : std::to_string(bits));
}

bool reader::valid_utf8(std::string_view text) noexcept {
  const auto* at = reinterpret_cast<const unsigned char*>(text.data());
  const auto* const end = at + text.size();
  while (at != end) {
    const unsigned lead = *at++;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    int more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (end - at < more) return false;
    // The second byte is narrowed so that overlong forms, surrogates and numbers above U+10FFFF are refused.
    const unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    const unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (*at < low || *at > high) return false;
    for (++at; --more > 0; ++at)
      if ((*at & 0xc0) != 0x80) return false;
  }
  return true;
}

}  // namespace tractor::msg
