// The first exchange: identities, and who has to prove what.
#include <sodium.h>

#include <array>

#include "../plugin/environment.hpp"
#include "../plugin/temporary_folder.hpp"
#include "support.hpp"

namespace tractor::ipc::test::handshake_test {

namespace {

/// How both sides of one handshake fare: what they learn, or why they refuse.
class exchange {
 public:
  handshake_options near = identity_of(alice), far = identity_of(bob);
  bool vouched = false;

  exchange() { near.is_dialer = true; }

  void run() {
    with_channels(vouched, [&](channel_pair& both) -> task<> {
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon([&]() -> task<> { co_await one(*both.near, near, near_refusal); });
        tn.start_soon([&]() -> task<> { co_await one(*both.far, far, far_refusal); });
        co_return;
      });
      seen_by_near = both.near->peer();
      seen_by_far = both.far->peer();
      far_knows_registrar = both.far->peer_is_registrar();
    });
  }

  std::string near_refusal, far_refusal;
  actor_id seen_by_near, seen_by_far;
  bool far_knows_registrar = false;
  handshake_result far_result;

 private:
  task<> one(channel& chan, const handshake_options& options, std::string& refusal) {
    try {
      const handshake_result result = co_await shake_hands(chan, options);
      if (!options.is_dialer) far_result = result;
    } catch (const std::exception& error) {
      refusal = error.what();
    }
    if (!refusal.empty()) chan.close();
  }
};

msg::buffer frame_of(const msg::message& what) {
  msg::buffer out;
  msg::append_frame(out, what);
  return out;
}

std::string_view text_of(const msg::buffer& bytes) { return msg::as_text(bytes.view()); }

msg::aid aid_of(const actor_id& who) {
  msg::aid out;
  out.name = who.name();
  out.uuid = who.uuid();
  return out;
}

// A peer that has a key; its challenge is always the same.
msg::aid challenging(const actor_id& who) {
  static const std::array<std::byte, 16> ours{std::byte(1)};
  msg::aid out = aid_of(who);
  out.x_challenge = ours;
  return out;
}

// Why a listener refuses a peer that sends these bytes first.
std::string refusal_of(std::string_view first, bool vouched = true) {
  std::string refusal;
  with_channels(vouched, [&](channel_pair& both) -> task<> {
    co_await send_raw(*both.near_stream, first);
    both.near_stream->shutdown_write();
    refusal = co_await failure_of(shake_hands(*both.far, identity_of(bob)));
  });
  return refusal;
}

/// The first test that needs it makes the key of this process, in a folder of its own.
class handshake : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    const plugin::test::temporary_folder folder;
    const std::string path = folder.path() + "/key";
    const plugin::test::environment file("TRACTOR_KEY_FILE", path.c_str());
    user_key();
  }
};

}  // namespace

TEST_F(handshake, tells_both_sides_who_the_other_is) {
  exchange it;
  it.near.is_registrar = true;
  it.near.nonce = {std::byte(7), std::byte(8)};
  it.run();
  EXPECT_EQ(it.near_refusal + it.far_refusal, "");
  EXPECT_EQ(it.seen_by_near, bob);
  EXPECT_EQ(it.seen_by_far, alice);
  EXPECT_EQ(it.seen_by_far.pid(), 11);
  EXPECT_TRUE(it.far_knows_registrar);
  EXPECT_EQ(it.far_result.nonce, it.near.nonce);
}

TEST_F(handshake, asks_for_no_key_where_the_kernel_vouches_for_the_peer) {
  const plugin::test::environment nowhere("TRACTOR_KEY_FILE", "/no/such/folder/key");
  exchange it;
  it.vouched = true;
  it.run();
  EXPECT_EQ(it.near_refusal + it.far_refusal, "");
}

TEST_F(handshake, of_a_probe_needs_no_key_and_says_that_it_is_one) {
  exchange it;
  it.near.is_probe = true;
  it.run();
  EXPECT_EQ(it.near_refusal + it.far_refusal, "");
  EXPECT_TRUE(it.far_result.is_probe);
}

TEST_F(handshake, of_a_probe_fails_when_the_listener_has_another_key) {
  exchange it;
  it.near.is_probe = true;
  with_channels(false, [&](channel_pair& both) -> task<> {
    both.far->send(challenging(bob));
    co_await both.far->shutdown();
    it.near_refusal = co_await failure_of(shake_hands(*both.near, it.near));
  });
  EXPECT_TRUE(has(it.near_refusal, "it is another user's, or has another key file")) << it.near_refusal;
}

// Else it would be spared the proof of the key that every other peer owes.
TEST_F(handshake, refuses_a_listener_that_says_it_is_a_probe) {
  for (const bool probes : {false, true}) {
    exchange it;
    it.near.is_probe = probes;
    with_channels(false, [&](channel_pair& both) -> task<> {
      msg::aid liar = challenging(bob);
      liar.is_probe = true;
      both.far->send(liar);
      it.near_refusal = co_await failure_of(shake_hands(*both.near, it.near));
    });
    EXPECT_TRUE(has(it.near_refusal, "says that it only looks for a registrar")) << it.near_refusal;
  }
}

TEST_F(handshake, refuses_a_peer_that_cannot_prove_the_key_and_says_how_to_let_it_in) {
  const msg::buffer stranger = frame_of(aid_of(alice));
  const std::string refusal = refusal_of(text_of(stranger), false);
  EXPECT_TRUE(has(refusal, "'alice@00000000' at /memory/there offers no proof of the user's key")) << refusal;
  EXPECT_TRUE(has(refusal, "--allow-keyless-peers")) << refusal;
}

TEST_F(handshake, lets_a_peer_without_key_in_when_that_is_allowed) {
  with_channels(false, [](channel_pair& both) -> task<> {
    both.near->send(aid_of(alice));
    handshake_options lenient = identity_of(bob);
    lenient.allow_keyless = true;
    co_await shake_hands(*both.far, lenient);
    EXPECT_EQ(both.far->peer(), alice);
  });
}

TEST_F(handshake, refuses_a_proof_with_another_key_and_signs_nothing_for_a_stranger) {
  with_channels(false, [](channel_pair& both) -> task<> {
    const std::array<std::byte, 16> challenge{};
    const std::array<std::byte, crypto_auth_BYTES> wrong{};
    msg::aid hello = aid_of(alice);
    hello.x_challenge = challenge;
    both.near->send(hello);
    both.near->send(msg::proof{wrong});
    const std::string refusal = co_await failure_of(shake_hands(*both.far, identity_of(bob)));
    EXPECT_TRUE(has(refusal, "does not hold the user's key")) << refusal;
    co_await both.far->flush();
    both.far->close();
    const std::optional<msg::byte_view> first = co_await both.near->receive();
    EXPECT_TRUE(first && msg::message_name(msg::decode_message(*first)) == "Aid");
    const std::optional<msg::byte_view> second = co_await both.near->receive();
    EXPECT_FALSE(second.has_value()) << "a listener's proof, which could be played against another listener";
  });
}

TEST_F(handshake, takes_no_proof_of_our_own_back_for_one_of_the_peers) {
  // The peer reflects what we say: the challenge is ours, the proof is ours.
  with_channels(false, [](channel_pair& both) -> task<> {
    handshake_options dialer = identity_of(alice);
    dialer.is_dialer = true;
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> {
        for (int i = 0; i < 2; ++i) {
          const std::optional<msg::byte_view> body = co_await both.far->receive();
          if (!body) co_return;
          const msg::message message = msg::decode_message(*body);
          if (const auto* const hello = std::get_if<msg::aid>(&message)) {
            msg::aid back = *hello;
            back.name = bob.name();
            back.uuid = bob.uuid();
            both.far->send(back);
          } else if (const auto* const mac = std::get_if<msg::proof>(&message)) {
            both.far->send(*mac);
          }
        }
      });
      const std::string refusal = co_await failure_of(shake_hands(*both.near, dialer));
      EXPECT_TRUE(has(refusal, "does not hold the user's key")) << refusal;
    });
  });
}

TEST_F(handshake, refuses_what_is_no_aid) {
  const msg::buffer stop = frame_of(stop_of("x"));
  EXPECT_EQ(refusal_of(text_of(stop)), "the peer at /memory/there began with a Stop where an Aid must stand");
  EXPECT_TRUE(has(refusal_of(std::string_view("\x03\0\0\0\xc1\xc1\xc1", 7)), "0xc1"));
  EXPECT_TRUE(has(refusal_of("\xff\xff\xff\xff"), "exceeds the limit of 65536"));
  EXPECT_TRUE(has(refusal_of("GET / HTTP/1.1\r\n\r\n"), "exceeds the limit"));
  EXPECT_TRUE(has(refusal_of(""), "closed the connection before its Aid"));
  EXPECT_TRUE(has(refusal_of(std::string_view("\x10\0\0\0abc", 7)), "ended inside a message"));
}

}  // namespace tractor::ipc::test::handshake_test
