// Unions, and types that bring their own form.
#include <gtest/gtest.h>

#include <boost/describe.hpp>
#include <tractor/msg/codec.hpp>
#include <tractor/msg/messages.hpp>

#include "round_trip.hpp"

namespace door_lock {

struct status {
  static constexpr std::string_view wire_tag = "LockStatus";
  std::string cid;
  bool locked = false;
};
BOOST_DESCRIBE_STRUCT(status, (), (cid, locked))

struct release {
  static constexpr std::string_view wire_tag = "LockRelease";
  std::string cid;
  bool locked = false;
};
BOOST_DESCRIBE_STRUCT(release, (), (cid, locked))

struct circle {
  double radius = 0;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(circle, (), (radius, name))

struct box {
  double width = 0;
  double height = 0;
  std::string name;
};
BOOST_DESCRIBE_STRUCT(box, (), (width, height, name))

// No default constructor: made by its reader.
class celsius {
 public:
  explicit celsius(double degrees) : degrees_(degrees) {}
  double degrees() const { return degrees_; }

 private:
  double degrees_;
};

}  // namespace door_lock

template <> struct tractor::msg::wire_traits<door_lock::celsius> {
  static void encode(writer& to, const door_lock::celsius& t) { to.real(t.degrees()); }
  static door_lock::celsius decode(reader& from) { return door_lock::celsius(from.real()); }
  static std::string name() { return "celsius"; }
};

namespace {

using namespace tractor::msg;
using tractor::test::refusal;
using tractor::test::refusal_of;
using tractor::test::travelled;
using tractor::test::wire_hex;

using scalar = std::variant<std::monostate, bool, double, int, std::string, std::vector<std::byte>>;
using shape = std::variant<door_lock::circle, door_lock::box, std::map<std::string, int>>;

static_assert(wire_type<scalar> && wire_type<shape> && wire_type<door_lock::celsius>);
static_assert(wire_type<std::vector<door_lock::celsius>> && wire_type<std::optional<door_lock::celsius>>);

TEST(unions, travel_as_the_bare_value) {
  EXPECT_EQ(wire_hex(scalar(5)), "05");
  EXPECT_EQ(wire_hex(scalar(std::string("a"))), "a161");
  EXPECT_EQ(wire_hex(scalar()), "c0");
}

TEST(unions, take_the_alternative_that_writes_what_came) {
  for (const scalar& each : {scalar(), scalar(true), scalar(2.5), scalar(3), scalar(std::string("a")),
                             scalar(std::vector<std::byte>(2))})
    EXPECT_EQ(travelled(each), each) << "alternative " << each.index();
}

TEST(unions, give_an_integer_to_a_float_only_if_no_alternative_is_one) {
  EXPECT_EQ(decode_all<scalar>(encoded(3).view()).index(), 3U);
  using no_integer = std::variant<std::string, double>;
  EXPECT_EQ(decode_all<no_integer>(encoded(3).view()), no_integer(3.0));
}

TEST(unions, refuse_what_no_alternative_takes) {
  EXPECT_EQ((refusal_of<std::variant<int, std::string>>(true)), "expected union<int,str>, found a boolean");
}

TEST(unions, give_the_alternative_s_own_error_when_there_is_one_candidate) {
  EXPECT_EQ((refusal_of<std::variant<std::vector<int>, std::string>>(std::vector<bool>{true})),
            "[0]: expected an integer, found a boolean");
}

TEST(unions, tell_structs_apart_by_their_tag) {
  using both = std::variant<door_lock::status, door_lock::release>;
  EXPECT_EQ(travelled(both(door_lock::status{"c", true})).index(), 0U);
  EXPECT_EQ(travelled(both(door_lock::release{"c", true})).index(), 1U);
  EXPECT_EQ(refusal_of<both>(value(value::map{{"msg_type", "Other"}, {"cid", "c"}})),
            "expected union<door_lock::status,door_lock::release>, found a map");
}

TEST(unions, tell_structs_apart_by_their_member_names) {
  EXPECT_EQ(travelled(shape(door_lock::circle{2.5, "c"})).index(), 0U);
  EXPECT_EQ(travelled(shape(door_lock::box{1, 2, "b"})).index(), 1U);
  EXPECT_EQ(travelled(shape(std::map<std::string, int>{{"x", 1}})).index(), 2U);
  const value::map turned{{"name", "b"}, {"height", 2}, {"width", 1}};
  EXPECT_EQ(value(turned).as<shape>().index(), 1U);
}

TEST(unions, try_lists_in_the_order_of_the_union) {
  using lists = std::variant<std::vector<int>, std::vector<std::string>, std::pair<int, std::string>>;
  EXPECT_EQ(decode_all<lists>(encoded(std::vector<int>{1}).view()).index(), 0U);
  EXPECT_EQ(decode_all<lists>(encoded(std::vector<std::string>{"a"}).view()).index(), 1U);
  EXPECT_EQ(decode_all<lists>(encoded(std::pair(1, std::string("a"))).view()).index(), 2U);
  EXPECT_EQ((refusal_of<lists>(std::tuple(1, true))), "[1]: expected an integer, found a boolean");
}

TEST(unions, try_the_addresses_of_the_reference) {
  const std::string tcp =
      wire_hex(wire_address(std::pair<std::string_view, std::int64_t>("127.0.0.1", 1616)));
  EXPECT_EQ(tcp, "92a93132372e302e302e31cd0650");
  const std::string uds =
      wire_hex(wire_address(std::pair<std::string_view, std::string_view>("/run", "a@1.sock")));
  EXPECT_EQ(uds,
            "92a42f72756ea861"
            "40312e736f636b");
  for (const std::string& hex : {tcp, uds}) {
    const buffer bytes = tractor::test::from_hex(hex);
    EXPECT_EQ(wire_hex(decode_all<wire_address>(bytes.view())), hex);
  }
}

TEST(unions, show_the_value_that_they_hold) { EXPECT_EQ(to_text(scalar(std::string("a"))), "\"a\""); }

TEST(user_types, without_default_constructor_are_made_by_their_reader) {
  EXPECT_EQ(travelled(door_lock::celsius(21.5)).degrees(), 21.5);
  EXPECT_EQ(travelled(std::vector<door_lock::celsius>{door_lock::celsius(1), door_lock::celsius(2)})
                .at(1)
                .degrees(),
            2);
  EXPECT_EQ(travelled(std::optional<door_lock::celsius>(door_lock::celsius(1)))->degrees(), 1);
  EXPECT_EQ(
      (travelled(std::map<std::string, door_lock::celsius>{{"a", door_lock::celsius(3)}}).at("a").degrees()),
      3);
  EXPECT_EQ(wire_name<std::vector<door_lock::celsius>>(), "list<celsius>");
  EXPECT_EQ(to_text(door_lock::celsius(1.5)), "1.5");
}

TEST(values, hold_anything_and_give_it_back) {
  const value any = value::map{{"list", value::list{1, -1, 2.5, true, nullptr, "text", value::bytes(2)}},
                               {value(7), value(std::numeric_limits<std::uint64_t>::max())},
                               {"ext", ext_value{-1, value::bytes(4)}}};
  EXPECT_EQ(travelled(any), any);
  EXPECT_EQ(to_text(any),
            "{\"list\": [1, -1, 2.5, true, nil, \"text\", b\"\\x00\\x00\"], 7: 18446744073709551615, "
            "\"ext\": ext(-1, b\"\\x00\\x00\\x00\\x00\")}");
}

TEST(values, keep_integers_as_int64_where_they_fit) {
  EXPECT_EQ(value(5U), value(5));
  EXPECT_NE(value(5), value(5.0));
  EXPECT_EQ(decode_all<value>(tractor::test::from_hex("cf0000000000000005").view()), value(5));
}

TEST(values, find_entries_by_text_key) {
  const value any = value::map{{value(1), "number"}, {"key", "found"}};
  ASSERT_NE(any.find("key"), nullptr);
  EXPECT_EQ(*any.find("key"), value("found"));
  EXPECT_EQ(any.find("none"), nullptr);
  EXPECT_EQ(value(5).find("key"), nullptr);
}

TEST(values, read_as_types_with_their_checks) {
  EXPECT_EQ(value(value::list{1, 2}).as<std::vector<int>>(), (std::vector<int>{1, 2}));
  EXPECT_THROW(value("x").as<int>(), codec_error);
}

TEST(raw_values, keep_the_bytes_of_one_value_until_its_type_is_known) {
  const auto list = travelled(std::vector<raw>{raw::of(1), raw::of(std::string("a")), raw()});
  EXPECT_EQ(list.at(0).as<int>(), 1);
  EXPECT_EQ(list.at(1).as<std::string>(), "a");
  EXPECT_EQ(to_text(list), "[1, \"a\", nil]");
  EXPECT_EQ(list.at(2), raw());
  EXPECT_THROW(raw(tractor::test::from_hex("0102").view()), codec_error);
  EXPECT_THROW(raw(tractor::test::from_hex("92").view()), codec_error);
}

TEST(raw_values, say_in_their_text_when_they_cannot_be_read) {
  std::string out;
  append_raw_text(out, tractor::test::from_hex("92a1ff").view());
  EXPECT_NE(out.find("not readable"), std::string::npos) << out;
}

}  // namespace
