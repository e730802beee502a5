// The messages that actors exchange, as views of the frame that holds them.
//
// Members stand in the order in which their keys are written, under the name of the key without leading `_`.
// Text and bytes point into the frame after decoding, and at the caller's own while encoding. A byte_view
// named "one value" holds the MessagePack bytes of one value. What begins with `x_` is an extension: written
// only when it is set (not empty), and ignored by peers that do not know it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tractor/msg/buffer.hpp>
#include <tractor/msg/frame.hpp>
#include <tractor/msg/reader.hpp>
#include <tractor/msg/uid.hpp>
#include <tractor/msg/writer.hpp>
#include <utility>
#include <variant>
#include <vector>

namespace tractor::msg {

/// The pair (host, port) or (folder, file) of a transport that the reference knows, or the multiaddr of any
/// other.
using wire_address = std::variant<std::pair<std::string_view, std::int64_t>,
                                  std::pair<std::string_view, std::string_view>, std::string_view>;

/// `Aid`: who I am; the first message each way on every connection.
struct aid {
  std::string_view name = {};
  std::string_view uuid = {};
  std::optional<std::int64_t> pid = {};
  std::optional<bool> is_registrar = {};
  bool is_probe = false;
  std::optional<std::uint64_t> x_caps = {};  ///< Bits of what this side can do beyond the reference.
  byte_view x_nonce = {};
  byte_view x_challenge = {};
};

/// `SpawnSpec`: what a child needs to know, from its parent, once.
struct spawn_spec {
  byte_view parent_main_data = {};  ///< One value, a map; empty is written as an empty map.
  byte_view runtime_vars = {};      ///< One value, a map; empty is written as an empty map.
  std::vector<std::pair<std::string_view, std::string_view>> enable_modules = {};
  std::vector<wire_address> reg_addrs = {};
  std::optional<std::vector<wire_address>> bind_addrs = {};
  std::vector<std::string_view> x_maddrs = {};        ///< Registrar addresses as multiaddrs.
  byte_view x_expose = {};                            ///< One value.
  byte_view x_vars = {};                              ///< One value.
  std::vector<std::string_view> x_parent_addrs = {};  ///< Where else the parent itself can be reached.
  std::vector<std::string_view> x_advertise = {};     ///< What the child says of where it can be reached.
};

/// `Start`: run a task.
struct start {
  std::string_view cid = {};
  std::string_view ns = {};
  std::string_view func = {};
  byte_view kwargs = {};  ///< One value, a map; empty is written as an empty map.
  uid_view uid = {};
  std::string_view pld_spec = "typing.Any";
  byte_view x_args = {};  ///< One value, the list of positional arguments.
  std::string_view x_sig = {};
  std::optional<std::uint64_t> x_layout = {};  ///< A hash of the layout of the structs that travel.
  std::string_view x_reason = {};
  std::optional<uid_view> x_origin = {};
  std::optional<std::uint64_t> x_deadline_ms = {};  ///< From when it is received.
};

/// What a started function is.
enum class function_type : std::uint8_t { asyncfunc, asyncgen, context };

/// `StartAck`: the task runs.
struct start_ack {
  std::string_view cid = {};
  function_type functype = function_type::asyncfunc;
};

/// `Started`: the first value of a context.
struct started {
  std::string_view cid = {};
  byte_view pld = {};  ///< One value; empty is written as nil.
};

/// `Yield`: one item of a stream.
struct yield_item {
  std::string_view cid = {};
  byte_view pld = {};  ///< One value; empty is written as nil.
};

/// `Stop`: the end of a stream.
struct stop {
  std::string_view cid = {};
};

/// `Return`: the result of a task.
struct return_value {
  std::string_view cid = {};
  byte_view pld = {};  ///< One value; empty is written as nil.
};

/// `CancelAck`: the result of a request to cancel.
struct cancel_ack {
  std::string_view cid = {};
  bool pld = true;
  std::string_view x_done = {};  ///< What was done: `ended`, `ending` or `unknown`.
};

/// `Error`: a failure, a cancellation, an overrun or a type error.
struct error {
  uid_view src_uid = {};
  std::string_view src_type_str = {};
  std::string_view boxed_type_str = {};
  std::vector<uid_view> relay_path = {};
  std::optional<std::string_view> message = {};
  std::string_view tb_str = {};
  std::optional<uid_view> canceller = {};
  std::optional<uid_view> sender = {};
  std::optional<std::string_view> cid = {};
  byte_view bad_msg = {};          ///< One value, a map; empty is written as nil.
  byte_view bad_msg_as_dict = {};  ///< One value, a map; empty is written as nil.
  byte_view x_chain = {};          ///< One value.
  byte_view x_group = {};          ///< One value.
  std::vector<std::string_view> x_bases = {};
  std::string_view x_text = {};
  std::string_view x_reason = {};
  std::optional<uid_view> x_origin = {};
};

/// `AidProof`: the answer to a challenge. Our own.
struct proof {
  byte_view mac = {};
};

/// `Ping`: are you there? Our own.
struct ping {
  std::uint64_t seq = 0;
};

/// `Pong`: yes. Our own.
struct pong {
  std::uint64_t seq = 0;
};

/// `Credit`: room for `n` more items of a stream. Our own.
struct credit {
  std::string_view cid = {};
  std::uint64_t n = 0;
};

/// Any message.
using message = std::variant<aid, spawn_spec, start, start_ack, started, yield_item, stop, return_value,
                             cancel_ack, error, proof, ping, pong, credit>;

/// Decodes the body of one frame. The views in the result live as long as the body.
///
/// Keys may come in any order; unknown ones are ignored; absent ones take their default. Throws codec_error
/// for a missing key without default, a wrong type, an unknown `msg_type`, bytes behind the message, and
/// lists and maps more than `depth` inside one another.
TRACTOR_API message decode_message(byte_view body, std::uint32_t depth = limits{}.depth);

/// Reads a body that is a Yield written as `append_frame` writes it: the short way for many items.
///
/// Yields nothing for any other body, broken ones included: `decode_message` says what those are.
TRACTOR_API std::optional<yield_item> try_yield(byte_view body,
                                                std::uint32_t depth = limits{}.depth) noexcept;

/// Returns the `msg_type` of a message: "Start".
TRACTOR_API std::string_view message_name(const message& of) noexcept;

/// Returns one line for logs: `Start{cid="...", kwargs={"a": 1}}`; secrets are left out.
TRACTOR_API std::string to_text(const message& of);

/// Appends the frame of one message: length and body.
///
/// Throws codec_error, and leaves `out` as it was, if the body is larger than `max_frame`.
TRACTOR_API void append_frame(buffer& out, const aid& what, std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const spawn_spec& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const start& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const start_ack& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const started& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const yield_item& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const stop& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const return_value& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const cancel_ack& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const error& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const proof& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const ping& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const pong& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const credit& what,
                              std::size_t max_frame = frame_limits{}.max_frame);
TRACTOR_API void append_frame(buffer& out, const message& what,
                              std::size_t max_frame = frame_limits{}.max_frame);

namespace detail {

/// Writes a frame up to the key of its payload and returns where it begins.
TRACTOR_API std::size_t open_frame(buffer& out, const started& header);
TRACTOR_API std::size_t open_frame(buffer& out, const yield_item& header);
TRACTOR_API std::size_t open_frame(buffer& out, const return_value& header);
/// Fills in the length of the frame that begins at `begin`; if it is too large drops it and throws
/// codec_error.
TRACTOR_API void close_frame(buffer& out, std::size_t begin, std::size_t max_frame);

}  // namespace detail

/// Appends the frame of a Started, Yield or Return whose payload `put(writer&)` encodes in place.
///
/// `put` must write exactly one value; `header.pld` is not looked at. If it throws, `out` is left as it was.
template <class Header, class Put>
void append_frame_with(buffer& out, const Header& header, Put&& put,
                       std::size_t max_frame = frame_limits{}.max_frame) {
  const std::size_t before = out.size();
  try {
    const std::size_t begin = detail::open_frame(out, header);
    writer to(out);
    put(to);
    detail::close_frame(out, begin, max_frame);
  } catch (...) {
    out.truncate(before);
    throw;
  }
}

/// Returns what all Yield frames of the dialog `cid` begin with: a length to fill in, and all up to the
/// payload.
TRACTOR_API buffer yield_head(std::string_view cid);

/// Appends a frame that begins with `head` and whose payload `put(writer&)` encodes in place, as
/// `append_frame_with` does.
template <class Put>
void append_frame_after(buffer& out, byte_view head, Put&& put,
                        std::size_t max_frame = frame_limits{}.max_frame) {
  const std::size_t begin = out.size();
  try {
    out.append(head);
    writer to(out);
    put(to);
    detail::close_frame(out, begin, max_frame);
  } catch (...) {
    out.truncate(begin);
    throw;
  }
}

}  // namespace tractor::msg
