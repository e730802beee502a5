// What is particular to uds: the peer's identity, and sockets that outlive their owners.
#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <tractor/plugin/owned_fd.hpp>

#include "../log/captured_log.hpp"
#include "support.hpp"
#include "uds/uds_address.hpp"

namespace uds_transport_test {

using namespace transport_tests;
namespace errc = boost::system::errc;
namespace fs = std::filesystem;

namespace {

constexpr uid_t nobody = 65534;

class uds_transport : public with_runtime_folder {
 protected:
  uds_transport() { fs::create_directory(folder()); }
  std::string file(const std::string& name) const { return folder() + "/" + name; }
  address at(const std::string& name) const { return over_.parse("/unix" + file(name)).value(); }
  uds::uds_transport over_;
};

int bind_raw(const std::string& path, bool listening) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_un to = uds::to_sockaddr(path);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return -1;
  if (listening && ::listen(fd, 0) != 0) return -1;
  return fd;
}

/// Leaves behind what an actor that was killed leaves.
void make_stale(const std::string& path) {
  const int fd = bind_raw(path, true);
  ASSERT_GE(fd, 0) << path;
  ::close(fd);
}

/// A process that runs `body` as another user and exits with what it returns.
class other_user {
 public:
  template <class F> explicit other_user(F body) : pid_(::fork()) {
    if (pid_ != 0) return;
    ::alarm(20);
    if (::setgid(nobody) != 0 || ::setuid(nobody) != 0) ::_exit(101);
    ::_exit(body());
  }
  ~other_user() {
    if (pid_ > 0) wait();
  }
  int wait() {
    int status = 0;
    ::waitpid(std::exchange(pid_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 102;
  }

 private:
  pid_t pid_;
};

// What another process says through a pipe; 0 if it says nothing for long.
char byte_from(int pipe) {
  pollfd state{pipe, POLLIN, 0};
  char c = 0;
  return ::poll(&state, 1, 20'000) == 1 && ::read(pipe, &c, 1) == 1 ? c : '\0';
}

std::vector<std::string> names(const leftovers& of) {
  std::vector<std::string> out;
  for (const leftover& each : of) out.push_back(each.name.substr(each.name.rfind('/') + 1));
  return out;
}

}  // namespace

TEST_F(uds_transport, knows_who_is_at_the_other_end) {
  run([&]() -> task<> {
    joined pair = co_await join(over_, at("a@1.sock"));
    for (const byte_stream* end : {pair.near.get(), pair.far.get()}) {
      const peer_credentials peer = end->credentials().value();
      EXPECT_EQ(peer.pid, ::getpid());
      EXPECT_EQ(peer.uid, ::geteuid());
      EXPECT_EQ(peer.gid, ::getegid());
    }
    EXPECT_EQ(pair.far->remote().text(), "unnamed@" + std::to_string(::getpid()));
    EXPECT_EQ(over_.parse(pair.far->remote().text()), std::nullopt) << "nobody can connect to it";
  });
}

TEST_F(uds_transport, makes_sockets_that_only_their_owner_may_open) {
  run([&]() -> task<> {
    auto door = co_await over_.listen(at("a@1.sock"));
    struct stat is {};
    EXPECT_EQ(::lstat(file("a@1.sock").c_str(), &is), 0);
    EXPECT_EQ(is.st_mode & 0777, 0600u);
  });
}

// Locks the folder as another process would.
int locked(const std::string& file, int how) {
  const int lock = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  EXPECT_EQ(::flock(lock, how | LOCK_NB), 0);
  return lock;
}

TEST_F(uds_transport, binds_beside_others_that_bind_and_waits_for_those_that_remove) {
  run([&]() -> task<> {
    owned_fd binder(locked(file(".lock"), LOCK_SH));
    auto door = co_await over_.listen(at("a@1.sock"));
    binder.reset();
    const owned_fd remover(locked(file(".lock"), LOCK_EX));
    auto waits = over_.listen(at("b@1.sock"));
    const auto cut = co_await move_on_after(20ms, std::move(waits));
    EXPECT_TRUE(cut.cancelled_caught());
  });
}

TEST_F(uds_transport, replaces_a_dead_socket_only_while_nobody_binds) {
  make_stale(file("a@1.sock"));
  run([&]() -> task<> {
    {
      const owned_fd binder(locked(file(".lock"), LOCK_SH));
      auto waits = over_.listen(at("a@1.sock"));
      const auto cut = co_await move_on_after(20ms, std::move(waits));
      EXPECT_TRUE(cut.cancelled_caught());
    }
    auto door = co_await over_.listen(at("a@1.sock"));
    EXPECT_EQ(door->bound(), at("a@1.sock"));
  });
}

TEST_F(uds_transport, does_not_talk_to_a_listener_of_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  temporary_folder open_to_all;
  ASSERT_EQ(::chmod(open_to_all.path().c_str(), 0777), 0);
  const std::string path = open_to_all.path() + "/x.sock";
  int ready[2], done[2];
  ASSERT_EQ(::pipe2(ready, O_CLOEXEC), 0);
  ASSERT_EQ(::pipe2(done, O_CLOEXEC), 0);
  other_user stranger([&] {
    ::close(done[1]);
    const bool listens = bind_raw(path, true) >= 0;
    char c = listens ? 'y' : 'n';
    (void)!::write(ready[1], &c, 1);
    (void)!::read(done[0], &c, 1);  // until the test ends
    return 0;
  });
  EXPECT_EQ(byte_from(ready[0]), 'y');
  run([&]() -> task<> {
    const system_error error = co_await failure_of(over_.connect(over_.parse(path).value()));
    EXPECT_EQ(error.code(), errc::permission_denied);
    EXPECT_TRUE(has(error.what(), "runs as uid 65534, and we are uid 0")) << error.what();
    const system_error taken = co_await failure_of(over_.listen(over_.parse(path).value()));
    EXPECT_TRUE(has(taken.what(), "it belongs to another user")) << taken.what();
  });
  EXPECT_TRUE(fs::exists(path));
  for (const int fd : {ready[0], ready[1], done[0], done[1]}) ::close(fd);
}

TEST_F(uds_transport, drops_a_caller_of_another_user_and_accepts_the_next) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  temporary_folder open_to_all;
  ASSERT_EQ(::chmod(open_to_all.path().c_str(), 0777), 0);
  const std::string path = open_to_all.path() + "/x.sock";
  int queued[2];
  ASSERT_EQ(::pipe2(queued, O_CLOEXEC), 0);
  const auto call = [&] {
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    const sockaddr_un to = uds::to_sockaddr(path);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) return errno == EACCES ? 1 : 2;
    char c = 'q';
    (void)!::write(queued[1], &c, 1);
    return ::read(fd, &c, 1) == 0 ? 3 : 4;
  };
  const tractor::log::test::captured_log log;
  run([&]() -> task<> {
    auto door = co_await over_.listen(over_.parse(path).value());
    EXPECT_EQ(other_user(call).wait(), 1) << "the mode of the socket keeps others out";
    EXPECT_EQ(::chmod(path.c_str(), 0666), 0);
    other_user stranger(call);
    EXPECT_EQ(byte_from(queued[0]), 'q');
    auto near = co_await over_.connect(door->bound());  // second in the queue
    auto far = co_await door->accept();
    EXPECT_EQ(far->credentials()->uid, 0u);
    co_await send(*far, "x");
    EXPECT_EQ(co_await receive(*near, 1), "x");
    EXPECT_EQ(stranger.wait(), 3) << "the stranger reads the end of the stream, nothing else";
    EXPECT_EQ(log.lines.size(), 1u);
    EXPECT_TRUE(has(log.lines.front(), "runs as uid 65534, and we are uid 0")) << log.lines.front();
  });
  for (const int fd : queued) ::close(fd);
}

TEST_F(uds_transport, replaces_a_socket_whose_owner_is_dead) {
  make_stale(file("registry@1616.sock"));
  run([&]() -> task<> {
    joined pair = co_await join(over_, over_.default_registry());
    co_await send(*pair.near, "x");
    EXPECT_EQ(co_await receive(*pair.far, 1), "x");
  });
}

TEST_F(uds_transport, says_that_a_living_process_listens) {
  run([&]() -> task<> {
    auto door = co_await over_.listen(at("a@1.sock"));
    const system_error error = co_await failure_of(over_.listen(at("a@1.sock")));
    EXPECT_EQ(error.code(), errc::address_in_use);
    EXPECT_TRUE(has(error.what(), "a living process listens there already")) << error.what();
  });
}

TEST_F(uds_transport, does_not_remove_a_file_that_is_no_socket) {
  std::ofstream(file("a@1.sock")) << "precious";
  fs::create_symlink("/nowhere", file("b@1.sock"));
  run([&]() -> task<> {
    for (const char* name : {"a@1.sock", "b@1.sock"}) {
      const system_error error = co_await failure_of(over_.listen(at(name)));
      EXPECT_EQ(error.code(), errc::file_exists) << "nobody need wait for its end";
      EXPECT_TRUE(has(error.what(), "it is a file of another kind, not a socket")) << error.what();
    }
  });
  EXPECT_TRUE(fs::exists(file("a@1.sock")));
  EXPECT_TRUE(fs::is_symlink(file("b@1.sock")));
}

TEST_F(uds_transport, does_not_wait_for_the_socket_of_another_user) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  make_stale(file("a@1.sock"));
  ASSERT_EQ(::chown(file("a@1.sock").c_str(), 65534, 65534), 0);
  run([&]() -> task<> {
    const system_error error = co_await failure_of(over_.listen(at("a@1.sock")));
    EXPECT_EQ(error.code(), errc::file_exists);
    EXPECT_TRUE(has(error.what(), "it belongs to another user")) << error.what();
  });
}

TEST_F(uds_transport, removes_its_socket_when_closed_or_destroyed) {
  run([&]() -> task<> {
    auto door = co_await over_.listen(at("a@1.sock"));
    EXPECT_TRUE(fs::exists(file("a@1.sock")));
    door->close();
    EXPECT_FALSE(fs::exists(file("a@1.sock")));
    door = co_await over_.listen(at("a@1.sock"));
    door.reset();
    EXPECT_FALSE(fs::exists(file("a@1.sock")));
  });
}

TEST_F(uds_transport, does_not_remove_the_socket_of_its_successor) {
  run([&]() -> task<> {
    auto door = co_await over_.listen(at("a@1.sock"));
    fs::remove(file("a@1.sock"));
    auto successor = co_await over_.listen(at("a@1.sock"));
    door->close();
    EXPECT_TRUE(fs::exists(file("a@1.sock")));
    auto near = co_await over_.connect(successor->bound());
  });
}

TEST_F(uds_transport, does_not_remove_the_socket_from_a_fork_of_the_process) {
  run([&]() -> task<> {
    auto door = co_await over_.listen(at("a@1.sock"));
    const pid_t child = ::fork();
    if (child == 0) {
      door->close();
      ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    EXPECT_TRUE(fs::exists(file("a@1.sock")));
  });
}

TEST_F(uds_transport, waits_while_another_process_binds) {
  run([&]() -> task<> {
    const int lock = ::open(file(".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    EXPECT_EQ(::flock(lock, LOCK_EX), 0);
    auto cut = co_await move_on_after(20ms, over_.listen(at("a@1.sock")));
    EXPECT_TRUE(cut.cancelled_caught());
    EXPECT_FALSE(fs::exists(file("a@1.sock")));
    ::close(lock);
    auto door = co_await over_.listen(at("a@1.sock"));
  });
}

TEST_F(uds_transport, waits_for_room_in_the_queue_of_a_busy_listener) {
  const int deaf = bind_raw(file("deaf@1.sock"), true);
  run([&]() -> task<> {
    std::vector<std::unique_ptr<byte_stream>> queued;
    bool blocked = false;
    for (int i = 0; i < 10 && !blocked; ++i) {
      auto dialled = co_await move_on_after(20ms, over_.connect(at("deaf@1.sock")));
      blocked = dialled.cancelled_caught();
      if (!blocked) queued.push_back(std::move(*dialled));
    }
    EXPECT_TRUE(blocked) << "the queue took " << queued.size() << " connections";
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&]() -> task<> { queued.push_back(co_await over_.connect(at("deaf@1.sock"))); });
      co_await let_others_run();
      ::close(::accept(deaf, nullptr, nullptr));
    });
  });
  ::close(deaf);
}

TEST_F(uds_transport, finds_dead_sockets_only) {
  for (const char* name : {"dead@123.sock", "registry@1616.sock", "other.sock"}) make_stale(file(name));
  std::ofstream(file("plain@5.sock")) << "a file";
  fs::create_symlink(file("dead@123.sock"), file("link@6.sock"));
  const int foreign = bind_raw(file("alive@7.sock"), true);
  run([&]() -> task<> {
    auto door = co_await over_.listen(at("alive@8.sock"));
    const leftovers found = over_.scan();
    EXPECT_EQ(names(found), (std::vector<std::string>{"dead@123.sock", "registry@1616.sock"}));
    EXPECT_EQ(found[0].kind, "socket");
    EXPECT_EQ(found[0].name, file("dead@123.sock"));
    EXPECT_EQ(found[0].pid, 123);
    EXPECT_EQ(found[0].detail, "nobody listens on it; process 123 bound it");
    EXPECT_EQ(found[1].pid, 0);
    EXPECT_EQ(found[1].detail, "no registrar listens on it");
    // A living listener is not even knocked at.
    auto cut = co_await move_on_after(20ms, door->accept());
    EXPECT_TRUE(cut.cancelled_caught());
  });
  ::close(foreign);
}

TEST_F(uds_transport, finds_nothing_where_there_is_no_folder) {
  fs::remove(folder());
  EXPECT_TRUE(over_.scan().empty());
  EXPECT_FALSE(fs::exists(folder()));
}

TEST_F(uds_transport, removes_what_it_found_without_a_loop) {
  make_stale(file("a@1.sock"));
  make_stale(file("b@2.sock"));
  const leftovers found = over_.scan();
  fs::remove(file("b@2.sock"));
  const reap_report report = over_.reap(found);
  EXPECT_EQ(names(report.removed), (std::vector<std::string>{"a@1.sock", "b@2.sock"})) << "gone is gone";
  EXPECT_TRUE(report.failed.empty());
  EXPECT_TRUE(over_.scan().empty());
  EXPECT_FALSE(fs::exists(file("a@1.sock")));
}

TEST_F(uds_transport, proves_again_that_a_socket_is_dead_before_it_removes_it) {
  make_stale(file("a@1.sock"));
  leftovers found = over_.scan();
  fs::remove(file("a@1.sock"));
  const int successor = bind_raw(file("a@1.sock"), true);
  std::ofstream(file("b@2.sock")) << "a file";
  found.emplace_back("socket", file("b@2.sock"), 2);
  found.emplace_back("process", "a title", 3);
  const reap_report report = over_.reap(found);
  EXPECT_TRUE(report.removed.empty());
  ASSERT_EQ(report.failed.size(), 3u);
  EXPECT_EQ(report.failed[0].detail, "a living process listens on it");
  EXPECT_EQ(report.failed[1].detail, "it is a file of another kind, not a socket");
  EXPECT_EQ(report.failed[2].detail, "it is not a socket of this transport");
  EXPECT_TRUE(fs::exists(file("a@1.sock")));
  EXPECT_TRUE(fs::exists(file("b@2.sock")));
  ::close(successor);
}

TEST_F(uds_transport, does_not_reap_while_somebody_binds) {
  make_stale(file("a@1.sock"));
  const leftovers found = over_.scan();
  const int lock = ::open(file(".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);
  const reap_report report = over_.reap(found);
  ASSERT_EQ(report.failed.size(), 1u);
  EXPECT_EQ(report.failed[0].detail, "another process holds the lock of its folder");
  EXPECT_TRUE(fs::exists(file("a@1.sock")));
  ::close(lock);
}

}  // namespace uds_transport_test
