#include "raw_socket.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "tractor/plugin/owned_fd.hpp"

namespace bench {

namespace {

void connect_loopback(int ends[2]) {
  const tractor::owned_fd listening(must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  auto* const any = reinterpret_cast<sockaddr*>(&at);
  must(::bind(listening.get(), any, size), "bind");
  must(::listen(listening.get(), 1), "listen");
  must(::getsockname(listening.get(), any, &size), "getsockname");
  ends[0] = must(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
  must(::connect(ends[0], any, size), "connect");
  ends[1] = must(::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC), "accept");
  const int on = 1;
  for (int i = 0; i < 2; ++i)
    must(::setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
}

}  // namespace

int must(int value, const char* what) {
  if (value < 0) throw std::system_error(errno, std::generic_category(), what);
  return value;
}

raw_child::raw_child(bool unix_socket, const std::function<void(int socket)>& work) {
  int ends[2];
  if (unix_socket)
    must(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), "socketpair");
  else
    connect_loopback(ends);
  pid_ = must(::fork(), "fork");
  if (pid_ == 0) {
    ::close(ends[0]);
    work(ends[1]);
    ::_exit(0);
  }
  ::close(ends[1]);
  socket_ = ends[0];
}

raw_child::~raw_child() {
  ::close(socket_);
  ::waitpid(pid_, nullptr, 0);
}

}  // namespace bench
