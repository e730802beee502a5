// A registrar that speaks what the Python reference speaks, and nothing else.
#pragma once

#include <boost/system/system_error.hpp>
#include <memory>
#include <string>
#include <tractor/async/async.hpp>
#include <variant>
#include <vector>

#include "reference_peer.hpp"

namespace process_tests {

inline auto list_of(address where) {
  return [where](msg::writer& to) {
    to.array_header(1);
    pair_or_text(where)(to);
  };
}
inline const auto nil = [](msg::writer& to) { to.nil(); };

/// A registrar of the reference: knows one address for every name, and keeps what it was asked.
class reference_registrar {
 public:
  /// Its table has one entry, under the key `listed`.
  reference_registrar(address at, address known, std::string listed)
      : at_(std::move(at)), known_(std::move(known)), listed_(std::move(listed)) {}

  task<> serve() {
    auto door = co_await plugin::registry::instance().transport(at_.transport()).listen(at_);
    up.set();
    auto all = [&](task_nursery& tn) -> task<> {
      for (;;) {
        auto stream = co_await door->accept();
        tn.start_soon([this](std::shared_ptr<reference_peer> peer) { return serve_one(std::move(peer)); },
                      std::make_shared<reference_peer>(std::move(stream)));
      }
    };
    co_await open_task_nursery(all);
  }

  event up;
  std::vector<std::string> asked;  // frames
  int connections = 0;             // open ones

 private:
  task<> serve_one(std::shared_ptr<reference_peer> peer) {
    ++connections;
    try {
      co_await peer->introduce(aid_of("root", "9a62e17a-b552-43af-a6d8-3bf24536c186", true));
      for (;;) {
        auto frame = co_await peer->receive();
        if (frame.empty()) break;
        asked.push_back(frame);
        co_await answer(*peer, frame);
      }
    } catch (const boost::system::system_error&) {
      // A program that ends may leave an answer unread.
    }
    --connections;
    peer->close();
  }
  task<> answer(reference_peer& peer, std::string frame) {
    const auto message = message_in(frame);
    const auto* call = std::get_if<msg::start>(&message);
    if (!call) co_return;
    const std::string id(call->cid), func(call->func);
    co_await peer.send(start_ack_of(id));
    const bool finds = func == "find_actor" || func == "wait_for_actor";
    auto table = [&](msg::writer& to) {
      to.map_header(1);
      to.str(listed_);
      list_of(known_)(to);
    };
    std::string value = return_of(id, nil);
    if (finds) value = return_of(id, list_of(known_));
    if (func == "get_registry") value = return_of(id, table);
    co_await peer.send(std::move(value));
  }

  address at_, known_;
  std::string listed_;
};

/// The frame that it was asked with, for a call of that name; the id is ours to choose.
inline std::string asked_for(const reference_registrar& by, const std::string& func, std::string& id) {
  for (const std::string& frame : by.asked) {
    const auto message = message_in(frame);
    const auto* call = std::get_if<msg::start>(&message);
    if (!call || call->func != func) continue;
    id = call->cid;
    return frame;
  }
  return {};
}

}  // namespace process_tests
