// A transport that works, but for what is easily forgotten; `test_conformance.sh` expects exactly these
// mistakes.
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tractor/async/async.hpp"
#include "tractor/plugin/descriptor.hpp"
#include "tractor/plugin/loop_socket.hpp"

namespace {

using namespace tractor;

const std::string prefix = "/careless/";

// The folder of the test, which removes it.
std::string folder() {
  const char* const set = std::getenv("TRACTOR_TEST_FOLDER");
  return set ? set : ".";
}

std::string path_of(const address& where) {
  // FAIL: an address of another transport has an end, too.
  std::string path = folder() + where.text().substr(where.text().rfind('/'));
  // FAIL: an actor's name may be that long.
  if (path.size() >= sizeof(sockaddr_un::sun_path)) throw socket_failure(ENAMETOOLONG, where.text());
  return path;
}

class socket_address {
 public:
  explicit socket_address(const std::string& path) {
    address_.sun_family = AF_UNIX;
    path.copy(address_.sun_path, sizeof address_.sun_path - 1);
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  socklen_t size() const { return sizeof address_; }

 private:
  sockaddr_un address_{};
};

bool somebody_listens(const std::string& path) {
  const socket_address at(path);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool connected = ::connect(fd, at.get(), at.size()) == 0;
  ::close(fd);
  return connected;
}

class careless_stream final : public byte_stream {
 public:
  careless_stream(std::unique_ptr<loop_socket> socket, address where)
      : socket_(std::move(socket)), number_(socket_->fd()), where_(std::move(where)) {}

  task<std::size_t> read_some(std::span<std::byte> into) override {
    if (ended_)
      throw socket_failure(ENOTCONN, where_.text() + ": cannot read");  // FAIL: the end is told once
    std::byte two[2];
    std::span<std::byte> room = into;
    if (into.size() == 1) room = two;  // FAIL: the second byte is lost
    // FAIL: what is there is taken whether the task is cancelled or not
    ssize_t count = ::recv(socket_->fd(), room.data(), room.size(), MSG_DONTWAIT);
    if (count < 0) {
      reading_ = true;
      count = static_cast<ssize_t>(co_await socket_->read_some(room));
      reading_ = false;
    }
    ended_ = count == 0;
    if (room.data() == two) into[0] = two[0];
    co_return std::min(static_cast<std::size_t>(count), into.size());
  }

  task<> write_all(std::span<const std::span<const std::byte>> parts) override {
    std::size_t size = 0;
    for (const auto& part : parts) size += part.size();
    const std::vector<std::byte> zeros(reading_ ? size : 0);
    std::vector<std::span<const std::byte>> what(parts.begin(), parts.end());
    if (reading_) what = {zeros};  // FAIL: one direction spoils the other
    // FAIL: a large write begins in the middle
    if (size > 32 << 20) what = {parts[0].subspan(size / 2), parts[0].first(size / 2)};
    try {
      co_await socket_->write_all(what);
    } catch (const boost::system::system_error& error) {
      if (error.code().value() != EPIPE) throw;  // FAIL: nobody hears that the peer has gone
    }
  }
  void shutdown_both() noexcept override { socket_->shutdown_both(); }
  void shutdown_write() noexcept override { socket_->shutdown_write(); }
  void close() noexcept override {
    socket_->close();
    ::close(number_);  // FAIL: whose number is it the second time?
  }
  address local() const override { return where_; }
  address remote() const override { return where_; }
  std::optional<peer_credentials> credentials() const override {
    return peer_credentials(::getpid(), ::geteuid(), ::getegid());  // FAIL: that is not the peer
  }

 private:
  std::unique_ptr<loop_socket> socket_;
  int number_;
  address where_;
  bool ended_ = false, reading_ = false;
};

class careless_listener final : public listener {
 public:
  // FAIL: an error does not name the address
  explicit careless_listener(address where)
      : where_(std::move(where)), path_(path_of(where_)), socket_(loop_socket::open(AF_UNIX, "a socket")) {
    if (somebody_listens(path_)) throw socket_failure(EADDRINUSE, "a socket");
    ::unlink(path_.c_str());
    const socket_address at(path_);
    if (::bind(socket_->fd(), at.get(), at.size()) != 0) throw socket_failure(errno, "a socket");
    socket_->listen();
  }
  ~careless_listener() override { close(); }
  task<std::unique_ptr<byte_stream>> accept() override {
    const int fd = co_await socket_->accept();
    auto socket = loop_socket::adopt(fd, where_.text());
    co_return std::make_unique<careless_stream>(std::move(socket), where_);
  }
  // FAIL: `parse` makes another wire form
  address bound() const override {
    return {where_.transport(), where_.text(), address::pair_of_texts(folder(), where_.text())};
  }
  void close() noexcept override {
    if (socket_->fd() >= 0) ::unlink(path_.c_str());
    socket_->close();
  }

 private:
  address where_;
  std::string path_;
  std::unique_ptr<loop_socket> socket_;
};

class careless_transport final : public transport {
 public:
  std::optional<address> parse(std::string_view text) const override {
    // FAIL: a line break is no reason for another error
    if (text.find('\n') != text.npos) throw std::out_of_range("a line break");
    // FAIL: it is the memory transport that begins so
    if (!text.starts_with(prefix) && !text.starts_with("/mem/")) return std::nullopt;
    if (text == prefix) return std::nullopt;  // FAIL: it is its own, and malformed
    return address("careless", std::string(text));
  }
  // FAIL: another one each time
  address default_registry() const override {
    return address("careless", prefix + "registry-" + std::to_string(++given_));
  }
  address random_bind(const actor_id& who) const override {
    return address("careless",
                   prefix + who.name() + "-" + std::to_string(::getpid()) + "-" + std::to_string(++given_));
  }
  locality distance(const address&) const override { return locality::network; }  // FAIL: it is this host
  task<std::unique_ptr<listener>> listen(address where) override {
    co_return std::make_unique<careless_listener>(std::move(where));
  }
  task<std::unique_ptr<byte_stream>> connect(address where) override {
    const socket_address to(path_of(where));
    auto socket = loop_socket::open(AF_UNIX, "a socket");
    co_await socket->connect(to.get(), to.size());
    co_return std::make_unique<careless_stream>(std::move(socket), where);
  }

  leftovers scan() const override {
    // FAIL: 50 ms of a processor at each boot of a root
    timespec begin{}, now{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
    do ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000 + (now.tv_nsec - begin.tv_nsec) / 1000000 < 50);
    leftovers found;
    for (const auto& entry : std::filesystem::directory_iterator(folder()))
      if (entry.is_socket() && !somebody_listens(entry.path()))
        found.emplace_back("thing", entry.path().filename());  // FAIL: no known kind, no reason
    return found;
  }
  reap_report reap(const leftovers& found) override {
    reap_report report;
    for (const leftover& each : found) {
      ::unlink((folder() + "/" + each.name).c_str());  // FAIL: somebody may listen there by now
      report.removed.push_back(each);
    }
    return report;
  }

 private:
  mutable int given_ = 0;
};

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::transport, careless_transport>("careless", "", "0.1.0",
                                                                     "forgets what is easily forgotten");
