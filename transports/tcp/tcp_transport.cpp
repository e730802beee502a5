#include "tcp_transport.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <cerrno>

#include "tcp_address.hpp"
#include "tractor/plugin/loop_socket.hpp"

namespace tractor::tcp {

namespace {

using name_call = int (*)(int, sockaddr*, socklen_t*);

endpoint ask(name_call call, loop_socket& socket) {
  endpoint where;
  auto size = static_cast<socklen_t>(where.capacity());
  if (call(socket.fd(), where.data(), &size) != 0)
    throw socket_failure(errno, socket.name() + ": the connection is gone already");
  where.resize(size);
  return where;
}

std::unique_ptr<byte_stream> make_stream(std::unique_ptr<loop_socket> socket, const endpoint& local,
                                         const endpoint& remote) {
  socket->set_option(IPPROTO_TCP, TCP_NODELAY, 1);
  return std::make_unique<socket_stream>(std::move(socket), to_address(local), to_address(remote));
}

class tcp_listener final : public listener {
 public:
  explicit tcp_listener(const endpoint& where)
      : socket_(loop_socket::open(where.protocol().family(), "listen on " + to_address(where).text())) {
    socket_->set_option(SOL_SOCKET, SO_REUSEADDR, 1);
    // An address means what it says: `::` does not take IPv4 along.
    if (where.address().is_v6()) socket_->set_option(IPPROTO_IPV6, IPV6_V6ONLY, 1);
    if (::bind(socket_->fd(), where.data(), static_cast<socklen_t>(where.size())) != 0)
      throw socket_failure(errno, socket_->name() + ": cannot bind");
    socket_->listen();
    bound_ = ask(&::getsockname, *socket_);
  }

  task<std::unique_ptr<byte_stream>> accept() override {
    for (;;) {
      const int fd = co_await socket_->accept();
      if (auto stream = greet(fd)) co_return std::move(stream);
    }
  }
  address bound() const override { return to_address(bound_); }
  void close() noexcept override { socket_->close(); }

 private:
  // Null for a peer that was gone before we looked: no reason for the listener to fail.
  static std::unique_ptr<byte_stream> greet(int fd) {
    endpoint remote;
    auto size = static_cast<socklen_t>(remote.capacity());
    const bool known = ::getpeername(fd, remote.data(), &size) == 0;
    if (known) remote.resize(size);
    auto socket = loop_socket::adopt(fd, known ? to_address(remote).text() : "a tcp peer");
    if (!known) return nullptr;
    const endpoint local = ask(&::getsockname, *socket);
    return make_stream(std::move(socket), local, remote);
  }

  std::unique_ptr<loop_socket> socket_;
  endpoint bound_;
};

}  // namespace

std::optional<address> tcp_transport::parse(std::string_view text) const {
  const std::optional<endpoint> where = parse_endpoint(text);
  if (!where) return std::nullopt;
  return to_address(*where);
}

address tcp_transport::default_registry() const {
  return to_address(endpoint(asio::ip::address_v4::loopback(), 1616));
}

address tcp_transport::random_bind(const actor_id&) const {
  return to_address(endpoint(asio::ip::address_v4::loopback(), 0));
}

locality tcp_transport::distance(const address& where) const {
  return is_loopback(to_endpoint(where)) ? locality::loopback : locality::network;
}

task<std::unique_ptr<listener>> tcp_transport::listen(address where) {
  co_return std::make_unique<tcp_listener>(to_endpoint(where));
}

task<std::unique_ptr<byte_stream>> tcp_transport::connect(address where) {
  const endpoint remote = to_endpoint(where);
  if (remote.port() == 0) throw address_error("'" + where.text() + "': nobody listens on port 0");
  auto socket = loop_socket::open(remote.protocol().family(), where.text());
  co_await socket->connect(remote.data(), static_cast<socklen_t>(remote.size()));
  const endpoint local = ask(&::getsockname, *socket);
  // TCP joins a socket to itself when the kernel's choice for our port is the very one we call.
  if (local == ask(&::getpeername, *socket))
    throw socket_failure(ECONNREFUSED, where.text() + ": cannot connect");
  co_return make_stream(std::move(socket), local, remote);
}

}  // namespace tractor::tcp
