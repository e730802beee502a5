// A daemon with a fault, beside a test without.
#include <stdexcept>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace beside {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;

task<> dies_at_once() {
  co_await sleep(1ms);
  throw std::runtime_error("no more strength");
}

TRACTOR_TEST(beside, a_daemon_that_dies, (daemon_of<&dies_at_once> & other)) {
  while (other.err().find("no more strength") == std::string::npos) co_await sleep(1ms);
  // The exit comes behind the words.
  co_await sleep(100ms);
}

task<> serves() { co_await sleep_forever(); }

// With a daemon, a program and one that has left its session beside it, none of which ends with its starter.
TRACTOR_TEST(beside, waits_with_company, (daemon_of<&serves>&), timeout(10s)) {
  subprocess program(command("sleep").arg("600"));
  subprocess apart(command("setsid").arg("sleep", "601"));
  log::get("beside").error("all are up");
  co_await sleep_forever();
}

}  // namespace beside
