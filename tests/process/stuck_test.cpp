// An actor that closed its connection and lives on: those who wait for it hear so, and it is ended.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <thread>
#include <tractor/harness/harness.hpp>
#include <tractor/ipc/transport_closed.hpp>
#include <tractor/tractor.hpp>

namespace stuck_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::HasSubstr;

task<int> own_pid() { co_return ::getpid(); }
// Ends every connection of this process, and then hears nothing.
task<> cuts_itself_off() {
  std::vector<int> numbers;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd"))
    numbers.push_back(std::stoi(each.path().filename()));
  for (const int number : numbers) ::shutdown(number, SHUT_RDWR);
  std::this_thread::sleep_for(60s);
  co_return;
}

bool alive(int pid) { return ::kill(pid, 0) == 0; }

TRACTOR_TEST(stuck_actor, that_closed_its_connection_is_ended_and_named) {
  int pid = 0;
  auto failing = open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&own_pid, &cuts_itself_off>());
    pid = co_await kid.run<&own_pid>();
    auto closed = co_await shielded(raises<transport_closed>(kid.run<&cuts_itself_off>()));
    EXPECT_THAT(closed.what(), HasSubstr("'kid@"));
    co_await sleep_forever();
  });
  auto error = co_await raises<transport_closed>(std::move(failing));
  EXPECT_THAT(error.what(), HasSubstr("'kid@"));
  EXPECT_FALSE(alive(pid));
}

}  // namespace stuck_test
