// Reads arbitrary bytes as values and as typed data of every supported form.
#include <cstdint>
#include <cstdlib>
#include <tractor/msg/codec.hpp>

namespace fuzzed {

struct plain {
  int id = 0;
  std::string who;
  std::vector<std::int8_t> qty;
};

struct leaf {
  double weight = 0;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(leaf, (), (weight, name))

struct tree {
  std::int64_t n = 0;
  std::optional<std::string> text;
  std::vector<tree> kids;
  std::map<std::string, plain> plains;
  std::variant<std::monostate, bool, leaf, std::vector<tree>, std::tuple<int, std::string>, std::string> any;
  std::vector<std::byte> bytes;
};
BOOST_DESCRIBE_STRUCT(tree, (), (n, text, kids, plains, any, bytes))

}  // namespace fuzzed

namespace {

using namespace tractor::msg;

/// What decodes must encode and decode again to the same bytes.
template <class T> void check(byte_view bytes) {
  buffer once;
  try {
    once = encoded(decode_all<T>(bytes));
  } catch (const codec_error&) {
    return;
  }
  const T again = decode_all<T>(once.view());
  if (as_text(encoded(again).view()) != as_text(once.view())) std::abort();
  to_text(again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const byte_view bytes(reinterpret_cast<const std::byte*>(data), size);
  try {
    reader from(bytes);
    while (!from.at_end()) from.skip();
  } catch (const codec_error&) {
  }
  std::string text;
  append_raw_text(text, bytes);
  check<value>(bytes);
  check<raw>(bytes);
  check<fuzzed::plain>(bytes);
  check<fuzzed::tree>(bytes);
  check<std::variant<double, std::string, std::vector<value>, std::map<std::string, value>>>(bytes);
  check<std::tuple<std::chrono::milliseconds, std::array<float, 2>, std::set<int>>>(bytes);
  return 0;
}
