// A transport that breaks its rules, each in another way; `test_conformance.sh` expects exactly these.
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "tractor/async/async.hpp"
#include "tractor/plugin/descriptor.hpp"
#include "tractor/plugin/loop_socket.hpp"

namespace {

using namespace tractor;

const std::string prefix = "/broken/";

// Abstract, so that nothing stays.
class name_in_the_kernel {
 public:
  explicit name_in_the_kernel(const address& where) {
    address_.sun_family = AF_UNIX;
    where.text().copy(address_.sun_path + 1, sizeof address_.sun_path - 1);
    size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + where.text().size());
  }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&address_); }
  socklen_t size() const { return size_; }

 private:
  sockaddr_un address_{};
  socklen_t size_ = 0;
};

class deaf_stream final : public byte_stream {
 public:
  deaf_stream(std::unique_ptr<loop_socket> socket, address where)
      : socket_(std::move(socket)), where_(std::move(where)) {}
  task<std::size_t> read_some(std::span<std::byte> into) override { return socket_->read_some(into); }
  task<> write_all(std::span<const std::span<const std::byte>> parts) override {
    return socket_->write_all(parts);
  }
  std::size_t write_now(std::span<const std::byte> bytes) override {
    return socket_->write_now(bytes) / 2;  // FAIL: the other half is sent twice
  }
  void shutdown_both() noexcept override {}   // FAIL: nobody reads an end
  void shutdown_write() noexcept override {}  // FAIL: the peer never reads the end
  void close() noexcept override { socket_->close(); }
  address local() const override { return where_; }
  address remote() const override { return where_; }

 private:
  std::unique_ptr<loop_socket> socket_;
  address where_;
};

class broken_listener final : public listener {
 public:
  explicit broken_listener(address where)
      : where_(std::move(where)), socket_(loop_socket::open(AF_UNIX, where_.text())) {
    const name_in_the_kernel at(where_);
    if (::bind(socket_->fd(), at.get(), at.size()) != 0) std::abort();  // CRASH: the address is taken
    socket_->listen();
  }
  task<std::unique_ptr<byte_stream>> accept() override {
    if (ran_out_) co_await sleep_forever();  // FAIL: one lack of descriptors, and it accepts nothing any more
    int fd = -1;
    try {
      fd = co_await socket_->accept();
    } catch (const boost::system::system_error& error) {
      ran_out_ = error.code() == boost::system::errc::too_many_files_open;
      throw;
    }
    auto socket = loop_socket::adopt(fd, where_.text());
    co_return std::make_unique<deaf_stream>(std::move(socket), where_);
  }
  address bound() const override { return where_; }
  void close() noexcept override { socket_->close(); }

 private:
  address where_;
  std::unique_ptr<loop_socket> socket_;
  bool ran_out_ = false;
};

class broken_transport final : public transport {
 public:
  std::optional<address> parse(std::string_view text) const override {
    if (text == prefix) throw address_error(prefix + " and no name");
    if (text.starts_with(prefix)) return address("broken", std::string(text));
    if (::open("/dev/null", O_RDONLY | O_CLOEXEC) < 0) std::abort();  // LEAK: nobody closes it
    return std::nullopt;
  }
  address default_registry() const override { return address("broken", prefix + "registry"); }
  address random_bind(const actor_id&) const override {
    return address("broken", prefix + std::to_string(::getpid()) + "-" + std::to_string(++given_));
  }
  locality distance(const address&) const override { return locality::same_host; }
  task<std::unique_ptr<listener>> listen(address where) override {
    co_return std::make_unique<broken_listener>(std::move(where));
  }
  task<std::unique_ptr<byte_stream>> connect(address where) override {
    const name_in_the_kernel to(where);
    auto socket = loop_socket::open(AF_UNIX, where.text());
    bool refused = false;
    try {
      co_await socket->connect(to.get(), to.size());
    } catch (const boost::system::system_error&) {
      refused = true;
    }
    if (refused) co_await sleep_forever();  // TIMEOUT: nobody is told that nobody listens
    co_return std::make_unique<deaf_stream>(std::move(socket), where);
  }

  // What a transport may leave besides sockets: a file that a test names.
  leftovers scan() const override {
    const char* const file = std::getenv("TRACTOR_TEST_LEFTOVER");
    if (!file || ::access(file, F_OK) != 0) return {};
    return {leftover("file", file, 0, "a test has left it")};
  }
  reap_report reap(const leftovers& found) override {
    reap_report report;
    for (const leftover& each : found)
      (::unlink(each.name.c_str()) == 0 ? report.removed : report.failed).push_back(each);
    return report;
  }

 private:
  mutable int given_ = 0;
};

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::transport, broken_transport>("broken", "", "0.1.0", "breaks its rules");
