// The first exchange on every connection: who are you, and may we talk.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "tractor/async/task.hpp"
#include "tractor/ipc/channel.hpp"

namespace tractor::ipc {

/// What this side declares and demands in a handshake. A value.
class handshake_options {
 public:
  actor_id self;
  bool is_registrar = false;
  /// This side only looks who answers, and leaves. Dialers only.
  bool is_probe = false;
  /// This side made the connection: it proves the key first.
  bool is_dialer = false;
  /// Presented by a child to the parent that spawned it.
  std::vector<std::byte> nonce;
  /// Accept peers that the kernel does not vouch for and that cannot prove to hold the user's key.
  bool allow_keyless = false;
};

/// What the peer declared. A value.
class handshake_result {
 public:
  bool is_probe = false;
  std::vector<std::byte> nonce;
};

/// Swaps identities with the peer and, where the kernel does not vouch for it, proofs of the user's key.
///
/// A probe and a peer of another make, which has no key to prove, are content with the identities.
/// On return `chan.peer()` is set. A checkpoint; bound it with a deadline. Throws `handshake_error` for a
/// peer that is refused, `transport_closed` when it goes away, `msg::codec_error` for garbage.
TRACTOR_API task<handshake_result> shake_hands(channel& chan, const handshake_options& options);

/// Returns where the key of the user is: `$TRACTOR_KEY_FILE`, else `tractor/key` under `$XDG_CONFIG_HOME` or
/// `~/.config`, where the home is `$HOME` or else that of the user database.
///
/// Throws `handshake_error` if there is no such place, or if the variable holds no whole path.
TRACTOR_API std::string user_key_path();
/// Reads the key that processes of one user share: 32 random bytes in a private file, made on first use.
///
/// Throws `handshake_error` when the file is not a regular one, not ours, or readable by others; the text
/// says what to do.
TRACTOR_API std::array<std::byte, 32> load_user_key();
/// The key as this process read it at the first call. Throws what `load_user_key` throws.
TRACTOR_API const std::array<std::byte, 32>& user_key();

}  // namespace tractor::ipc
