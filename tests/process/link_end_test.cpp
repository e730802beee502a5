// The end of a connection in the log of who is left: a peer that closes in order is no news, one that breaks
// off is.
#include <gmock/gmock.h>

#include <algorithm>
#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "../log/captured_log.hpp"
#include "wire_peer.hpp"

namespace link_end_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::Contains;
using testing::HasSubstr;

root keyless() {
  return root([](run_options& options) { options.allow_keyless_peers(); });
}

// A stranger connects to this root, says `bytes` and closes; yields what the log says of that end.
task<std::vector<std::string>> told_of_an_end(std::string name, std::string bytes) {
  const log::test::captured_log captured;
  log::apply(log::parse_spec("ipc:transport"));
  auto peer = co_await wire_peer::dial(current_actor().addresses().front(), name);
  if (!bytes.empty()) co_await peer->send_bytes(bytes);
  peer->close();
  auto names_it = [&](const std::string& line) {
    return line.find("'" + name + "@") != line.npos && line.find("the connection to") != line.npos;
  };
  std::vector<std::string> told;
  co_await fail_after(10s, [&](cancel_scope&) -> task<> {
    while (told.empty()) {
      std::copy_if(captured.lines.begin(), captured.lines.end(), std::back_inserter(told), names_it);
      co_await sleep(1ms);
    }
  });
  co_return told;
}

TRACTOR_TEST(link_end, of_a_peer_that_closes_in_order_is_told_at_the_lowest_level, (), keyless()) {
  auto told = co_await told_of_an_end("orderly", "");
  EXPECT_THAT(told, Contains(HasSubstr("TRANSPORT ipc the connection to 'orderly@")));
}

TRACTOR_TEST(link_end, of_a_peer_that_breaks_off_in_a_message_is_told_as_a_warning, (), keyless()) {
  auto told = co_await told_of_an_end("cut", std::string("\x50\0\0\0half", 8));
  EXPECT_THAT(told, Contains(HasSubstr("WARNING ipc the connection to 'cut@")));
  EXPECT_THAT(told, Contains(HasSubstr("ended inside a message")));
}

}  // namespace link_end_test
