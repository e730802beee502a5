#include "raw_ping_pong.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>

namespace bench {

namespace {

int watch(int socket) {
  const int epoll = must(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  epoll_event event{};
  event.events = EPOLLIN;
  must(::epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event), "epoll_ctl");
  return epoll;
}

void send_message(int socket, std::size_t size) {
  static const std::array<char, 4096> bytes{};
  if (::write(socket, bytes.data(), size) != static_cast<ssize_t>(size)) must(-1, "write of a raw message");
}

// False at the end of the stream.
bool receive_message(int epoll, int socket, std::size_t size) {
  std::array<char, 4096> into;
  for (std::size_t got = 0; got < size;) {
    epoll_event event;
    if (::epoll_wait(epoll, &event, 1, -1) < 0) continue;
    const ssize_t count = ::read(socket, into.data(), into.size());
    if (count <= 0) return false;
    got += static_cast<std::size_t>(count);
  }
  return true;
}

}  // namespace

raw_ping_pong::raw_ping_pong(bool unix_socket, std::size_t request, std::size_t answer)
    : child_(unix_socket,
             [=](int socket) {
               const int epoll = watch(socket);
               while (receive_message(epoll, socket, request)) send_message(socket, answer);
             }),
      epoll_(watch(child_.socket())),
      request_(request),
      answer_(answer) {}

void raw_ping_pong::round_trip() {
  send_message(child_.socket(), request_);
  if (!receive_message(epoll_.get(), child_.socket(), answer_)) must(-1, "the raw peer is gone");
}

}  // namespace bench
