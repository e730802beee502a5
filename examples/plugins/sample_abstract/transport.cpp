// A transport over unix sockets in the abstract namespace: no file, so nothing to clean up after a crash.
//
// An address is a name, written `/<key>/<name>`. Anybody on this host may try to connect to a name, and
// there is no file mode that would keep others out: both sides ask the kernel who the peer is.
#include "tractor/plugin/transport.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <string>

#include "tractor/plugin/descriptor.hpp"
#include "tractor/plugin/loop_socket.hpp"

namespace {

using namespace tractor;

const std::string key = "sample_abstract";
const std::string prefix = '/' + key + '/';

address to_address(const std::string& name) { return address(key, prefix + name); }

std::string name_of(const address& where) {
  if (where.transport() != key) throw address_error(where.text() + " is no address of " + key);
  return where.text().substr(prefix.size());
}

// The zero in front makes a name abstract; the length tells where it ends.
class socket_address {
 public:
  explicit socket_address(const std::string& name) {
    address_.sun_family = AF_UNIX;
    name.copy(address_.sun_path + 1, sizeof address_.sun_path - 1);
    size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_un address_{};
  socklen_t size_ = 0;
};

peer_credentials ask_peer(int fd, const std::string& who) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    throw socket_failure(errno, who + ": cannot ask who the peer is");
  return peer_credentials(peer.pid, peer.uid, peer.gid);
}

bool is_us(const peer_credentials& peer) { return peer.uid == ::geteuid(); }

class abstract_listener final : public listener {
 public:
  explicit abstract_listener(address where)
      : where_(std::move(where)), socket_(loop_socket::open(AF_UNIX, "listen on " + where_.text())) {
    const socket_address at(name_of(where_));
    if (::bind(socket_->fd(), at.get(), at.size()) != 0)
      throw socket_failure(errno, socket_->name() + ": cannot bind");
    socket_->listen();
  }

  task<std::unique_ptr<byte_stream>> accept() override {
    for (;;) {
      const int fd = co_await socket_->accept();
      auto socket = loop_socket::adopt(fd, "a peer of " + where_.text());
      const peer_credentials peer = ask_peer(socket->fd(), socket->name());
      // A stranger is dropped; the listener goes on.
      if (!is_us(peer)) continue;
      const address remote = to_address("process-" + std::to_string(peer.pid));
      co_return std::make_unique<socket_stream>(std::move(socket), where_, remote, peer);
    }
  }
  address bound() const override { return where_; }
  void close() noexcept override { socket_->close(); }

 private:
  address where_;
  std::unique_ptr<loop_socket> socket_;
};

class abstract_transport final : public transport {
 public:
  std::optional<address> parse(std::string_view text) const override {
    if (!text.starts_with(prefix)) return std::nullopt;
    const std::string name(text.substr(prefix.size()));
    const bool printable = std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 127; });
    if (name.empty() || name.size() > sizeof(sockaddr_un::sun_path) - 1 || !printable)
      throw address_error(std::string(text) + ": a name has 1 to " +
                          std::to_string(sizeof(sockaddr_un::sun_path) - 1) + " printable characters");
    return to_address(name);
  }
  // Names are shared by all users and transports of the host, hence the uid and the key.
  address default_registry() const override {
    return to_address(key + "-registry-" + std::to_string(::geteuid()));
  }
  // The uuid is unique; the number tells several addresses of one actor apart.
  address random_bind(const actor_id& who) const override {
    return to_address("tractor-" + who.uuid() + "-" + std::to_string(++given_));
  }
  // `connect` and `accept` ask the kernel: see the credentials of each stream.
  bool vouches_for_peers() const noexcept override { return true; }
  locality distance(const address& where) const override {
    name_of(where);  // throws for an address of another transport
    return locality::same_host;
  }
  task<std::unique_ptr<listener>> listen(address where) override {
    co_return std::make_unique<abstract_listener>(std::move(where));
  }
  task<std::unique_ptr<byte_stream>> connect(address where) override {
    const socket_address to(name_of(where));
    auto socket = loop_socket::open(AF_UNIX, where.text());
    co_await socket->connect(to.get(), to.size());
    const peer_credentials peer = ask_peer(socket->fd(), where.text());
    if (!is_us(peer))
      throw socket_failure(
          EACCES, where.text() + ": a process of user " + std::to_string(peer.uid) + " listens there");
    const address local = to_address("process-" + std::to_string(::getpid()));
    co_return std::make_unique<socket_stream>(std::move(socket), local, where, peer);
  }

 private:
  mutable unsigned given_ = 0;
};

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::transport, abstract_transport>(
        "sample_abstract", "", "0.1.0",
        "unix sockets in the abstract namespace, peers checked by the kernel");
