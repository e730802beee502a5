// What the tests of the async core share.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "tractor/async/async.hpp"

namespace tractor::testing {

using namespace std::chrono_literals;

inline const loop_options jumping = loop_options().autojump_clock();

/// Runs `body` under the jumping clock: there a sleep ends once every other task waits, and costs no time.
template <class F> auto run(F&& body) { return run_loop(body, jumping); }

/// What was thrown by `body`, as text; empty when nothing was.
template <class F> std::string error_of(F&& body) {
  try {
    body();
    return {};
  } catch (const base_exception_group& group) {
    return group.text();
  } catch (const std::exception& error) {
    return error.what();
  } catch (const cancelled&) {
    return "cancelled";
  }
}

}  // namespace tractor::testing
