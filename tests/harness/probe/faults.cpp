#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <tractor/async/timeouts.hpp>
#include <tractor/harness/harness.hpp>
#include <tractor/plugin/registry.hpp>
#include <tractor/tractor.hpp>

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

namespace {

// A program that nobody's exit ends, in a session of its own: `sleep 60`.
void sleep_in_a_new_session() {
  ::setsid();
  ::execlp("sleep", "sleep", "60", nullptr);
  ::_exit(127);
}

void start_orphan() {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::fork() == 0) sleep_in_a_new_session();
    ::_exit(0);
  }
  ::waitpid(child, nullptr, 0);
}

// A fixture with a life that can be seen.
class loud {
 public:
  static loud provide(test_context& context) { return loud(context); }
  loud(const loud&) = delete;
  loud& operator=(const loud&) = delete;
  ~loud() { std::printf("fixture ends\n"); }

 private:
  explicit loud(test_context& context) { std::printf("fixture of %s begins\n", context.id().c_str()); }
};

}  // namespace

TRACTOR_CELL_TEST(fault, none) {}

task<int> one() { co_return 1; }

TRACTOR_TEST(sound, with_an_actor) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&one>());
    CO_ASSERT_EQ(co_await kid.run<&one>(), 1);
    co_await kid.cancel_actor();
  });
}

TRACTOR_CELL_TEST(fault, orphan) { start_orphan(); }

TRACTOR_CELL_TEST(fault, burst_of_forks) {
  for (int i = 0; i < 60; ++i)
    if (::fork() == 0) sleep_in_a_new_session();
}

TRACTOR_CELL_TEST(fault, temporary_file) {
  std::ofstream(testing::TempDir() + "left.txt") << "left";
  std::filesystem::create_directory(testing::TempDir() + "left");
}

TRACTOR_CELL_TEST(fault, zombie) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t ended;
  ::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT);
}

TRACTOR_CELL_TEST(fault, fd) { EXPECT_GE(::open("/dev/zero", O_RDONLY | O_CLOEXEC), 0); }

TRACTOR_CELL_TEST(fault, shm) {
  std::ofstream("/dev/shm/tractor-probe-" + std::to_string(::getpid())) << "left";
}

TRACTOR_CELL_TEST(fault, system_v_shm) { EXPECT_GE(::shmget(IPC_PRIVATE, 4096, 0600), 0); }

TRACTOR_CELL_TEST(fault, socket_file) {
  const std::string path = std::string(std::getenv("XDG_RUNTIME_DIR")) + "/left.sock";
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  ::close(fd);
}

TRACTOR_CELL_TEST(fault, signal_handler) {
  ::signal(SIGUSR1, [](int) {});
}

TRACTOR_CELL_TEST(fault, thread) {
  std::thread([] { ::pause(); }).detach();
}

TRACTOR_CELL_TEST(fault, busy_thread) {
  std::thread([] {
    for (volatile bool on = true; on;) {
    }
  }).detach();
}

TRACTOR_CELL_TEST(fault, listening_port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  EXPECT_EQ(::listen(fd, 1), 0);
}

TRACTOR_CELL_TEST(fault, environment) { ::setenv("PROBE_LEFT_THIS", "1", 1); }

TRACTOR_CELL_TEST(fault, thrown, (loud&)) { throw std::runtime_error("thrown on purpose"); }

TRACTOR_CELL_TEST(fault, blocked_without_root, (), timeout(100ms)) {
  start_orphan();
  ::sleep(60);
}

TRACTOR_TEST(fault, late, (), timeout(300ms)) {
  subprocess child(command("sleep").arg("60"));
  co_await sleep_forever();
}

TRACTOR_TEST(fault, blocked, (), timeout(100ms)) {
  co_await sleep(1ms);
  ::sleep(60);
}

TRACTOR_TEST(fault, assertion) {
  int answer = 41;
  CO_ASSERT_EQ(answer, 42);
  std::printf("went on after the assertion\n");
  co_return;
}

TRACTOR_TEST(fault, skipped) {
  CO_SKIP("skipped on purpose");
  std::printf("went on after the skip\n");
  co_return;
}

TRACTOR_TEST(fault, no_fault) { co_await sleep(1ms); }

task<int> twice(int value) { co_return 2 * value; }

TRACTOR_TEST(fault, with_a_child) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&twice>());
    CO_ASSERT_EQ(co_await kid.run<&twice>(2), 4);
    an.cancel();
  });
}

TEST(fault_of_a_plain_test, fd) { EXPECT_GE(::open("/dev/zero", O_RDONLY | O_CLOEXEC), 0); }

// What a program sees that a test starts.
TEST(surroundings, are_shown) {
  subprocess shell(command("sh").arg("-c", "echo plugins=$TRACTOR_PLUGIN_PATH config=$TRACTOR_CONFIG"));
  shell.wait(10s);
  std::printf("%s", shell.out().c_str());
}

// Another backend than the one in the test's id.
TRACTOR_TEST(fault, another_cell, (), root([](run_options& options, test_context& context) {
               for (const auto& each : plugin::registry::instance().list())
                 if (each.kind == "spawn" && each.good() && each.key != context.where().backend)
                   options.start_method(each.key);
             })) {
  co_return;
}
