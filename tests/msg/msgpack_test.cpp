// The writer and the reader against the examples of the MessagePack specification.
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <tractor/msg/codec_error.hpp>
#include <tractor/msg/reader.hpp>
#include <tractor/msg/writer.hpp>

#include "wire_vectors.hpp"

namespace msgpack_test {

namespace {

using namespace tractor::msg;
using tractor::test::from_hex;
using tractor::test::to_hex;

template <class Put> std::string written(Put put) {
  buffer out;
  writer to(out);
  put(to);
  return to_hex(out.view());
}

std::string integer(std::int64_t number) {
  return written([&](writer& to) { to.integer(number); });
}
std::string unsigned_integer(std::uint64_t number) {
  return written([&](writer& to) { to.unsigned_integer(number); });
}

std::string head(const std::string& hex, std::size_t bytes) { return hex.substr(0, 2 * bytes); }

template <class Read> std::string refusal(std::string_view hex, Read read) {
  const buffer bytes = from_hex(hex);
  reader from(bytes.view());
  try {
    read(from);
  } catch (const codec_error& wrong) {
    return wrong.what();
  }
  return "accepted";
}

TEST(writer, gives_each_integer_its_shortest_form) {
  EXPECT_EQ(integer(0), "00");
  EXPECT_EQ(integer(127), "7f");
  EXPECT_EQ(integer(128), "cc80");
  EXPECT_EQ(integer(255), "ccff");
  EXPECT_EQ(integer(256), "cd0100");
  EXPECT_EQ(integer(65535), "cdffff");
  EXPECT_EQ(integer(65536), "ce00010000");
  EXPECT_EQ(integer(4294967295), "ceffffffff");
  EXPECT_EQ(integer(4294967296), "cf0000000100000000");
  EXPECT_EQ(unsigned_integer(std::numeric_limits<std::uint64_t>::max()), "cfffffffffffffffff");
  EXPECT_EQ(integer(-1), "ff");
  EXPECT_EQ(integer(-32), "e0");
  EXPECT_EQ(integer(-33), "d0df");
  EXPECT_EQ(integer(-128), "d080");
  EXPECT_EQ(integer(-129), "d1ff7f");
  EXPECT_EQ(integer(-32768), "d18000");
  EXPECT_EQ(integer(-32769), "d2ffff7fff");
  EXPECT_EQ(integer(-2147483648LL), "d280000000");
  EXPECT_EQ(integer(-2147483649LL), "d3ffffffff7fffffff");
  EXPECT_EQ(integer(std::numeric_limits<std::int64_t>::min()), "d38000000000000000");
}

TEST(writer, writes_simple_values_as_the_specification_says) {
  EXPECT_EQ(written([](writer& to) { to.nil(); }), "c0");
  EXPECT_EQ(written([](writer& to) { to.boolean(false); }), "c2");
  EXPECT_EQ(written([](writer& to) { to.boolean(true); }), "c3");
  EXPECT_EQ(written([](writer& to) { to.real(1.5); }), "cb3ff8000000000000");
  EXPECT_EQ(written([](writer& to) { to.real32(1.5F); }), "ca3fc00000");
}

TEST(writer, chooses_the_header_of_text_and_bytes_by_their_size) {
  const auto text = [](std::size_t size) {
    return written([&](writer& to) { to.str(std::string(size, 'a')); });
  };
  EXPECT_EQ(text(0), "a0");
  EXPECT_EQ(head(text(31), 2), "bf61");
  EXPECT_EQ(head(text(32), 3), "d92061");
  EXPECT_EQ(head(text(255), 3), "d9ff61");
  EXPECT_EQ(head(text(256), 4), "da010061");
  EXPECT_EQ(head(text(65536), 6), "db0001000061");
  EXPECT_EQ(text(65536).size(), 2U * (5 + 65536));
  const auto bytes = [](std::size_t size) {
    return written([&](writer& to) { to.bin(as_bytes(std::string(size, 'a'))); });
  };
  EXPECT_EQ(bytes(0), "c400");
  EXPECT_EQ(head(bytes(255), 3), "c4ff61");
  EXPECT_EQ(head(bytes(256), 4), "c5010061");
  EXPECT_EQ(head(bytes(65536), 6), "c60001000061");
}

TEST(writer, chooses_the_header_of_lists_and_maps_by_their_count) {
  const auto list = [](std::size_t count) { return written([&](writer& to) { to.array_header(count); }); };
  EXPECT_EQ(list(15), "9f");
  EXPECT_EQ(list(16), "dc0010");
  EXPECT_EQ(list(65536), "dd00010000");
  const auto map = [](std::size_t count) { return written([&](writer& to) { to.map_header(count); }); };
  EXPECT_EQ(map(15), "8f");
  EXPECT_EQ(map(16), "de0010");
  EXPECT_EQ(map(65536), "df00010000");
}

TEST(writer, chooses_the_header_of_extensions_by_their_size) {
  const auto ext = [](std::size_t size) {
    return written([&](writer& to) { to.ext(-1, as_bytes(std::string(size, 'a'))); });
  };
  EXPECT_EQ(head(ext(1), 3), "d4ff61");
  EXPECT_EQ(head(ext(16), 3), "d8ff61");
  EXPECT_EQ(head(ext(3), 4), "c703ff61");
  EXPECT_EQ(ext(0), "c700ff");
  EXPECT_EQ(head(ext(256), 5), "c80100ff61");
}

TEST(writer, refuses_a_count_that_no_header_can_hold) {
  buffer out;
  writer to(out);
  EXPECT_THROW(to.array_header(std::size_t{1} << 32), codec_error);
  EXPECT_TRUE(out.empty());
}

TEST(reader, reads_integers_in_every_form_also_longer_than_needed) {
  for (const char* hex : {"05", "cc05", "cd0005", "ce00000005", "cf0000000000000005", "d005", "d10005",
                          "d200000005", "d30000000000000005"}) {
    const buffer bytes = from_hex(hex);
    reader as_signed(bytes.view());
    EXPECT_EQ(as_signed.integer(), 5) << hex;
    EXPECT_TRUE(as_signed.at_end()) << hex;
    reader as_unsigned(bytes.view());
    EXPECT_EQ(as_unsigned.unsigned_integer(), 5U) << hex;
    reader as_real(bytes.view());
    EXPECT_EQ(as_real.real(), 5.0) << hex;
    EXPECT_TRUE(as_real.at_end()) << hex;
  }
}

TEST(reader, returns_what_the_writer_wrote_at_the_borders_of_each_form) {
  for (int bits = 0; bits < 63; ++bits) {
    for (const std::int64_t near : {-1, 0, 1}) {
      for (const std::int64_t sign : {-1, 1}) {
        const std::int64_t number = sign * ((std::int64_t{1} << bits) + near);
        const buffer bytes = from_hex(integer(number));
        reader from(bytes.view());
        EXPECT_EQ(from.integer(), number);
        EXPECT_TRUE(from.at_end());
      }
    }
  }
}

TEST(reader, refuses_integers_out_of_range_and_names_the_range) {
  const auto small = [](reader& from) { from.integer_as<std::uint8_t>(); };
  EXPECT_EQ(refusal("cd012c", small), "expected an integer from 0 to 255, found 300");
  EXPECT_EQ(refusal("ff", small), "expected an integer from 0 to 255, found -1");
  const auto tiny = [](reader& from) { from.integer_as<std::int8_t>(); };
  EXPECT_EQ(refusal("d1ff7f", tiny), "expected an integer from -128 to 127, found -129");
  EXPECT_EQ(refusal("cc80", tiny), "expected an integer from -128 to 127, found 128");
  EXPECT_NE(refusal("cf8000000000000000", [](reader& from) { from.integer(); }), "accepted");
  EXPECT_NE(refusal("ff", [](reader& from) { from.unsigned_integer(); }), "accepted");
}

TEST(reader, refuses_any_other_type_and_names_both) {
  EXPECT_EQ(refusal("a161", [](reader& from) { from.integer(); }), "expected an integer, found a string");
  EXPECT_EQ(refusal("01", [](reader& from) { from.str(); }), "expected a string, found an integer");
  EXPECT_EQ(refusal("a161", [](reader& from) { from.bin(); }), "expected bytes, found a string");
  EXPECT_EQ(refusal("c40161", [](reader& from) { from.str(); }), "expected a string, found bytes");
  EXPECT_EQ(refusal("01", [](reader& from) { from.boolean(); }), "expected a boolean, found an integer");
  EXPECT_EQ(refusal("c2", [](reader& from) { from.real(); }), "expected a float, found a boolean");
  EXPECT_EQ(refusal("cb3ff8000000000000", [](reader& from) { from.integer(); }),
            "expected an integer, found a float");
  EXPECT_EQ(refusal("80", [](reader& from) { from.array_header(); }), "expected a list, found a map");
  EXPECT_EQ(refusal("c0", [](reader& from) { from.map_header(); }), "expected a map, found nil");
  EXPECT_EQ(refusal("", [](reader& from) { from.nil(); }), "expected nil, found the end of the data");
  EXPECT_EQ(refusal("c1", [](reader& from) { from.skip(); }),
            "expected a value, found the byte 0xc1, which is no MessagePack");
}

TEST(reader, stays_at_the_value_that_it_refuses) {
  const buffer bytes = from_hex("a161");
  reader from(bytes.view());
  EXPECT_THROW(from.integer(), codec_error);
  EXPECT_EQ(from.str(), "a");
}

TEST(reader, views_text_and_bytes_where_they_are) {
  const buffer bytes = from_hex("a3616263c403646566");
  reader from(bytes.view());
  const std::string_view text = from.str();
  EXPECT_EQ(text, "abc");
  EXPECT_EQ(static_cast<const void*>(text.data()), bytes.data() + 1);
  EXPECT_EQ(as_text(from.bin()), "def");
}

TEST(reader, takes_utf8_and_refuses_what_only_resembles_it) {
  const auto check = [](std::string_view text) {
    buffer out;
    writer(out).str(text);
    reader from(out.view());
    try {
      return from.str() == text;
    } catch (const codec_error&) {
      return false;
    }
  };
  for (const char* good :
       {"", "plain", "\u00e9", "\u20ac uro", "\U0001F98E", "\u07ff\u0800\uffff", "\U0010FFFF"})
    EXPECT_TRUE(check(good)) << good;
  for (const char* bad : {"\x80", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "eight ch\xe2\x82", "\xe2\x28\xa1"})
    EXPECT_FALSE(check(bad)) << bad;
}

TEST(reader, skips_one_value_of_each_kind_and_returns_its_bytes) {
  for (const char* hex :
       {"c0", "c2", "2a", "cdffff", "d3ffffffff7fffffff", "ca3fc00000", "cb3ff8000000000000", "a161",
        "d90161", "c40161", "d4ff61", "c703ff616161", "93c0a16190", "82a16101a16281a163c0"}) {
    buffer bytes = from_hex(hex);
    const std::size_t size = bytes.size();
    bytes.append(as_bytes("\x2a"));
    reader from(bytes.view());
    EXPECT_EQ(from.skip().size(), size) << hex;
    EXPECT_EQ(from.integer(), 42) << hex;
  }
}

TEST(reader, refuses_every_truncation_of_every_kind) {
  for (const char* hex :
       {"cdffff", "d3ffffffff7fffffff", "ca3fc00000", "cb3ff8000000000000", "a161", "d90161", "da000161",
        "c40161", "d4ff61", "c703ff616161", "93c0a16190", "82a16101a16281a163c0"}) {
    const buffer bytes = from_hex(hex);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      reader from(bytes.view().first(size));
      EXPECT_THROW(from.skip(), codec_error) << hex << " cut to " << size;
    }
  }
}

}  // namespace

}  // namespace msgpack_test
