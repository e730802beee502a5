#include <array>
#include <charconv>
#include <cstdio>
#include <tractor/msg/text.hpp>

namespace tractor::msg {

namespace {

constexpr std::size_t shown_bytes = 32;

void append_hex(std::string& out, unsigned char byte) {
  constexpr char digits[] = "0123456789abcdef";
  out += "\\x";
  out += digits[byte >> 4];
  out += digits[byte & 15];
}

void append_escaped(std::string& out, char c, bool plain_above_ascii) {
  const auto code = static_cast<unsigned char>(c);
  switch (c) {
    case '"':
      out += "\\\"";
      return;
    case '\\':
      out += "\\\\";
      return;
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      break;
  }
  if (code < 0x20 || code == 0x7f || (code >= 0x80 && !plain_above_ascii))
    append_hex(out, code);
  else
    out += c;
}

void append_real(std::string& out, double number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  const std::string_view text(digits.data(), static_cast<std::size_t>(end - digits.data()));
  out += text;
  if (text.find_first_not_of("-0123456789") == std::string_view::npos) out += ".0";
}

void append_next(std::string& out, reader& from);

void append_list(std::string& out, reader& from) {
  const reader::nesting level(from);
  out += '[';
  const char* comma = "";
  for (std::size_t left = from.array_header(); left != 0; --left) {
    out += comma;
    append_next(out, from);
    comma = ", ";
  }
  out += ']';
}

void append_map(std::string& out, reader& from) {
  const reader::nesting level(from);
  out += '{';
  const char* comma = "";
  for (std::size_t left = from.map_header(); left != 0; --left) {
    out += comma;
    append_next(out, from);
    out += ": ";
    append_next(out, from);
    comma = ", ";
  }
  out += '}';
}

void append_integer(std::string& out, reader& from) {
  constexpr std::byte uint64_tag{0xcf};
  if (from.rest().front() == uint64_tag)
    out += std::to_string(from.unsigned_integer());
  else
    out += std::to_string(from.integer());
}

void append_next(std::string& out, reader& from) {
  switch (from.peek()) {
    case kind::nil:
      from.nil();
      out += "nil";
      return;
    case kind::boolean:
      out += from.boolean() ? "true" : "false";
      return;
    case kind::integer:
      append_integer(out, from);
      return;
    case kind::real:
      append_real(out, from.real());
      return;
    case kind::str:
      append_quoted(out, from.str());
      return;
    case kind::bin:
      append_bytes(out, from.bin());
      return;
    case kind::list:
      append_list(out, from);
      return;
    case kind::map:
      append_map(out, from);
      return;
    case kind::ext: {
      const ext_view data = from.ext();
      out += "ext(" + std::to_string(data.type) + ", ";
      append_bytes(out, data.bytes);
      out += ')';
      return;
    }
    case kind::invalid:
    case kind::end:
      from.fail("a value");
  }
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) append_escaped(out, c, true);
  out += '"';
}

void append_bytes(std::string& out, byte_view bytes) {
  out += "b\"";
  for (const char c : as_text(bytes.first(std::min(bytes.size(), shown_bytes))))
    append_escaped(out, c, false);
  out += '"';
  if (bytes.size() > shown_bytes) out += "... (" + std::to_string(bytes.size()) + " bytes)";
}

void append_raw_text(std::string& out, byte_view encoded) {
  try {
    reader from(encoded);
    append_next(out, from);
    expect_end(from);
  } catch (const codec_error& wrong) {
    out += "<not readable: ";
    out += wrong.what();
    out += '>';
  }
}

}  // namespace tractor::msg
