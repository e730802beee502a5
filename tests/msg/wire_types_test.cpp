// Built-in types: which may travel, how they look on the wire, what their readers refuse.
#include <gtest/gtest.h>

#include <tractor/msg/containers.hpp>
#include <tractor/msg/value.hpp>
#include <tractor/msg/variant.hpp>

#include "round_trip.hpp"

namespace wire_types_test {

namespace {

using namespace tractor::msg;
using namespace std::chrono_literals;
using tractor::test::refusal;
using tractor::test::refusal_of;
using tractor::test::travelled;
using tractor::test::wire_hex;

enum class colour : std::uint8_t { red, green };
class closed {
 public:
  explicit closed(int) {}
};

static_assert(wire_type<bool> && wire_type<int> && wire_type<char> && wire_type<std::uint64_t> &&
              wire_type<double>);
static_assert(wire_type<std::string> && wire_type<std::string_view> && wire_type<byte_view> &&
              wire_type<colour>);
static_assert(wire_type<std::map<std::string, std::vector<std::optional<std::tuple<int, float>>>>>);
static_assert(wire_type<value> && wire_type<raw> && wire_type<std::optional<value>> &&
              wire_type<std::monostate>);
static_assert(!wire_type<int*> && !wire_type<const char*> && !wire_type<int&> &&
              !wire_type<std::exception_ptr>);
static_assert(!wire_type<void> && !wire_type<wchar_t> && !wire_type<char32_t> && !wire_type<closed>);
static_assert(!wire_type<std::vector<int*>> && !wire_type<std::map<std::string, closed>>);
static_assert(!wire_type<std::optional<std::optional<int>>>, "nil would mean two things");
static_assert(!wire_type<std::chrono::steady_clock::time_point>, "that clock means nothing elsewhere");
static_assert(is_wire_view<std::string_view> && is_wire_view<std::vector<std::optional<byte_view>>>);
static_assert(!is_wire_view<std::string> && !is_wire_view<std::vector<value>>);

TEST(wire_types, look_like_their_nearest_msgpack_type) {
  EXPECT_EQ(wire_hex(true), "c3");
  EXPECT_EQ(wire_hex(-1), "ff");
  EXPECT_EQ(wire_hex('a'), "61");
  EXPECT_EQ(wire_hex(colour::green), "01");
  EXPECT_EQ(wire_hex(1.5), "cb3ff8000000000000");
  EXPECT_EQ(wire_hex(1.5F), "ca3fc00000");
  EXPECT_EQ(wire_hex(std::string("ab")), "a26162");
  EXPECT_EQ(wire_hex(std::monostate{}), "c0");
  EXPECT_EQ(wire_hex(std::vector<std::byte>{std::byte{7}}), "c40107");
  EXPECT_EQ(wire_hex(std::array<std::byte, 2>{std::byte{7}, std::byte{8}}), "c4020708");
  EXPECT_EQ(wire_hex(std::vector<int>{1, 2}), "920102");
  EXPECT_EQ(wire_hex(std::vector<bool>{true, false}), "92c3c2");
  EXPECT_EQ(wire_hex(std::pair(1, std::string("a"))), "9201a161");
  EXPECT_EQ((wire_hex(std::map<std::string, int>{{"a", 1}})), "81a16101");
  EXPECT_EQ(wire_hex(std::optional<int>()), "c0");
  EXPECT_EQ(wire_hex(std::optional<int>(5)), "05");
  EXPECT_EQ(wire_hex(3us), "cd0bb8");
}

TEST(wire_types, come_back_as_they_went) {
  const auto same = [](const auto& value) { return travelled(value) == value; };
  EXPECT_TRUE(same(std::numeric_limits<std::int64_t>::min()));
  EXPECT_TRUE(same(std::numeric_limits<std::uint64_t>::max()));
  EXPECT_TRUE(same(0.1));
  EXPECT_TRUE(same(0.1F));
  EXPECT_TRUE(same(std::string(70000, 'x')));
  EXPECT_TRUE(same(std::vector<bool>{true, false, true}));
  EXPECT_TRUE(same(std::vector<std::vector<int>>{{}, {1}, {2, 3}}));
  EXPECT_TRUE(same(std::deque<int>{1, 2}));
  EXPECT_TRUE(same(std::list<std::string>{"a", "b"}));
  EXPECT_TRUE(same(std::set<int>{3, 1}));
  EXPECT_TRUE(same(std::unordered_set<std::string>{"a", "b"}));
  EXPECT_TRUE(same(std::map<int, std::string>{{1, "a"}, {-2, "b"}}));
  EXPECT_TRUE(same(std::unordered_map<std::string, std::optional<double>>{{"a", 1.5}, {"b", {}}}));
  EXPECT_TRUE(same(std::tuple<int, std::string, std::array<int, 2>>{1, "a", {2, 3}}));
  EXPECT_TRUE(same(std::tuple<>{}));
  EXPECT_TRUE(same(-90min));
  EXPECT_TRUE(same(std::chrono::system_clock::now()));
  EXPECT_TRUE(same(std::vector<std::byte>(300, std::byte{1})));
}

TEST(wire_types, a_float_takes_integers_but_an_integer_no_float) {
  EXPECT_EQ(decode_all<double>(encoded(7).view()), 7.0);
  EXPECT_EQ(decode_all<double>(encoded(-7).view()), -7.0);
  EXPECT_EQ(decode_all<float>(encoded(2.5).view()), 2.5F);
  EXPECT_EQ(refusal_of<int>(7.0), "expected an integer, found a float");
}

TEST(wire_types, integers_are_checked_against_the_range_of_their_reader) {
  EXPECT_EQ(refusal_of<std::int8_t>(200), "expected an integer from -128 to 127, found 200");
  EXPECT_EQ(refusal_of<unsigned>(-1), "expected an integer from 0 to 4294967295, found -1");
  EXPECT_EQ(refusal_of<colour>(256), "expected an integer from 0 to 255, found 256");
}

TEST(wire_types, sizes_that_are_part_of_the_type_are_checked) {
  EXPECT_EQ((refusal_of<std::array<int, 3>>(std::vector<int>{1, 2})), "expected 3 elements, found 2");
  EXPECT_EQ((refusal_of<std::pair<int, int>>(std::vector<int>{1, 2, 3})), "expected 2 elements, found 3");
  EXPECT_EQ((refusal_of<std::array<std::byte, 3>>(std::vector<std::byte>(2))), "expected 3 bytes, found 2");
}

TEST(wire_types, errors_name_the_element) {
  EXPECT_EQ(refusal_of<std::vector<int>>(std::tuple(1, 2, std::string("x"))),
            "[2]: expected an integer, found a string");
  EXPECT_EQ((refusal_of<std::tuple<int, std::vector<bool>>>(std::tuple(1, std::vector<int>{1}))),
            "[1][0]: expected a boolean, found an integer");
  EXPECT_EQ((refusal_of<std::map<std::string, int>>(std::map<std::string, bool>{{"a", true}})),
            "[\"a\"]: expected an integer, found a boolean");
}

TEST(wire_types, bytes_behind_the_value_are_refused) {
  EXPECT_EQ(refusal<int>("0102"), "expected the end of the data, found an integer");
}

TEST(wire_types, a_container_decoded_into_is_replaced) {
  std::vector<int> numbers{7, 8, 9};
  decode_all(encoded(std::vector<int>{1}).view(), numbers);
  EXPECT_EQ(numbers, std::vector<int>{1});
  std::map<std::string, int> map{{"old", 1}};
  decode_all(encoded(std::map<std::string, int>{{"new", 2}}).view(), map);
  EXPECT_EQ(map, (std::map<std::string, int>{{"new", 2}}));
}

TEST(wire_types, views_point_into_the_bytes_that_were_read) {
  const buffer bytes = encoded(std::pair(std::string("text"), std::vector<std::byte>(3)));
  const auto seen = decode_all<std::pair<std::string_view, byte_view>>(bytes.view());
  EXPECT_EQ(seen.first, "text");
  EXPECT_EQ(static_cast<const void*>(seen.first.data()), bytes.data() + 2);
  EXPECT_EQ(seen.second.data(), bytes.data() + 8);
}

TEST(wire_types, durations_are_nanoseconds_and_lose_what_the_reader_cannot_hold) {
  EXPECT_EQ(decode_all<std::chrono::milliseconds>(encoded(1999us).view()), 1ms);
  EXPECT_EQ(decode_all<std::chrono::duration<double>>(encoded(1500ms).view()), 1.5s);
  EXPECT_THROW(encoded(std::chrono::hours(24 * 365 * 300)), codec_error);
  EXPECT_THROW(encoded(std::chrono::duration<double>(1e300)), codec_error);
  EXPECT_THROW(encoded(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())), codec_error);
}

TEST(wire_types, durations_beyond_the_integer_of_their_reader_are_refused) {
  using tiny = std::chrono::duration<std::int8_t>;
  EXPECT_EQ(decode_all<tiny>(encoded(100s).view()), 100s);
  EXPECT_EQ(refusal_of<tiny>(300s), "expected a time that its reader can hold, found 300 of its units");
}

TEST(wire_types, decoding_void_reads_a_nil) {
  const buffer bytes = encoded(std::monostate{});
  reader from(bytes.view());
  decode<void>(from);
  EXPECT_TRUE(from.at_end());
}

TEST(wire_names, are_our_own_spelling) {
  EXPECT_EQ(wire_name<int>(), "int");
  EXPECT_EQ(wire_name<std::uint8_t>(), "int");
  EXPECT_EQ(wire_name<float>(), "float");
  EXPECT_EQ(wire_name<bool>(), "bool");
  EXPECT_EQ(wire_name<std::string>(), "str");
  EXPECT_EQ(wire_name<std::string_view>(), "str");
  EXPECT_EQ(wire_name<std::vector<std::byte>>(), "bytes");
  EXPECT_EQ(wire_name<void>(), "none");
  EXPECT_EQ(wire_name<std::monostate>(), "none");
  EXPECT_EQ(wire_name<value>(), "any");
  EXPECT_EQ(wire_name<std::set<int>>(), "list<int>");
  EXPECT_EQ((wire_name<std::map<std::string, int>>()), "map<str,int>");
  EXPECT_EQ(wire_name<std::optional<int>>(), "optional<int>");
  EXPECT_EQ((wire_name<std::variant<int, std::string>>()), "union<int,str>");
  EXPECT_EQ((wire_name<std::tuple<int, std::pair<double, bool>>>()), "tuple<int,tuple<float,bool>>");
}

TEST(wire_text, shows_values_for_people) {
  EXPECT_EQ(to_text(5), "5");
  EXPECT_EQ(to_text(2.0), "2.0");
  EXPECT_EQ(to_text(std::numeric_limits<std::uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(to_text(std::string("a \"b\"\n\x01 \u00e9")), "\"a \\\"b\\\"\\n\\x01 \u00e9\"");
  EXPECT_EQ(to_text(std::optional<int>()), "nil");
  EXPECT_EQ(to_text(std::vector<std::string>{"a", "b"}), "[\"a\", \"b\"]");
  EXPECT_EQ((to_text(std::map<int, bool>{{1, true}})), "{1: true}");
  EXPECT_EQ(to_text(std::tuple(1, std::string("a"))), "(1, \"a\")");
  EXPECT_EQ(to_text(std::vector<std::byte>(3, std::byte{0xff})), "b\"\\xff\\xff\\xff\"");
  EXPECT_EQ(to_text(std::vector<std::byte>(100, std::byte{'a'})),
            "b\"" + std::string(32, 'a') + "\"... (100 bytes)");
}

}  // namespace

}  // namespace wire_types_test
