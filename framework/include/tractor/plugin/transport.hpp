// The contract of a transport plugin.
#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "tractor/async/task.hpp"
#include "tractor/plugin/actor_id.hpp"
#include "tractor/plugin/address.hpp"
#include "tractor/plugin/byte_stream.hpp"
#include "tractor/plugin/leftovers.hpp"

namespace tractor {

/// A bound endpoint that yields connections. Owned by the IPC server; neither copied nor moved. Loop thread
/// only.
class TRACTOR_API listener {
 public:
  listener() = default;
  listener(const listener&) = delete;
  listener& operator=(const listener&) = delete;
  virtual ~listener() = default;

  /// Waits for the next connection. A checkpoint.
  ///
  /// Throws `boost::system::system_error`; after `too_many_files_open` the listener stays usable.
  virtual task<std::unique_ptr<byte_stream>> accept() = 0;
  /// The address in use, with what was left open (a port) filled in.
  virtual address bound() const = 0;
  /// Stops listening, wakes a pending `accept` with an error, removes what was bound. Idempotent.
  virtual void close() noexcept = 0;
};

/// How bytes travel between actors: one object a process, created by the plugin's descriptor, never
/// destroyed.
///
/// All functions are called on the loop thread; `scan` and `reap` may be called without a loop.
class TRACTOR_API transport {
 public:
  transport() = default;
  transport(const transport&) = delete;
  transport& operator=(const transport&) = delete;
  virtual ~transport() = default;

  /// Reads an address in any of this transport's text forms: its multiaddr, or a plain form that it documents
  /// (`host:port`, a path). Yields nothing for a text of another transport; throws `address_error` for one of
  /// its own that is malformed.
  virtual std::optional<address> parse(std::string_view text) const = 0;
  /// Where a registrar listens unless told otherwise.
  virtual address default_registry() const = 0;
  /// An address for `who` to listen on that nobody else uses.
  virtual address random_bind(const actor_id& who) const = 0;
  /// How far `where` is from this process.
  virtual locality distance(const address& where) const = 0;
  /// True when what travels is encrypted and the peer authenticated: such a transport may bind beyond
  /// loopback.
  virtual bool encrypts() const noexcept { return false; }
  /// False when both ends of a connection must be in one process: no child can be reached over such a
  /// transport.
  virtual bool crosses_processes() const noexcept { return true; }
  /// True when every stream has `credentials()`, so that nobody has to prove the user's key here.
  ///
  /// With any other transport a root reads the key at its boot, and does not start without one.
  virtual bool vouches_for_peers() const noexcept { return false; }
  /// Binds and listens. Throws `boost::system::system_error` or `address_error`.
  virtual task<std::unique_ptr<listener>> listen(address where) = 0;
  /// Connects. A checkpoint. Throws `boost::system::system_error` or `address_error`.
  virtual task<std::unique_ptr<byte_stream>> connect(address where) = 0;
  /// Finds what dead owners left behind (of this user only); never touches what a living process uses.
  ///
  /// Each root asks at its boot, so it costs next to nothing where nothing is left.
  virtual leftovers scan() const { return {}; }
  /// Removes leftovers that `scan` found, after proving once more that each is dead.
  virtual reap_report reap(const leftovers&) { return {}; }
};

}  // namespace tractor
