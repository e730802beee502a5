#include "socket_probe.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "tractor/plugin/loop_socket.hpp"
#include "uds_address.hpp"

namespace tractor::uds {

finding probe(const std::string& path) {
  struct stat is;
  if (::lstat(path.c_str(), &is) != 0) return errno == ENOENT ? finding::nothing : finding::unknown;
  if (!S_ISSOCK(is.st_mode)) return finding::other_file;
  if (is.st_uid != ::geteuid()) return finding::other_owner;
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return finding::unknown;
  const sockaddr_un to = to_sockaddr(path);
  const int number = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0 ? 0 : errno;
  ::close(fd);
  switch (number) {
    case 0:
    case EAGAIN:      // its queue is full
    case EPROTOTYPE:  // not a stream socket, but somebody's
      return finding::live_socket;
    case ECONNREFUSED:
      return finding::dead_socket;
    case ENOENT:
      return finding::nothing;
    default:
      return finding::unknown;
  }
}

std::string describe(finding what) {
  switch (what) {
    case finding::nothing:
      return "there is nothing";
    case finding::dead_socket:
      return "nobody listens on it";
    case finding::live_socket:
      return "a living process listens on it";
    case finding::other_file:
      return "it is a file of another kind, not a socket";
    case finding::other_owner:
      return "it belongs to another user";
    case finding::unknown:
      break;
  }
  return "whether anybody listens on it cannot be told";
}

peer_credentials ask_peer(int fd) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    throw socket_failure(errno, "cannot ask who the peer is");
  return peer_credentials(peer.pid, peer.uid, peer.gid);
}

}  // namespace tractor::uds
