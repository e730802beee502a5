// Errors that are larger than a message may be.
#include <gtest/gtest.h>

#include "../ipc/support.hpp"
#include "runtime/link.hpp"
#include "tractor/msg/codec.hpp"

namespace tractor::detail::error_wire_test {
namespace {

using ipc::test::channel_pair;
using ipc::test::with_channels;

/// What a peer that takes 64 KiB at most gets of an error.
error_record as_received(const error_record& sent) {
  msg::frame_limits limits;
  limits.max_frame = 64 << 10;
  error_record out;
  with_channels(
      true,
      [&](channel_pair& both) -> task<> {
        send_record(*both.near, sent, "c1");
        const std::optional<msg::byte_view> body = co_await both.far->receive();
        if (!body) co_return;
        const msg::message message = msg::decode_message(*body);
        if (const auto* error = std::get_if<msg::error>(&message)) out = record_of(*error);
      },
      limits);
  return out;
}

error_record error_of_size(std::size_t size) {
  error_record out;
  out.src_type_str = out.boxed_type_str = "RuntimeError";
  out.message = std::string(size, 'e');
  return out;
}

TEST(error_wire, brings_an_error_that_fits_as_it_is) {
  const error_record got = as_received(error_of_size(10'000));
  EXPECT_EQ(got.message, std::string(10'000, 'e'));
}

TEST(error_wire, cuts_the_texts_of_an_error_that_is_too_large) {
  error_record sent = error_of_size(100'000);
  sent.tb_str = std::string(100'000, 't');
  const error_record got = as_received(sent);
  EXPECT_EQ(got.src_type_str, "RuntimeError");
  EXPECT_EQ(got.message, std::string(4096, 'e') + " [...]");
  EXPECT_EQ(got.tb_str, std::string(4096, 't') + " [...]");
}

TEST(error_wire, leaves_members_out_that_are_too_large_and_says_how_many) {
  error_record sent = error_of_size(10);
  sent.group = {error_of_size(40'000), error_of_size(40'000), error_of_size(40'000)};
  const error_record got = as_received(sent);
  EXPECT_EQ(got.message, "eeeeeeeeee; its 3 members are too large to be sent");
  EXPECT_TRUE(got.group.empty());
}

}  // namespace
}  // namespace tractor::detail::error_wire_test
