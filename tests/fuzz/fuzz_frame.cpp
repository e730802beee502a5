// Feeds arbitrary bytes in arbitrary pieces through the framing and the messages.
//
// Whatever decodes must encode, decode again, and then encode to the same bytes.
#include <cstdint>
#include <cstdlib>
#include <tractor/msg/codec_error.hpp>
#include <tractor/msg/messages.hpp>

namespace {

using namespace tractor::msg;

// The short way is the long way, where it is taken at all.
void check_short_way(byte_view body) {
  const auto item = try_yield(body);
  if (!item) return;
  const message whole = decode_message(body);
  const auto& same = std::get<yield_item>(whole);
  if (same.cid != item->cid || as_text(same.pld) != as_text(item->pld)) std::abort();
}

void check(byte_view body) {
  check_short_way(body);
  try {
    const message first = decode_message(body);
    to_text(first);
    buffer once;
    append_frame(once, first);
    const message second = decode_message(once.view().subspan(frame_header_size));
    buffer twice;
    append_frame(twice, second);
    if (as_text(once.view()) != as_text(twice.view())) std::abort();
  } catch (const codec_error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const byte_view bytes(reinterpret_cast<const std::byte*>(data), size);
  check(bytes.subspan(1));

  constexpr std::size_t limit = 4096;
  frame_parser parser(limit);
  const std::size_t piece = 1 + data[0];
  try {
    for (std::size_t at = 1; at < size; at += piece) {
      parser.feed(bytes.subspan(at, std::min(piece, size - at)));
      while (const auto body = parser.next()) {
        if (body->size() > limit) std::abort();
        check(*body);
      }
    }
  } catch (const codec_error&) {
  }
  return 0;
}
