#include "reserved_address.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <boost/system/system_error.hpp>
#include <cstring>
#include <fstream>
#include <future>
#include <optional>
#include <stdexcept>

#include "tractor/async/loop.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/transport.hpp"

namespace tractor::harness::detail {
namespace {

tractor::transport& transport_of(const std::string& key) {
  return plugin::registry::instance().transport(key);
}

// Listens there for a moment; returns the address with what was left open filled in, or nothing if it is
// taken. In a thread of its own: a test may ask for one more address while its loop runs.
std::optional<address> try_out(tractor::transport& it, const address& where) {
  auto listen_once = [&]() -> task<std::optional<address>> {
    std::optional<address> bound;
    try {
      auto listener = co_await it.listen(where);
      bound = listener->bound();
      listener->close();
    } catch (const boost::system::system_error&) {
    }
    co_return bound;
  };
  return std::async(std::launch::async, [&] { return run_loop(listen_once); }).get();
}

// The kernel chooses numbers from this range for others at any moment: what is below it stays free once it is
// found free.
int first_ephemeral() {
  int first = 32768;
  std::ifstream("/proc/sys/net/ipv4/ip_local_port_range") >> first;
  return first;
}

}  // namespace

reserved_address::reserved_address(test_context& context) {
  const std::string& key = context.where().transport;
  tractor::transport& it = transport_of(key);
  const address wish = it.random_bind(actor_id("reg-" + context.token(), context.token(), ::getpid()));
  const auto* pair = std::get_if<address::pair_with_number>(&wish.wire());
  if (pair && pair->second == 0) {
    choose_number(key, pair->first);
    return;
  }
  const auto bound = try_out(it, wish);
  if (!bound)
    throw std::runtime_error("transport " + key + " gave " + wish.text() + ", where it cannot listen");
  text_ = bound->text();
}

reserved_address::~reserved_address() {
  if (lock_ >= 0) ::close(lock_);
}

void reserved_address::choose_number(const std::string& transport, const std::string& host) {
  constexpr int first = 10'000;
  const int count = std::max(first_ephemeral() - first, 1000);
  // Runs side by side start at places far from each other, and go on one by one.
  static int next = static_cast<int>(::getpid() * 7919L % count);
  for (int tries = 0; tries < count; ++tries, ++next) {
    const int number = first + next % count;
    if (!lock_number(number)) continue;
    const auto where = transport_of(transport).parse(host + ":" + std::to_string(number));
    if (!where)
      throw std::runtime_error("transport " + transport + " does not read " + host + ":" +
                               std::to_string(number));
    if (try_out(transport_of(transport), *where)) {
      ++next;
      text_ = where->text();
      return;
    }
    ::close(std::exchange(lock_, -1));
  }
  throw std::runtime_error("transport " + transport + ": no free number on " + host);
}

// An abstract socket is gone with the process that holds it, however it ends.
bool reserved_address::lock_number(int number) {
  const std::string name = "tractor-test-address-" + std::to_string(number);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  name.copy(at.sun_path + 1, sizeof at.sun_path - 2);
  lock_ = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (lock_ >= 0 && ::bind(lock_, reinterpret_cast<const sockaddr*>(&at), size) == 0) return true;
  if (lock_ >= 0) ::close(std::exchange(lock_, -1));
  return false;
}

}  // namespace tractor::harness::detail
