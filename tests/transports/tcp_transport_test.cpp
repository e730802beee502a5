// What is particular to tcp.
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "support.hpp"

namespace tcp_transport_test {

using namespace transport_tests;
namespace errc = boost::system::errc;

namespace {

// The sockets of this process, as (fd, value of an option of theirs).
std::vector<int> options_of_connected_sockets(int level, int option) {
  std::vector<int> values;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    const int fd = std::stoi(entry.path().filename());
    sockaddr_in peer;
    socklen_t size = sizeof peer;
    if (::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) != 0 || peer.sin_family != AF_INET)
      continue;
    int value = 0;
    size = sizeof value;
    if (::getsockopt(fd, level, option, &value, &size) == 0) values.push_back(value);
  }
  return values;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port);
  return at;
}

// Listens with the shortest queue there is, and never accepts.
class deaf_listener {
 public:
  deaf_listener() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(fd_, 0), 0);
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    port_ = ntohs(at.sin_port);
  }
  ~deaf_listener() { ::close(fd_); }
  std::string text() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int fd_;
  int port_ = 0;
};

}  // namespace

TEST(tcp_transport, tells_the_port_it_was_given) {
  run([]() -> task<> {
    tcp::tcp_transport over;
    auto door = co_await over.listen(over.random_bind(actor_id("a", "u")));
    const address bound = door->bound();
    const auto& [host, port] = std::get<address::pair_with_number>(bound.wire());
    EXPECT_EQ(host, "127.0.0.1");
    EXPECT_GT(port, 0);
    EXPECT_EQ(bound.text(), "/ip4/127.0.0.1/tcp/" + std::to_string(port));
  });
}

TEST(tcp_transport, sends_small_messages_at_once_on_both_ends) {
  run([]() -> task<> {
    tcp::tcp_transport over;
    joined pair = co_await join(over, over.random_bind(actor_id("a", "u")));
    EXPECT_EQ(options_of_connected_sockets(IPPROTO_TCP, TCP_NODELAY), (std::vector<int>{1, 1}));
    EXPECT_EQ(pair.near->credentials().has_value(), false);
  });
}

TEST(tcp_transport, speaks_ipv6) {
  run([]() -> task<> {
    tcp::tcp_transport over;
    joined pair = co_await join(over, over.parse("[::1]:0").value());
    EXPECT_TRUE(pair.near->remote().text().starts_with("/ip6/::1/tcp/"));
    co_await send(*pair.near, "six");
    EXPECT_EQ(co_await receive(*pair.far, 3), "six");
  });
}

TEST(tcp_transport, rebinds_a_port_whose_last_connection_has_just_ended) {
  run([]() -> task<> {
    tcp::tcp_transport over;
    joined pair = co_await join(over, over.random_bind(actor_id("a", "u")));
    const address where = pair.door->bound();
    pair.far->close();  // the side that closes first keeps the port in TIME_WAIT
    EXPECT_EQ(co_await receive(*pair.near, 1), "");
    pair.near->close();
    pair.door->close();
    auto again = co_await over.listen(where);
    EXPECT_EQ(again->bound(), where);
  });
}

TEST(tcp_transport, lets_a_connect_that_nobody_answers_be_cancelled) {
  const deaf_listener deaf;
  run([&]() -> task<> {
    tcp::tcp_transport over;
    const address where = over.parse(deaf.text()).value();
    std::vector<std::unique_ptr<byte_stream>> queued;
    bool blocked = false;
    for (int i = 0; i < 10 && !blocked; ++i) {
      auto dialled = co_await move_on_after(100ms, over.connect(where));
      blocked = dialled.cancelled_caught();
      if (!blocked) queued.push_back(std::move(*dialled));
    }
    EXPECT_TRUE(blocked) << "the queue took " << queued.size() << " connections";
  });
}

TEST(tcp_transport, refuses_to_connect_to_port_zero) {
  run([]() -> task<> {
    tcp::tcp_transport over;
    std::string why;
    try {
      co_await over.connect(over.parse("127.0.0.1:0").value());
    } catch (const address_error& error) {
      why = error.what();
    }
    EXPECT_EQ(why, "'/ip4/127.0.0.1/tcp/0': nobody listens on port 0");
  });
}

namespace {

// A network of its own, where the kernel has one port only to choose from for a caller.
bool enter_network_with_one_port(int port) {
  const int flags = CLONE_NEWNET | (::geteuid() == 0 ? 0 : CLONE_NEWUSER);
  if (::unshare(flags) != 0) return false;
  ifreq loopback_up{};
  std::string("lo").copy(loopback_up.ifr_name, IFNAMSIZ - 1);
  loopback_up.ifr_flags = IFF_UP;
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool up = ::ioctl(fd, SIOCSIFFLAGS, &loopback_up) == 0;
  ::close(fd);
  std::ofstream range("/proc/sys/net/ipv4/ip_local_port_range");
  range << port << ' ' << port << std::flush;
  return up && range.good();
}

}  // namespace

// TCP joins a socket to itself when it calls the very port that the kernel chose for it.
TEST(tcp_transport, never_connects_to_itself) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    if (!enter_network_with_one_port(40000)) ::_exit(2);
    int verdict = 3;
    run([&]() -> task<> {
      tcp::tcp_transport over;
      try {
        co_await over.connect(over.parse("127.0.0.1:40000").value());
      } catch (const system_error& error) {
        verdict = error.code() == errc::connection_refused ? 0 : 4;
      }
    });
    ::_exit(verdict);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << "status " << status;
}

}  // namespace tcp_transport_test
