// Actors of another make: they talk the plain protocol over real connections, word by word as a test says.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <tractor/msg/codec.hpp>
#include <tractor/plugin/transport.hpp>
#include <tractor/tractor.hpp>
#include <vector>

namespace process_tests {

/// One connection of a made-up actor that announces nothing beyond the plain protocol: it knows no credits,
/// no heartbeats and no challenge, and names arguments.
///
/// Everything is a map of the wire, in and out. All waits are bounded by the test. Neither copied nor moved.
class wire_peer {
 public:
  wire_peer(std::unique_ptr<tractor::byte_stream> over, tractor::actor_id self)
      : stream_(std::move(over)), self_(std::move(self)) {}
  wire_peer(const wire_peer&) = delete;
  wire_peer& operator=(const wire_peer&) = delete;

  /// Connects to an actor under a fresh identity and swaps Aids. A checkpoint.
  ///
  /// `caps`: what it announces after all, bits of `x_caps`.
  static tractor::task<std::unique_ptr<wire_peer>> dial(tractor::address where, std::string name,
                                                        int caps = 0);
  /// The same for a child of this test, at the address that it listens on.
  static tractor::task<std::unique_ptr<wire_peer>> dial_actor(std::string actor, std::string name,
                                                              int caps = 0);

  /// Sends our Aid and takes the peer's. A checkpoint.
  tractor::task<> swap_aids(bool is_registrar = false, int caps = 0);
  /// Sends one message. A checkpoint.
  tractor::task<> send(tractor::msg::value message);
  /// Sends what may be no message. A checkpoint.
  tractor::task<> send_bytes(std::string_view bytes);
  /// Waits for the next message; throws `end_of_channel` at the end of the stream. A checkpoint.
  tractor::task<tractor::msg::value> receive();
  /// Waits for the next message, which must be of this type, else the test fails. A checkpoint.
  tractor::task<tractor::msg::value> expect(std::string type);
  /// Sends a call and takes its StartAck; yields the call's id. A checkpoint.
  tractor::task<std::string> start(std::string ns, std::string func, tractor::msg::value kwargs);
  /// Waits for the end of the stream; yields the types of the messages before it. A checkpoint.
  tractor::task<std::vector<std::string>> read_to_end();
  void close() noexcept { stream_->close(); }

  const tractor::actor_id& self() const noexcept { return self_; }
  /// The actor at the other end, as it said.
  const tractor::actor_id& other() const noexcept { return other_; }
  /// The bytes of the last message received, without their length.
  tractor::msg::byte_view last_body() const noexcept { return last_.view(); }

  // Messages to send.
  tractor::msg::value start_message(std::string_view cid, std::string_view ns, std::string_view func,
                                    tractor::msg::value kwargs) const;
  static tractor::msg::value message(std::string_view type, std::string_view cid);
  static tractor::msg::value message(std::string_view type, std::string_view cid, tractor::msg::value pld);
  static tractor::msg::value ack(std::string_view cid, std::string_view functype);
  tractor::msg::value error(std::string_view type, std::string_view cid, std::string_view text) const;
  /// The end of a cancelled task of ours.
  tractor::msg::value cancelled(std::string_view cid, const tractor::actor_id& canceller) const;

 private:
  std::unique_ptr<tractor::byte_stream> stream_;
  tractor::actor_id self_, other_;
  tractor::msg::frame_parser parser_;
  tractor::msg::buffer last_;
};

/// A made-up actor that listens, and stands in the registrar's table under its name.
class wire_host {
 public:
  /// Listens on the first transport of this test's root and registers there. A checkpoint.
  static tractor::task<std::unique_ptr<wire_host>> open(std::string name);
  ~wire_host() { listening_->close(); }

  const tractor::actor_id& self() const noexcept { return self_; }
  /// Waits for a connection and swaps Aids. A checkpoint.
  tractor::task<std::unique_ptr<wire_peer>> accept();

 private:
  wire_host(tractor::actor_id self, std::unique_ptr<tractor::listener> at)
      : self_(std::move(self)), listening_(std::move(at)) {}
  tractor::actor_id self_;
  std::unique_ptr<tractor::listener> listening_;
};

/// A random uuid in its text form.
std::string fresh_uuid();
/// `[name, uuid]`.
tractor::msg::value uid_of(const tractor::actor_id& id);
/// The text under `key`; empty if there is none.
std::string text_of(const tractor::msg::value& message, std::string_view key);
std::string type_of(const tractor::msg::value& message);
/// A map of one entry.
tractor::msg::value map_of(std::string_view key, tractor::msg::value value);
/// A message with one of its fields set or replaced.
tractor::msg::value with(tractor::msg::value message, std::string_view key, tractor::msg::value value);

}  // namespace process_tests
