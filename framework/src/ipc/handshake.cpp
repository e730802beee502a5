#include "tractor/ipc/handshake.hpp"

#include <sodium.h>
#include <sys/random.h>
#include <unistd.h>

#include <cstring>

#include "tractor/msg/codec_error.hpp"

namespace tractor::ipc {

namespace {

constexpr std::uint64_t own_caps =
    static_cast<std::uint64_t>(capability::heartbeat) | static_cast<std::uint64_t>(capability::credit) |
    static_cast<std::uint64_t>(capability::challenge) | static_cast<std::uint64_t>(capability::native) |
    static_cast<std::uint64_t>(capability::registry);
using challenge = std::array<std::byte, 16>;
using mac = std::array<std::byte, crypto_auth_BYTES>;

// Bound to both identities, to the prover's role and to the verifier's fresh challenge: neither replayed nor
// reflected.
mac prove(msg::byte_view for_challenge, std::string_view role, std::string_view prover_uuid,
          std::string_view verifier_uuid) {
  std::vector<std::byte> text(for_challenge.begin(), for_challenge.end());
  for (std::string_view part : {std::string_view("|"), role, std::string_view("|"), prover_uuid,
                                std::string_view("|"), verifier_uuid}) {
    const auto bytes = msg::as_bytes(part);
    text.insert(text.end(), bytes.begin(), bytes.end());
  }
  static_assert(crypto_auth_KEYBYTES == 32);
  mac out;
  crypto_auth(reinterpret_cast<unsigned char*>(out.data()),
              reinterpret_cast<const unsigned char*>(text.data()), text.size(),
              reinterpret_cast<const unsigned char*>(user_key().data()));
  return out;
}

constexpr std::string_view role_of(bool dialer) { return dialer ? "dialer" : "listener"; }

task<msg::byte_view> next_message(channel& chan, const char* what) {
  std::optional<msg::byte_view> body = co_await chan.receive();
  if (!body)
    throw transport_closed(chan.describe_peer() + " closed the connection before its " + what,
                           transport_closed::cause::end_of_stream);
  co_return *body;
}

// The kernel vouches for a peer with our uid (the transport refuses others); any other must prove the key.
// The dialer goes first: a listener signs nothing for a stranger, who could show it to another listener.
task<> authenticate(channel& chan, const handshake_options& options, const challenge& ours,
                    msg::byte_view theirs) {
  if (theirs.empty()) {
    if (options.allow_keyless) co_return;
    throw handshake_error(
        chan.describe_peer() +
        " offers no proof of the user's key: it is another program or user; to accept such peers "
        "start with --allow-keyless-peers");
  }
  const bool dialer = options.is_dialer;
  const mac mine = prove(theirs, role_of(dialer), options.self.uuid(), chan.peer().uuid());
  if (dialer) chan.send(msg::proof{mine});
  const msg::byte_view body =
      co_await next_message(chan, "proof of the user's key (it may have refused ours)");
  const msg::message message = msg::decode_message(body);
  const auto* answer = std::get_if<msg::proof>(&message);
  const mac expected = prove(ours, role_of(!dialer), chan.peer().uuid(), options.self.uuid());
  if (!answer || answer->mac.size() != expected.size() ||
      sodium_memcmp(answer->mac.data(), expected.data(), expected.size()) != 0)
    throw handshake_error(chan.describe_peer() + " does not hold the user's key (" +
                          std::to_string(::geteuid()) + "): the key files of both sides differ");
  if (!dialer) chan.send(msg::proof{mine});
}

}  // namespace

task<handshake_result> shake_hands(channel& chan, const handshake_options& options) {
  const bool vouched = chan.credentials().has_value();
  challenge ours{};
  msg::aid hello;
  hello.name = options.self.name();
  hello.uuid = options.self.uuid();
  hello.pid = options.self.pid();
  hello.is_registrar = options.is_registrar;
  hello.is_probe = options.is_probe;
  hello.x_caps = own_caps;
  hello.x_nonce = options.nonce;
  if (!vouched) {
    if (::getrandom(ours.data(), ours.size(), 0) != static_cast<ssize_t>(ours.size()))
      throw handshake_error("the kernel gives no random bytes");
    hello.x_challenge = ours;
  }
  chan.send(hello);

  const msg::byte_view body = co_await next_message(chan, "Aid");
  const msg::message message = msg::decode_message(body);
  const auto* aid = std::get_if<msg::aid>(&message);
  if (!aid)
    throw handshake_error(chan.describe_peer() + " began with a " + std::string(msg::message_name(message)) +
                          " where an Aid must stand");
  handshake_result result;
  result.is_probe = aid->is_probe;
  result.nonce.assign(aid->x_nonce.begin(), aid->x_nonce.end());
  const std::vector<std::byte> theirs(aid->x_challenge.begin(), aid->x_challenge.end());
  if (options.is_dialer && result.is_probe)
    throw handshake_error(chan.describe_peer() +
                          " accepts connections and says that it only looks for a registrar");
  // A peer that says nothing about it is one of the reference's old ones: it counts as a registrar.
  chan.set_peer(
      actor_id(std::string(aid->name), std::string(aid->uuid), static_cast<int>(aid->pid.value_or(0))),
      aid->x_caps.value_or(0), aid->is_registrar.value_or(true));
  // Who only looks says nothing further and is told nothing. A program of another make need not prove
  // anything for that; one of ours does, to know whose registrar it has found.
  const bool is_waived = (options.is_probe || result.is_probe) && theirs.empty();
  if (!vouched && !is_waived) {
    try {
      co_await authenticate(chan, options, ours, theirs);
    } catch (const transport_closed&) {
      // A peer that is found and not reached is told apart from one that is not there.
      if (!options.is_probe) throw;
      throw handshake_error(
          chan.describe_peer() +
          " ends the connection at our proof of the user's key: it is another user's, or has "
          "another key file");
    }
  }
  chan.set_authenticated();
  co_return result;
}

}  // namespace tractor::ipc
