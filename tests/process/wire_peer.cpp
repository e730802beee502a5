#include "wire_peer.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <tractor/discovery/discovery.hpp>
#include <tractor/harness/harness.hpp>
#include <tractor/plugin/registry.hpp>

using namespace tractor;

namespace process_tests {

namespace {

msg::value::map& entries(msg::value& of) {
  return const_cast<msg::value::map&>(*of.get_if<msg::value::map>());
}

task<std::unique_ptr<byte_stream>> connect(address where) {
  co_return co_await plugin::registry::instance().transport(where.transport()).connect(where);
}

msg::value wire_form(const address& where) {
  if (const auto* numbered = std::get_if<address::pair_with_number>(&where.wire()))
    return msg::value::list{msg::value(numbered->first), msg::value(numbered->second)};
  if (const auto* named = std::get_if<address::pair_of_texts>(&where.wire()))
    return msg::value::list{msg::value(named->first), msg::value(named->second)};
  return msg::value(where.text());
}

}  // namespace

std::string fresh_uuid() {
  std::random_device random;
  char text[37];
  std::snprintf(text, sizeof text, "%08x-%04x-4%03x-8%03x-%08x%04x", random(), random() & 0xffffu,
                random() & 0xfffu, random() & 0xfffu, random(), random() & 0xffffu);
  return text;
}

msg::value uid_of(const actor_id& id) {
  return msg::value::list{msg::value(id.name()), msg::value(id.uuid())};
}

std::string text_of(const msg::value& message, std::string_view key) {
  const msg::value* const found = message.find(key);
  const std::string* const text = found ? found->get_if<std::string>() : nullptr;
  return text ? *text : std::string();
}

std::string type_of(const msg::value& message) { return text_of(message, "msg_type"); }

msg::value map_of(std::string_view key, msg::value value) {
  msg::value::map all;
  all.emplace_back(msg::value(key), std::move(value));
  return all;
}

msg::value with(msg::value message, std::string_view key, msg::value value) {
  auto& all = entries(message);
  const auto at = std::ranges::find_if(all, [&](const msg::value::entry& e) {
    const auto* name = e.first.get_if<std::string>();
    return name && *name == key;
  });
  if (at != all.end())
    at->second = std::move(value);
  else
    all.emplace_back(msg::value(key), std::move(value));
  return message;
}

task<std::unique_ptr<wire_peer>> wire_peer::dial(address where, std::string name, int caps) {
  auto stream = co_await connect(where);
  auto peer = std::make_unique<wire_peer>(std::move(stream), actor_id(name, fresh_uuid(), ::getpid()));
  co_await peer->swap_aids(false, caps);
  co_return peer;
}

task<std::unique_ptr<wire_peer>> wire_peer::dial_actor(std::string actor, std::string name, int caps) {
  std::vector<address> where;
  while (where.empty()) {
    where = co_await query_actor(actor);
    if (where.empty()) co_await sleep(std::chrono::milliseconds(1));
  }
  co_return co_await dial(where.front(), name, caps);
}

task<> wire_peer::swap_aids(bool is_registrar, int caps) {
  msg::value aid = map_of("msg_type", "Aid");
  aid = with(aid, "name", self_.name());
  aid = with(aid, "uuid", self_.uuid());
  aid = with(aid, "pid", self_.pid());
  aid = with(aid, "is_registrar", is_registrar);
  aid = with(aid, "is_probe", false);
  if (caps != 0) aid = with(aid, "x_caps", caps);
  co_await send(aid);
  const msg::value theirs = co_await expect("Aid");
  const msg::value* const pid = theirs.find("pid");
  other_ = actor_id(text_of(theirs, "name"), text_of(theirs, "uuid"), pid ? pid->as<int>() : 0);
}

task<> wire_peer::send_bytes(std::string_view bytes) {
  const auto part = std::as_bytes(std::span(bytes));
  co_await stream_->write_all(std::span(&part, 1));
}

task<> wire_peer::send(msg::value message) {
  const msg::buffer body = msg::encoded(message);
  const auto size = static_cast<std::uint32_t>(body.size());
  msg::buffer frame;
  for (unsigned shift = 0; shift < 32; shift += 8) {
    const auto byte = static_cast<std::byte>(size >> shift & 0xff);
    frame.append(&byte, 1);
  }
  frame.append(body.view());
  const std::string_view bytes(reinterpret_cast<const char*>(frame.view().data()), frame.view().size());
  co_await send_bytes(bytes);
}

task<msg::value> wire_peer::receive() {
  for (;;) {
    if (const auto body = parser_.next()) {
      last_ = msg::buffer();
      last_.append(*body);
      co_return msg::decode_all<msg::value>(*body);
    }
    const std::span<std::byte> room = parser_.prepare();
    const std::size_t count = co_await stream_->read_some(room);
    if (count == 0) throw end_of_channel("the actor has closed its connection");
    parser_.commit(count);
  }
}

task<msg::value> wire_peer::expect(std::string type) {
  msg::value message = co_await receive();
  if (type_of(message) != type)
    CO_FAIL("expected a " + type + ", got " + msg::to_text(msg::decode_message(last_.view())));
  co_return message;
}

task<std::string> wire_peer::start(std::string ns, std::string func, msg::value kwargs) {
  const std::string cid = fresh_uuid();
  co_await send(start_message(cid, ns, func, std::move(kwargs)));
  const msg::value ack = co_await expect("StartAck");
  CO_ASSERT_EQ(text_of(ack, "cid"), cid);
  co_return cid;
}

task<std::vector<std::string>> wire_peer::read_to_end() {
  std::vector<std::string> types;
  try {
    for (;;) {
      const msg::value message = co_await receive();
      types.push_back(type_of(message));
    }
  } catch (const end_of_channel&) {
  }
  co_return types;
}

msg::value wire_peer::start_message(std::string_view cid, std::string_view ns, std::string_view func,
                                    msg::value kwargs) const {
  msg::value out = message("Start", cid);
  out = with(std::move(out), "ns", ns);
  out = with(std::move(out), "func", func);
  out = with(std::move(out), "kwargs", std::move(kwargs));
  out = with(std::move(out), "uid", uid_of(self_));
  return with(std::move(out), "pld_spec", "typing.Any");
}

msg::value wire_peer::message(std::string_view type, std::string_view cid) {
  return with(map_of("msg_type", type), "cid", cid);
}
msg::value wire_peer::message(std::string_view type, std::string_view cid, msg::value pld) {
  return with(message(type, cid), "pld", std::move(pld));
}
msg::value wire_peer::ack(std::string_view cid, std::string_view functype) {
  return with(message("StartAck", cid), "functype", functype);
}

msg::value wire_peer::error(std::string_view type, std::string_view cid, std::string_view text) const {
  msg::value out = map_of("msg_type", "Error");
  out = with(std::move(out), "src_uid", uid_of(self_));
  out = with(std::move(out), "src_type_str", type);
  out = with(std::move(out), "boxed_type_str", type);
  out = with(std::move(out), "relay_path", msg::value::list{uid_of(self_)});
  out = with(std::move(out), "message", text);
  out = with(std::move(out), "tb_str", "Traceback: as written there\n");
  for (const char* none : {"canceller", "sender"}) out = with(std::move(out), none, nullptr);
  out = with(std::move(out), "cid", cid);
  for (const char* none : {"_bad_msg", "_bad_msg_as_dict"}) out = with(std::move(out), none, nullptr);
  return out;
}

msg::value wire_peer::cancelled(std::string_view cid, const actor_id& canceller) const {
  return with(error("ContextCancelled", cid, "cancelled"), "canceller", uid_of(canceller));
}

task<std::unique_ptr<wire_host>> wire_host::open(std::string name) {
  const address registrar = current_actor().addresses().front();
  transport& via = plugin::registry::instance().transport(registrar.transport());
  const actor_id self(name, fresh_uuid(), ::getpid());
  auto listening = co_await via.listen(via.random_bind(self));
  const address at = listening->bound();
  std::unique_ptr<wire_host> host(new wire_host(self, std::move(listening)));
  auto stream = co_await connect(registrar);
  wire_peer to_registrar(std::move(stream), self);
  co_await to_registrar.swap_aids();
  msg::value kwargs = map_of("uid", uid_of(self));
  kwargs = with(kwargs, "addr", wire_form(at));
  co_await to_registrar.start("self", "register_actor", kwargs);
  co_await to_registrar.expect("Return");
  to_registrar.close();
  co_return host;
}

task<std::unique_ptr<wire_peer>> wire_host::accept() {
  auto stream = co_await listening_->accept();
  auto peer = std::make_unique<wire_peer>(std::move(stream), self_);
  co_await peer->swap_aids();
  co_return peer;
}

}  // namespace process_tests
