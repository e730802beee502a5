// Error records as messages and back.
#include "runtime/link.hpp"
#include "tractor/msg/codec.hpp"

namespace tractor::detail {

namespace {

actor_id id_of(const msg::uid_view& uid) { return actor_id(std::string(uid.name), std::string(uid.uuid)); }
msg::uid_view uid_of(const actor_id& id) { return {id.name(), id.uuid()}; }

// The views of an Error that stand for a record; the record and `group` outlive it.
msg::error wire_of(const error_record& record, std::string_view cid, msg::byte_view group) {
  msg::error wire;
  wire.src_uid = uid_of(record.src_uid);
  wire.src_type_str = record.src_type_str;
  wire.boxed_type_str = record.boxed_type_str;
  for (const actor_id& hop : record.relay_path) wire.relay_path.push_back(uid_of(hop));
  wire.message = record.message;
  wire.tb_str = record.tb_str;
  if (!record.canceller.empty()) wire.canceller = uid_of(record.canceller);
  if (!record.sender.empty()) wire.sender = uid_of(record.sender);
  if (!cid.empty()) wire.cid = cid;
  wire.x_group = group;
  if (!record.originator.empty()) wire.x_origin = uid_of(record.originator);
  wire.x_reason = record.reason;
  return wire;
}

// A group takes two levels of a message, and a receiver bounds these.
constexpr std::size_t deepest_group = 24;
// Of the texts of an error that is too large for a message.
constexpr std::size_t longest_text = 4096;

bool is_deeper(const error_record& record, std::size_t levels) {
  for (const error_record& member : record.group)
    if (levels == 0 || is_deeper(member, levels - 1)) return true;
  return false;
}

// What lies deeper stands as the text of its group.
void make_shallow(error_record& record, std::size_t levels) {
  if (levels == 0 && !record.group.empty()) {
    record.message += "; what is in it lies too deep to be sent";
    record.group.clear();
  }
  for (error_record& member : record.group) make_shallow(member, levels - 1);
}

void cut_text(std::string& text) {
  if (text.size() > longest_text) text = text.substr(0, longest_text) + " [...]";
}

// The error itself, with the ends of its texts and its members left out.
error_record short_form_of(const error_record& record) {
  error_record out = record;
  if (!out.group.empty())
    out.message += "; its " + std::to_string(out.group.size()) + " members are too large to be sent";
  out.group.clear();
  if (out.relay_path.size() > deepest_group) out.relay_path.resize(deepest_group);
  for (std::string* text : {&out.message, &out.tb_str, &out.reason, &out.src_type_str, &out.boxed_type_str})
    cut_text(*text);
  return out;
}

// Members travel as Error maps of their own: the tree keeps its shape and every origin.
msg::buffer encode_group(const error_record& record) {
  msg::buffer out;
  if (record.group.empty()) return out;
  msg::writer to(out);
  to.array_header(static_cast<std::uint32_t>(record.group.size()));
  for (const error_record& member : record.group) {
    const msg::buffer inner = encode_group(member);
    msg::buffer frame;
    msg::append_frame(frame, wire_of(member, {}, inner.view()));
    to.raw(frame.view().subspan(msg::frame_header_size));
  }
  return out;
}

}  // namespace

void send_record(ipc::channel& over, const error_record& record, std::string_view cid) {
  if (is_deeper(record, deepest_group)) {
    error_record cut = record;
    make_shallow(cut, deepest_group);
    return send_record(over, cut, cid);
  }
  try {
    const msg::buffer group = encode_group(record);
    over.send(wire_of(record, cid, group.view()));
  } catch (const msg::codec_error&) {
    over.send(wire_of(short_form_of(record), cid, {}));
  }
}

error_record record_of(const msg::error& wire) {
  error_record record;
  record.src_uid = id_of(wire.src_uid);
  record.src_type_str = wire.src_type_str;
  record.boxed_type_str = wire.boxed_type_str;
  for (const msg::uid_view& hop : wire.relay_path) record.relay_path.push_back(id_of(hop));
  record.message = wire.message.value_or("");
  record.tb_str = wire.tb_str;
  if (wire.canceller) record.canceller = id_of(*wire.canceller);
  if (wire.sender) record.sender = id_of(*wire.sender);
  if (wire.x_origin) record.originator = id_of(*wire.x_origin);
  record.reason = wire.x_reason;
  if (!wire.x_group.empty()) {
    msg::reader in(wire.x_group);
    const std::size_t count = in.array_header();
    for (std::size_t i = 0; i < count; ++i) {
      const msg::message member = msg::decode_message(in.skip());
      if (const auto* error = std::get_if<msg::error>(&member)) record.group.push_back(record_of(*error));
    }
  }
  return record;
}

}  // namespace tractor::detail
