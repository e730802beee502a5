// All of the harness.
#pragma once

#include "tractor/harness/assertions.hpp"            // CO_ASSERT_*: assertions inside of coroutines
#include "tractor/harness/daemon.hpp"                // daemon_of: a second program beside a test
#include "tractor/harness/expect_cancelled.hpp"      // a part of a test that is to be cancelled
#include "tractor/harness/fail_after_with_dump.hpp"  // a bound on one wait that says what was waited for
#include "tractor/harness/fixtures.hpp"              // reg_addr, loglevel, tmp_dir, …
#include "tractor/harness/main.hpp"                  // the main function of a test program
#include "tractor/harness/markers.hpp"               // skip_on, xfail_on, needs
#include "tractor/harness/nemesis.hpp"       // actors that die and connections that break at a named point
#include "tractor/harness/open_prompt.hpp"   // a question to a person at the terminal
#include "tractor/harness/process.hpp"       // other programs under test
#include "tractor/harness/pty_session.hpp"   // a program on a terminal of its own
#include "tractor/harness/session.hpp"       // what holds for the whole run: cells, seed, counts
#include "tractor/harness/test.hpp"          // TRACTOR_TEST
#include "tractor/harness/test_case.hpp"     // declared tests and their options
#include "tractor/harness/test_context.hpp"  // one run of one test
