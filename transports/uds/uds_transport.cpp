#include "uds_transport.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "folder_lock.hpp"
#include "leftover_sockets.hpp"
#include "private_folder.hpp"
#include "socket_probe.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/plugin/loop_socket.hpp"
#include "tractor/plugin/runtime_folder.hpp"
#include "uds_address.hpp"

namespace tractor::uds {

namespace {

const sockaddr* as_sockaddr(const sockaddr_un& of) { return reinterpret_cast<const sockaddr*>(&of); }

class uds_listener final : public listener {
 public:
  /// Binds; the caller holds the lock of the folder: shared, or `alone`, without which nothing in the way is
  /// touched: see `in_the_way`.
  uds_listener(std::string path, bool alone)
      : path_(std::move(path)), socket_(loop_socket::open(AF_UNIX, "listen on " + to_address(path_).text())) {
    // Before the bind, which gives the file the socket's mode: there is no moment when others can connect.
    if (::fchmod(socket_->fd(), 0600) != 0) fail(errno, "cannot set the mode");
    if (!bind(alone)) return;
    struct stat is;
    if (::lstat(path_.c_str(), &is) != 0) fail(errno, "the socket file is gone");
    device_ = is.st_dev;
    inode_ = is.st_ino;
    owner_ = ::getpid();
    try {
      socket_->listen();
    } catch (...) {
      close();
      throw;
    }
  }
  ~uds_listener() override { close(); }

  task<std::unique_ptr<byte_stream>> accept() override {
    for (;;) {
      const int fd = co_await socket_->accept();
      if (auto stream = greet(fd)) co_return std::move(stream);
    }
  }
  address bound() const override { return to_address(path_); }
  /// True when a file stands where this was to be bound, and nothing has been done.
  bool in_the_way() const noexcept { return owner_ == 0; }

  // The file goes first, while we still listen: nobody can have taken the path over as a dead one.
  void close() noexcept override {
    struct stat is;
    const bool ours = owner_ == ::getpid() && ::lstat(path_.c_str(), &is) == 0 && is.st_dev == device_ &&
                      is.st_ino == inode_;
    if (ours) ::unlink(path_.c_str());
    owner_ = 0;
    socket_->close();
  }

 private:
  [[noreturn]] void fail(int number, const std::string& why) const {
    throw socket_failure(number, socket_->name() + ": " + why);
  }

  bool bind(bool alone) {
    const sockaddr_un at = to_sockaddr(path_);
    if (::bind(socket_->fd(), as_sockaddr(at), sizeof at) == 0) return true;
    if (errno != EADDRINUSE) fail(errno, "cannot bind");
    if (!alone) return false;
    const finding there = probe(path_);
    if (there == finding::live_socket) fail(EADDRINUSE, "a living process listens there already");
    // Not in use, which would pass: whoever waited for this file would wait for ever.
    if (there != finding::dead_socket && there != finding::nothing)
      fail(EEXIST, "the file in the way is not ours to remove: " + describe(there));
    if (::unlink(path_.c_str()) != 0 && errno != ENOENT) fail(errno, "cannot remove the dead socket there");
    if (::bind(socket_->fd(), as_sockaddr(at), sizeof at) != 0) fail(errno, "cannot bind");
    return true;
  }

  // Null for a peer that is not one of us; the listener goes on.
  std::unique_ptr<byte_stream> greet(int fd) const {
    auto socket = loop_socket::adopt(fd, "a peer of " + to_address(path_).text());
    const peer_credentials peer = ask_peer(fd);
    if (peer.uid != ::geteuid()) {
      TRACTOR_LOG(ipc, error, "refused a connection at {}: process {} runs as uid {}, and we are uid {}",
                  path_, peer.pid, peer.uid, ::geteuid());
      return nullptr;
    }
    return std::make_unique<socket_stream>(std::move(socket), to_address(path_), unnamed(peer.pid), peer);
  }

  std::string path_;
  std::unique_ptr<loop_socket> socket_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
  pid_t owner_ = 0;  // who unlinks the file: not a fork of us that closes its copy
};

}  // namespace

std::optional<address> uds_transport::parse(std::string_view text) const {
  const std::optional<std::string> path = parse_path(text);
  if (!path) return std::nullopt;
  return to_address(*path);
}

address uds_transport::default_registry() const {
  return to_address(*parse_path(runtime_folder() + "/" + registry_file));
}

address uds_transport::random_bind(const actor_id& who) const {
  const std::string folder = runtime_folder();
  const int pid = who.pid() > 0 ? who.pid() : ::getpid();
  for (unsigned copy = 0;; ++copy) {
    const std::string path = socket_path(folder, who.name(), pid, copy);
    if (given_.insert(path).second) return to_address(path);
  }
}

locality uds_transport::distance(const address& where) const {
  to_path(where);  // throws for an address of another transport
  return locality::same_host;
}

task<std::unique_ptr<listener>> uds_transport::listen(address where) {
  const std::string path = to_path(where);
  const std::string folder = folder_of(path);
  ensure_private(folder);
  // Until it listens a socket looks dead: who removes such files must not come in between. Others that bind
  // do not matter, unless one of them is in the way.
  {
    folder_lock shared(folder, LOCK_SH);
    co_await shared.lock();
    auto made = std::make_unique<uds_listener>(path, false);
    if (!made->in_the_way()) co_return std::move(made);
  }
  folder_lock alone(folder, LOCK_EX);
  co_await alone.lock();
  co_return std::make_unique<uds_listener>(path, true);
}

task<std::unique_ptr<byte_stream>> uds_transport::connect(address where) {
  const std::string path = to_path(where);
  const sockaddr_un to = to_sockaddr(path);
  auto socket = loop_socket::open(AF_UNIX, where.text());
  co_await socket->connect(as_sockaddr(to), sizeof to);
  const peer_credentials peer = ask_peer(socket->fd());
  if (peer.uid != ::geteuid())
    throw socket_failure(EACCES, where.text() + ": the process that listens there, " +
                                     std::to_string(peer.pid) + ", runs as uid " + std::to_string(peer.uid) +
                                     ", and we are uid " + std::to_string(::geteuid()));
  co_return std::make_unique<socket_stream>(std::move(socket), unnamed(::getpid()), to_address(path), peer);
}

leftovers uds_transport::scan() const { return find_dead_sockets(); }

reap_report uds_transport::reap(const leftovers& found) { return remove_dead_sockets(found); }

}  // namespace tractor::uds
