// The messages: golden bytes, defaults, extensions, errors.
#include <gtest/gtest.h>

#include <tractor/msg/codec.hpp>
#include <tractor/msg/messages.hpp>

#include "round_trip.hpp"

namespace messages_test {

namespace {

using namespace tractor::msg;
using tractor::test::from_hex;
using tractor::test::to_hex;

constexpr std::string_view root_uuid = "00000000-0000-4000-8000-000000000001";
constexpr std::string_view cid = "00000000-0000-4000-8000-0000000000c1";
const std::string cid_hex = "d92430303030303030302d303030302d343030302d383030302d303030303030303030306331";
const std::string uuid_hex = "d92430303030303030302d303030302d343030302d383030302d303030303030303030303031";

template <class Message> std::string frame_hex(const Message& what) {
  buffer out;
  append_frame(out, what);
  return to_hex(out.view());
}

template <class Message> Message decoded(const buffer& frame) {
  return std::get<Message>(decode_message(frame.view().subspan(4)));
}

template <class Message> buffer framed(const Message& what) {
  buffer out;
  append_frame(out, what);
  return out;
}

std::string refusal(const value& body) {
  const buffer bytes = encoded(body);
  try {
    decode_message(bytes.view());
  } catch (const codec_error& wrong) {
    return wrong.what();
  }
  return "accepted";
}

TEST(golden_frames, aid) {
  EXPECT_EQ(frame_hex(aid{.name = "root", .uuid = root_uuid, .pid = 1234, .is_registrar = true}),
            "6200000086a86d73675f74797065a3416964a46e616d65a4726f6f74a475756964" + uuid_hex +
                "a3706964cd04d2ac69735f726567697374726172c3a869735f70726f6265c2");
}

TEST(golden_frames, start) {
  const buffer kwargs = encoded(std::map<std::string, int>{{"a", 1}});
  EXPECT_EQ(
      frame_hex(start{
          .cid = cid, .ns = "mymod", .func = "add", .kwargs = kwargs.view(), .uid = {"root", root_uuid}}),
      "9b00000087a86d73675f74797065a55374617274a3636964" + cid_hex +
          "a26e73a56d796d6f64a466756e63a3616464a66b776172677381a16101a375696492a4726f6f74" + uuid_hex +
          "a8706c645f73706563aa747970696e672e416e79");
}

TEST(golden_frames, start_ack) {
  EXPECT_EQ(frame_hex(start_ack{cid, function_type::asyncfunc}),
            "5000000083a86d73675f74797065a8537461727441636ba3636964" + cid_hex +
                "a866756e6374797065a96173796e6366756e63");
}

TEST(golden_frames, return_value) {
  const std::string expected = "4000000083a86d73675f74797065a652657475726ea3636964" + cid_hex + "a3706c6402";
  const buffer two = encoded(2);
  EXPECT_EQ(frame_hex(return_value{cid, two.view()}), expected);
  buffer in_place;
  append_frame_with(in_place, return_value{.cid = cid}, [](writer& to) { encode(to, 2); });
  EXPECT_EQ(to_hex(in_place.view()), expected);
}

TEST(golden_frames, yield_item) {
  const std::string expected = "4000000083a86d73675f74797065a55969656c64a3636964" + cid_hex + "a3706c64a178";
  buffer in_place;
  append_frame_with(in_place, yield_item{.cid = cid}, [](writer& to) { to.str("x"); });
  EXPECT_EQ(to_hex(in_place.view()), expected);
}

TEST(golden_frames, stop) {
  EXPECT_EQ(frame_hex(stop{cid}), "3900000082a86d73675f74797065a453746f70a3636964" + cid_hex);
}

TEST(golden_frames, cancel_ack) {
  EXPECT_EQ(frame_hex(cancel_ack{cid, true}),
            "4300000083a86d73675f74797065a943616e63656c41636ba3636964" + cid_hex + "a3706c64c3");
}

TEST(golden_frames, started_in_place_equals_started_from_a_copy) {
  const buffer payload = encoded(std::vector<int>{1, 2});
  buffer in_place;
  append_frame_with(in_place, started{.cid = cid}, [](writer& to) { encode(to, std::vector<int>{1, 2}); });
  EXPECT_EQ(to_hex(in_place.view()), frame_hex(started{cid, payload.view()}));
}

TEST(messages, write_empty_values_as_their_nearest_emptiness) {
  EXPECT_EQ(frame_hex(return_value{"c", {}}),
            "1c00000083a86d73675f74797065a652657475726ea3636964a163a3706c64c0");
  const buffer frame = framed(start{.cid = "c"});
  EXPECT_EQ(to_hex(decoded<start>(frame).kwargs), "80");
}

TEST(messages, an_aid_carries_its_extensions_only_when_they_are_set) {
  const std::string nonce = "n\xff";
  const buffer frame = framed(
      aid{.name = "a", .uuid = "u", .x_caps = 5, .x_nonce = as_bytes(nonce), .x_challenge = as_bytes("c")});
  const auto read = decoded<aid>(frame);
  EXPECT_EQ(read.x_caps, 5U);
  EXPECT_EQ(as_text(read.x_nonce), nonce);
  EXPECT_EQ(as_text(read.x_challenge), "c");
  EXPECT_EQ(as_text(frame.view()).find("is_registrar") < as_text(frame.view()).find("x_caps"), true);
  EXPECT_EQ(as_text(framed(aid{.name = "a", .uuid = "u"}).view()).find("x_"), std::string_view::npos);
}

TEST(messages, a_start_carries_its_extensions) {
  const buffer args = encoded(std::tuple(1, std::string("two")));
  const auto frame = framed(start{.cid = "c",
                                  .ns = "m",
                                  .func = "f",
                                  .uid = {"a", "u"},
                                  .x_args = args.view(),
                                  .x_sig = "(int,str)",
                                  .x_reason = "tired",
                                  .x_origin = uid_view{"b", "v"},
                                  .x_deadline_ms = 1500});
  const auto read = decoded<start>(frame);
  EXPECT_EQ(to_hex(read.x_args), to_hex(args.view()));
  EXPECT_EQ(read.x_sig, "(int,str)");
  EXPECT_EQ(read.x_reason, "tired");
  EXPECT_EQ(read.x_origin, (uid_view{"b", "v"}));
  EXPECT_EQ(read.x_deadline_ms, 1500U);
  EXPECT_EQ(read.pld_spec, "typing.Any");
}

TEST(messages, an_error_carries_its_extensions) {
  const buffer one = encoded(1);
  const buffer frame = framed(error{.src_uid = {"a", "u"},
                                    .relay_path = {{"a", "u"}, {"b", "v"}},
                                    .canceller = uid_view{"c", "w"},
                                    .x_chain = one.view(),
                                    .x_group = one.view(),
                                    .x_bases = {"runtime_error", "exception"},
                                    .x_text = "text"});
  const auto read = decoded<error>(frame);
  EXPECT_EQ(read.relay_path.size(), 2U);
  EXPECT_EQ(read.relay_path.at(1), (uid_view{"b", "v"}));
  EXPECT_EQ(read.canceller, (uid_view{"c", "w"}));
  EXPECT_EQ(read.sender, std::nullopt);
  EXPECT_TRUE(read.bad_msg.empty());
  EXPECT_EQ(to_hex(read.x_chain), "01");
  EXPECT_EQ(to_hex(read.x_group), "01");
  EXPECT_EQ(read.x_bases, (std::vector<std::string_view>{"runtime_error", "exception"}));
  EXPECT_EQ(read.x_text, "text");
}

TEST(messages, a_cancel_ack_says_what_was_done_only_when_it_is_set) {
  const buffer told = framed(cancel_ack{.cid = "c", .x_done = "unknown"});
  EXPECT_EQ(decoded<cancel_ack>(told).x_done, "unknown");
  EXPECT_TRUE(decoded<cancel_ack>(told).pld);
  const buffer plain = framed(cancel_ack{.cid = "c"});
  EXPECT_EQ(as_text(plain.view()).find("x_"), std::string_view::npos);
  EXPECT_EQ(decoded<cancel_ack>(plain).x_done, "");
}

TEST(messages, a_spawn_spec_carries_its_extensions_and_every_form_of_address) {
  const buffer one = encoded(1);
  const spawn_spec sent{
      .enable_modules = {{"m", "/p"}},
      .reg_addrs = {std::pair<std::string_view, std::int64_t>("127.0.0.1", 1616),
                    std::pair<std::string_view, std::string_view>("/run", "x.sock"), "/shm/x"},
      .bind_addrs = std::vector<wire_address>{},
      .x_maddrs = {"/ip4/127.0.0.1/tcp/1616"},
      .x_expose = one.view(),
      .x_vars = one.view()};
  const buffer frame = framed(sent);
  const auto read = decoded<spawn_spec>(frame);
  EXPECT_EQ(read.enable_modules, sent.enable_modules);
  EXPECT_EQ(read.reg_addrs, sent.reg_addrs);
  EXPECT_EQ(read.bind_addrs, sent.bind_addrs);
  EXPECT_EQ(read.x_maddrs, sent.x_maddrs);
  EXPECT_EQ(to_hex(read.x_expose), "01");
  EXPECT_EQ(to_hex(read.x_vars), "01");
  EXPECT_EQ(to_hex(read.parent_main_data), "80");
}

TEST(messages, our_own_types_travel_too) {
  EXPECT_EQ(decoded<ping>(framed(ping{7})).seq, 7U);
  EXPECT_EQ(decoded<pong>(framed(pong{8})).seq, 8U);
  const buffer credit_frame = framed(credit{"c", 16});
  EXPECT_EQ(decoded<credit>(credit_frame).cid, "c");
  EXPECT_EQ(decoded<credit>(credit_frame).n, 16U);
  const buffer proof_frame = framed(proof{as_bytes("mac")});
  EXPECT_EQ(as_text(decoded<proof>(proof_frame).mac), "mac");
  EXPECT_EQ(message_name(proof{}), "AidProof");
  EXPECT_EQ(message_name(credit{}), "Credit");
}

TEST(messages, take_a_nil_extension_for_none) {
  const value body = value::map{{"msg_type", "Aid"}, {"name", "a"}, {"uuid", "u"}, {"x_nonce", nullptr}};
  EXPECT_EQ(refusal(body), "accepted");
}

TEST(messages, name_the_key_that_is_wrong_or_missing) {
  EXPECT_EQ(refusal(value::map{{"msg_type", "Stop"}}), "Stop.cid: expected a value, found no such key");
  EXPECT_EQ(refusal(value::map{{"msg_type", "Stop"}, {"cid", 5}}),
            "Stop.cid: expected a string, found an integer");
  EXPECT_EQ(refusal(value::map{{"msg_type", "CancelAck"}, {"cid", "c"}, {"pld", 1}}),
            "CancelAck.pld: expected a boolean, found an integer");
  EXPECT_EQ(refusal(value::map{{"msg_type", "StartAck"}, {"cid", "c"}, {"functype", "thread"}}),
            "StartAck.functype: expected asyncfunc, asyncgen or context, found \"thread\"");
  EXPECT_EQ(refusal(value::map{{"msg_type", "Start"}, {"kwargs", value::list{}}}),
            "Start.kwargs: expected a map, found a list");
  EXPECT_EQ(refusal(value::map{{"msg_type", "Start"}, {"uid", value::list{"a", 1}}}),
            "Start.uid[1]: expected a string, found an integer");
  EXPECT_EQ(refusal(value::map{{"msg_type", "Start"}, {"x_args", value::map{}}}),
            "Start.x_args: expected a list, found a map");
  EXPECT_EQ(refusal(value::map{{"msg_type", "Error"}, {"relay_path", value::list{value::list{"a", "u"}, 5}}}),
            "Error.relay_path[1]: expected a list, found an integer");
  EXPECT_EQ(refusal(value::map{{"msg_type", "SpawnSpec"},
                               {"reg_addrs", value::list{value(value::list{"h", true})}}}),
            "SpawnSpec.reg_addrs[0]: expected a string, found a boolean");
  EXPECT_EQ(refusal(value::map{{"msg_type", "Ping"}, {"seq", -1}}),
            "Ping.seq: expected an integer from 0 to 18446744073709551615, found -1");
}

TEST(messages, refuse_what_is_no_message) {
  EXPECT_EQ(refusal(value::map{{"msg_type", "Nonsense"}}),
            "msg_type: expected the name of a message, found \"Nonsense\"");
  EXPECT_EQ(refusal(value::map{{"cid", "c"}}), "msg_type: expected the name of a message, found no such key");
  EXPECT_EQ(refusal(value::map{}), "msg_type: expected the name of a message, found no such key");
  EXPECT_EQ(refusal(value::list{}), "expected a map, found a list");
  EXPECT_EQ(refusal(value::map{{"msg_type", 5}}), "msg_type: expected a string, found an integer");
  buffer more = framed(stop{"c"});
  more.append(as_bytes("\xc0"));
  EXPECT_THROW(decode_message(more.view().subspan(4)), codec_error);
  EXPECT_THROW(decode_message({}), codec_error);
}

TEST(messages, leave_the_buffer_as_it_was_when_a_payload_fails) {
  buffer out = framed(stop{"c"});
  const std::size_t before = out.size();
  const auto fail = [](writer& to) {
    to.str("half");
    throw std::runtime_error("no");
  };
  EXPECT_THROW(append_frame_with(out, return_value{.cid = "c"}, fail), std::runtime_error);
  EXPECT_EQ(out.size(), before);
}

TEST(messages, too_large_for_the_peer_are_refused_before_they_are_sent) {
  buffer out = framed(stop{"c"});
  const std::size_t before = out.size();
  const std::string large(1000, 'x');
  const auto put = [&](writer& to) { to.str(large); };
  try {
    append_frame_with(out, return_value{.cid = "c"}, put, 1000);
    FAIL() << "the frame was written";
  } catch (const codec_error& wrong) {
    EXPECT_STREQ(wrong.what(), "frame of 1030 bytes exceeds the limit of 1000");
  }
  EXPECT_THROW(append_frame(out, stop{large}, 1000), codec_error);
  EXPECT_EQ(out.size(), before);
}

TEST(messages, show_themselves_in_one_line_without_secrets) {
  const buffer kwargs = encoded(std::map<std::string, int>{{"a", 1}});
  EXPECT_EQ(
      to_text(message(
          start{.cid = "c", .ns = "m", .func = "f", .kwargs = kwargs.view(), .uid = {"root", "12-34"}})),
      "Start{cid=\"c\", ns=\"m\", func=\"f\", kwargs={\"a\": 1}, uid=root@12, pld_spec=\"typing.Any\"}");
  const std::string shown = to_text(message(aid{.name = "a", .uuid = "u", .x_nonce = as_bytes("sesame")}));
  EXPECT_EQ(shown, "Aid{name=\"a\", uuid=\"u\", pid=nil, is_registrar=nil, is_probe=false}");
  EXPECT_EQ(to_text(message(proof{as_bytes("sesame")})), "AidProof{}");
}

TEST(uids, travel_as_pairs_and_compare_by_both_parts) {
  const uid who("worker", "1234-5");
  EXPECT_EQ(tractor::test::travelled(who), who);
  EXPECT_EQ(to_text(who), "worker@1234");
  EXPECT_NE(who, uid("worker", "1234-6"));
  EXPECT_EQ(std::hash<uid>{}(who), std::hash<uid>{}(uid("worker", "1234-5")));
  EXPECT_EQ(tractor::test::refusal<uid>("91a161"), "expected 2 elements, found 1");
}

TEST(messages, a_yield_is_read_the_short_way_as_it_is_the_long_way) {
  const buffer payload = encoded(std::map<std::string, std::vector<int>>{{"a", {1, 2}}, {"b", {}}});
  for (const std::string_view id : {cid, std::string_view("c1"), std::string_view()}) {
    const buffer frame = framed(yield_item{.cid = id, .pld = payload.view()});
    const auto item = try_yield(frame.view().subspan(4));
    ASSERT_TRUE(item);
    EXPECT_EQ(item->cid, id);
    EXPECT_EQ(to_hex(item->pld), to_hex(payload.view()));
  }
}

TEST(messages, all_else_is_left_to_the_long_way) {
  const buffer payload = encoded(std::vector<int>{1, 2});
  const buffer frame = framed(yield_item{.cid = cid, .pld = payload.view()});
  const byte_view body = frame.view().subspan(4);
  for (std::size_t size = 0; size < body.size(); ++size) EXPECT_FALSE(try_yield(body.first(size))) << size;
  buffer longer(body);
  longer.append(as_bytes("x"));
  EXPECT_FALSE(try_yield(longer.view()));
  EXPECT_FALSE(try_yield(framed(started{.cid = cid, .pld = payload.view()}).view().subspan(4)));
  EXPECT_FALSE(try_yield(framed(stop{.cid = cid}).view().subspan(4)));
  // The keys in another order, or one more: right, but not what is written here.
  using fields = std::vector<std::pair<std::string, value>>;
  for (const fields& each : {fields{{"msg_type", "Yield"}, {"pld", 1}, {"cid", "c1"}},
                             fields{{"msg_type", "Yield"}, {"cid", "c1"}, {"pld", 1}, {"x", 2}}}) {
    buffer out;
    writer to(out);
    to.map_header(each.size());
    for (const auto& [key, held] : each) {
      to.str(key);
      encode(to, held);
    }
    EXPECT_FALSE(try_yield(out.view()));
    EXPECT_EQ(std::get<yield_item>(decode_message(out.view())).cid, "c1");
  }
}

TEST(messages, frames_behind_a_head_are_those_of_the_whole_message) {
  const auto put = [](writer& to) { to.str("an item"); };
  buffer whole, in_parts;
  append_frame_with(whole, yield_item{.cid = cid}, put);
  append_frame_with(whole, yield_item{.cid = cid}, put);
  const buffer head = yield_head(cid);
  append_frame_after(in_parts, head.view(), put);
  append_frame_after(in_parts, head.view(), put);
  EXPECT_EQ(to_hex(in_parts.view()), to_hex(whole.view()));
  EXPECT_THROW(append_frame_after(in_parts, head.view(), put, 10), codec_error);
  EXPECT_THROW(append_frame_after(in_parts, head.view(), [](writer&) { throw 1; }), int);
  EXPECT_EQ(to_hex(in_parts.view()), to_hex(whole.view()));
}

}  // namespace

}  // namespace messages_test
