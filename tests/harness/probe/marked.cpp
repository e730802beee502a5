// Tests with options that say where they run, and where they are known to fail.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <tractor/harness/harness.hpp>
#include <tractor/runtime/actor.hpp>

namespace marked {

using namespace tractor;
using namespace tractor::harness;

TRACTOR_TEST(marked, not_on_uds, (), skip_on("uds", "a file has no port"), label("quick"), processors(3)) {
  co_return;
}

TRACTOR_TEST(marked, not_in_one_cell, (), skip_on("fork_spawn+tcp", "only there")) { co_return; }

TRACTOR_TEST(marked, fails_on_tcp, (), xfail_on("tcp", "known for long")) {
  std::string transport = current_actor().transports().front();
  CO_ASSERT_NE(transport, "tcp");
  co_return;
}

TRACTOR_TEST(marked, throws_on_tcp, (), xfail_on("tcp", "known for long")) {
  if (current_actor().transports().front() == "tcp") throw std::runtime_error("as it does");
  co_return;
}

TRACTOR_TEST(marked, was_mended, (), xfail_on("trio_like", "was known for long")) { co_return; }

TRACTOR_TEST(marked, skips_itself, (), xfail_on("tcp", "known for long")) {
  CO_SKIP("nothing to see");
  co_return;
}

// To leave something is another fault than the one that is known.
TRACTOR_CELL_TEST(marked, leaves_a_file, (), xfail_on("tcp", "known for long")) {
  std::ofstream("/dev/shm/tractor-probe-" + std::to_string(::getpid())) << "left";
  ADD_FAILURE() << "the known one";
}

TRACTOR_TEST(marked, wants_a_fork, (), needs("fork")) { co_return; }

TRACTOR_TEST(marked, wants_a_cipher, (), needs("encrypts")) { co_return; }

// Words that mean nothing.
TRACTOR_TEST(misspelt, wants_a_frok, (), needs("frok")) { co_return; }
TRACTOR_TEST(misspelt, not_on_udp, (), skip_on("fork_spawn+udp", "a file has no port")) { co_return; }
TRACTOR_TEST(misspelt, not_by_an_alias, (), xfail_on("forkserver", "known for long")) { co_return; }

}  // namespace marked
