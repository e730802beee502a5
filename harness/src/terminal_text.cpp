#include "terminal_text.hpp"

#include <cstddef>

namespace tractor::harness::detail {
namespace {

// The end of the sequence whose ESC stands at `at`; the end of the text if it is not complete.
std::size_t end_of_sequence(std::string_view text, std::size_t at) {
  if (++at >= text.size()) return text.size();
  const char kind = text[at++];
  if (kind == '[') {  // parameters, then one letter
    while (at < text.size() && (text[at] < '@' || text[at] > '~')) ++at;
    return at < text.size() ? at + 1 : at;
  }
  if (kind == ']' || kind == 'P' || kind == '_' || kind == '^') {  // a text up to BEL or ESC and a backslash
    while (at < text.size() && text[at] != '\a' && text[at] != '\x1b') ++at;
    if (at < text.size() && text[at] == '\x1b') ++at;
    return at < text.size() ? at + 1 : at;
  }
  if (kind >= ' ' && kind <= '/') {  // the choice of a character set
    while (at < text.size() && text[at] >= ' ' && text[at] <= '/') ++at;
    return at < text.size() ? at + 1 : at;
  }
  return at;
}

}  // namespace

std::string plain_text(std::string_view shown) {
  std::string out;
  for (std::size_t at = 0; at < shown.size();) {
    const char c = shown[at];
    if (c == '\x1b') {
      at = end_of_sequence(shown, at);
      continue;
    }
    ++at;
    // A terminal's driver makes "\r\n" of each "\n", the second half of which may be still to come.
    const bool line_end = c == '\r' && (at == shown.size() || shown[at] == '\n');
    if (!line_end) out += c;
  }
  return out;
}

}  // namespace tractor::harness::detail
