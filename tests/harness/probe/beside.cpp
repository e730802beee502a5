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

}  // namespace beside
