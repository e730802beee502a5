// A peer that speaks what the Python reference speaks, and nothing else: its frames are written out by hand.
#pragma once

#include <memory>
#include <string>
#include <tractor/async/async.hpp>
#include <tractor/discovery/multiaddr.hpp>
#include <tractor/ipc/channel.hpp>
#include <tractor/msg/codec.hpp>
#include <tractor/msg/messages.hpp>
#include <tractor/plugin/registry.hpp>
#include <tractor/plugin/transport.hpp>
#include <vector>

namespace process_tests {

using namespace tractor;

/// One message as the reference writes it: a frame of a map whose keys stand in its order.
class reference_frame {
 public:
  explicit reference_frame(std::uint32_t keys) : to_(body_) { to_.map_header(keys); }
  reference_frame& text(std::string_view key, std::string_view value) {
    to_.str(key);
    to_.str(value);
    return *this;
  }
  template <class Put> reference_frame& value(std::string_view key, Put&& put) {
    to_.str(key);
    put(to_);
    return *this;
  }
  std::string bytes() const {
    const auto view = body_.view();
    std::string out(4, '\0');
    for (int i = 0; i < 4; ++i) out[i] = static_cast<char>(view.size() >> (8 * i));
    return out.append(reinterpret_cast<const char*>(view.data()), view.size());
  }

 private:
  msg::buffer body_;
  msg::writer to_;
};

inline auto uid_of(const std::string& name, const std::string& uuid) {
  return [name, uuid](msg::writer& to) {
    to.array_header(2);
    to.str(name);
    to.str(uuid);
  };
}

inline auto pair_or_text(const address& where) {
  return [where](msg::writer& to) {
    if (const auto* numbered = std::get_if<address::pair_with_number>(&where.wire())) {
      to.array_header(2);
      to.str(numbered->first);
      to.integer(numbered->second);
    } else if (const auto* named = std::get_if<address::pair_of_texts>(&where.wire())) {
      to.array_header(2);
      to.str(named->first);
      to.str(named->second);
    }
  };
}

inline std::string aid_of(const std::string& name, const std::string& uuid, bool is_registrar) {
  reference_frame aid(6);
  aid.text("msg_type", "Aid").text("name", name).text("uuid", uuid);
  aid.value("pid", [](msg::writer& to) { to.integer(4711); });
  aid.value("is_registrar", [=](msg::writer& to) { to.boolean(is_registrar); });
  aid.value("is_probe", [](msg::writer& to) { to.boolean(false); });
  return aid.bytes();
}

/// A call of the namespace `self`; `kwargs` writes a map.
template <class Put>
std::string start_of(const std::string& cid, const std::string& func, Put&& kwargs, const std::string& name,
                     const std::string& uuid) {
  reference_frame call(7);
  call.text("msg_type", "Start").text("cid", cid).text("ns", "self").text("func", func);
  call.value("kwargs", kwargs).value("uid", uid_of(name, uuid)).text("pld_spec", "typing.Any");
  return call.bytes();
}

inline std::string start_ack_of(const std::string& cid) {
  return reference_frame(3)
      .text("msg_type", "StartAck")
      .text("cid", cid)
      .text("functype", "asyncfunc")
      .bytes();
}

template <class Put> std::string return_of(const std::string& cid, Put&& value) {
  return reference_frame(3).text("msg_type", "Return").text("cid", cid).value("pld", value).bytes();
}

/// One connection, in bytes.
class reference_peer {
 public:
  explicit reference_peer(std::unique_ptr<byte_stream> stream) : stream_(std::move(stream)) {}

  static task<std::unique_ptr<reference_peer>> dial(address where) {
    auto& via = plugin::registry::instance().transport(where.transport());
    co_return std::make_unique<reference_peer>(co_await via.connect(where));
  }

  task<> send(std::string frame) {
    const std::span<const std::byte> part = std::as_bytes(std::span(frame.data(), frame.size()));
    co_await stream_->write_all(std::span(&part, 1));
  }
  /// The next frame, with its length; empty at the end of the stream.
  task<std::string> receive() {
    std::string frame;
    while (frame.size() < 4 || frame.size() < 4 + length_of(frame)) {
      const std::size_t wanted = frame.size() < 4 ? 4 : 4 + length_of(frame);
      std::vector<std::byte> part(wanted - frame.size());
      const std::size_t count = co_await stream_->read_some(std::span(part));
      if (count == 0) co_return std::string();
      frame.append(reinterpret_cast<const char*>(part.data()), count);
    }
    co_return frame;
  }
  /// Swaps identities: ours as the reference says it, whatever the other says.
  task<std::string> introduce(std::string aid) {
    co_await send(std::move(aid));
    co_return co_await receive();
  }
  void close() noexcept { stream_->close(); }

 private:
  static std::size_t length_of(const std::string& frame) {
    std::size_t length = 0;
    for (int i = 3; i >= 0; --i) length = length << 8 | static_cast<unsigned char>(frame[i]);
    return length;
  }
  std::unique_ptr<byte_stream> stream_;
};

/// The message in a frame; its texts point into the frame.
inline msg::message message_in(const std::string& frame) {
  return msg::decode_message(std::as_bytes(std::span(frame.data(), frame.size())).subspan(4));
}

}  // namespace process_tests
