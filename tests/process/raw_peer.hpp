// A peer that is no actor: one connection over the transport of a cell, message by message or byte by byte.
#pragma once

#include <boost/system/system_error.hpp>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tractor/async/timeouts.hpp>
#include <tractor/msg/frame.hpp>
#include <tractor/msg/messages.hpp>
#include <tractor/msg/value.hpp>
#include <tractor/plugin/registry.hpp>
#include <tractor/plugin/transport.hpp>

namespace process_tests {

/// One end of a connection. Whatever closes it, `next` then yields nothing.
class raw_peer {
 public:
  explicit raw_peer(std::unique_ptr<tractor::byte_stream> over) : stream_(std::move(over)) {}

  /// Connects to an actor that may not listen yet; throws after 10 s.
  static tractor::task<raw_peer> reach(std::string transport, std::string where) {
    using namespace std::chrono_literals;
    tractor::transport& over = tractor::plugin::registry::instance().transport(transport);
    const tractor::address to = over.parse(where).value();
    for (int tries = 0;; ++tries) {
      std::unique_ptr<tractor::byte_stream> made;
      try {
        made = co_await over.connect(to);
      } catch (const boost::system::system_error&) {
        if (tries == 1000) throw;
      }
      if (made) co_return raw_peer(std::move(made));
      co_await tractor::sleep(10ms);
    }
  }

  tractor::byte_stream& stream() noexcept { return *stream_; }

  /// Sends bytes as they are. False when the peer has gone.
  tractor::task<bool> send_bytes(std::string_view bytes) {
    const auto part = std::as_bytes(std::span(bytes.data(), bytes.size()));
    bool sent = false;
    try {
      co_await stream_->write_all(std::span(&part, 1));
      sent = true;
    } catch (const boost::system::system_error&) {
    }
    co_return sent;
  }
  tractor::task<bool> send_frame(tractor::msg::buffer frame) {
    const bool sent = co_await send_bytes(tractor::msg::as_text(frame.view()));
    co_return sent;
  }
  template <class Message> tractor::task<bool> send(const Message& message) {
    tractor::msg::buffer frame;
    tractor::msg::append_frame(frame, message);
    return send_frame(std::move(frame));
  }

  /// The bytes of the next message, without its length; nothing once the peer has closed or 10 s have passed.
  tractor::task<std::optional<std::string>> next() {
    using namespace std::chrono_literals;
    std::optional<std::string> body;
    try {
      co_await tractor::move_on_after(10s, [&]() -> tractor::task<> {
        for (;;) {
          if (const auto found = parser_->next()) {
            body.emplace(tractor::msg::as_text(*found));
            break;
          }
          const std::size_t count = co_await stream_->read_some(parser_->prepare());
          parser_->commit(count);
          if (count == 0) break;
        }
      });
    } catch (const boost::system::system_error&) {
    }
    co_return body;
  }
  tractor::task<std::optional<tractor::msg::value>> next_value() {
    const std::optional<std::string> body = co_await next();
    std::optional<tractor::msg::value> out;
    if (body) out = tractor::msg::decode_all<tractor::msg::value>(tractor::msg::as_bytes(*body));
    co_return out;
  }
  /// Waits until the peer closes; false if it does not within 10 s.
  tractor::task<bool> closed() {
    using namespace std::chrono_literals;
    bool ended = false;
    co_await tractor::move_on_after(10s, [&]() -> tractor::task<> {
      for (bool more = true; more;) {
        const std::optional<std::string> body = co_await next();
        more = body.has_value();
      }
      ended = true;
    });
    co_return ended;
  }

 private:
  std::unique_ptr<tractor::byte_stream> stream_;
  // Does not move, and this does.
  std::unique_ptr<tractor::msg::frame_parser> parser_ = std::make_unique<tractor::msg::frame_parser>();
};

/// A message's value of a text key, "" if it has none.
inline std::string text_at(const tractor::msg::value& message, std::string_view key) {
  const tractor::msg::value* const found = message.find(key);
  const std::string* const text = found ? found->get_if<std::string>() : nullptr;
  return text ? *text : std::string();
}

/// The frame of a message that is given as a value.
inline tractor::msg::buffer frame_of(const tractor::msg::value& message) {
  const tractor::msg::buffer body = tractor::msg::encoded(message);
  const std::uint32_t size = static_cast<std::uint32_t>(body.size());
  tractor::msg::buffer out;
  out.append(&size, sizeof size);
  out.append(body.view());
  return out;
}

}  // namespace process_tests
