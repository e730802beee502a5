#include "mem_transport.hpp"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <utility>

#include "mem_stream.hpp"
#include "tractor/async/checkpoint.hpp"
#include "tractor/plugin/loop_socket.hpp"

namespace tractor::mem {

namespace {

constexpr const char* key = "mem";
constexpr std::string_view prefix = "/mem/";

address to_address(const std::string& name) { return {key, std::string(prefix) + name}; }

// No control character of a text gets into a log.
std::string shown(std::string_view text) {
  std::string out(text);
  std::ranges::replace_if(
      out, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  return out;
}

void check(const address& where) {
  if (where.transport() != key)
    throw address_error("'" + where.text() + "' is an address of transport '" + where.transport() +
                        "', not of mem");
}

}  // namespace

/// Holds the connections that nobody has accepted yet.
class mem_listener final : public listener {
 public:
  mem_listener(std::shared_ptr<mem_transport::doors> doors, address where)
      : doors_(std::move(doors)), where_(std::move(where)) {
    if (!doors_->emplace(where_.text(), this).second)
      throw socket_failure(EADDRINUSE, "listen on " + where_.text());
  }
  ~mem_listener() override { close(); }

  task<std::unique_ptr<byte_stream>> accept() override {
    const std::shared_ptr<state> now = state_;
    if (now->closed) throw socket_failure(EBADF, "cannot accept");
    co_await checkpoint();
    while (!now->closed && now->waiting.empty()) co_await now->changed.wait();
    if (now->closed) throw socket_failure(ECANCELED, "accept: the listener was closed");
    std::unique_ptr<byte_stream> out = std::move(now->waiting.front());
    now->waiting.pop_front();
    co_return std::move(out);
  }
  address bound() const override { return where_; }
  void close() noexcept override {
    if (std::exchange(state_->closed, true)) return;
    doors_->erase(where_.text());
    state_->waiting.clear();
    state_->changed.notify_all();
  }

  void welcome(std::unique_ptr<byte_stream> caller) {
    state_->waiting.push_back(std::move(caller));
    state_->changed.notify_all();
  }

 private:
  // Shared with an accept that waits, which may outlive the listener.
  class state {
   public:
    std::deque<std::unique_ptr<byte_stream>> waiting;
    condition changed;
    bool closed = false;
  };

  const std::shared_ptr<mem_transport::doors> doors_;
  const address where_;
  const std::shared_ptr<state> state_ = std::make_shared<state>();
};

mem_transport::mem_transport() : doors_(std::make_shared<doors>()) {}
mem_transport::~mem_transport() = default;

std::optional<address> mem_transport::parse(std::string_view text) const {
  if (!text.starts_with(prefix)) return std::nullopt;
  const std::string name(text.substr(prefix.size()));
  const bool printable = std::ranges::all_of(name, [](char c) { return c > ' ' && c < 127; });
  if (name.empty() || !printable)
    throw address_error("'" + shown(text) +
                        "' is not a mem address: after /mem/ comes a name of printable characters");
  return to_address(name);
}

address mem_transport::default_registry() const { return to_address("registry"); }

address mem_transport::random_bind(const actor_id& who) const {
  return to_address("actor-" + who.uuid() + "-" + std::to_string(++given_));
}

locality mem_transport::distance(const address& where) const {
  check(where);
  return locality::same_process;
}

task<std::unique_ptr<listener>> mem_transport::listen(address where) {
  check(where);
  co_return std::make_unique<mem_listener>(doors_, std::move(where));
}

task<std::unique_ptr<byte_stream>> mem_transport::connect(address where) {
  check(where);
  co_await checkpoint();
  const auto at = doors_->find(where.text());
  if (at == doors_->end()) throw socket_failure(ECONNREFUSED, where.text() + ": cannot connect");
  auto [near, far] = make_ends(where, to_address("caller-" + std::to_string(++given_)));
  at->second->welcome(std::move(far));
  co_return std::move(near);
}

}  // namespace tractor::mem
