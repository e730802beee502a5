// Options of a test that say where it runs, and where it is known to fail.
#pragma once

#include <string>

#include "tractor/harness/test_case.hpp"

namespace tractor::harness {

/// Skips the test in some cells, with the reason: `skip_on("wave", "it has no ports")`.
///
/// `where` is the key of a backend, the key of a transport, or `backend+transport`.
class skip_on {
 public:
  skip_on(std::string where, std::string reason) : where_(std::move(where)), reason_(std::move(reason)) {}
  void apply(test_case& to) const;

 private:
  std::string where_, reason_;
};

/// Says that the body fails in some cells, and why: the verdict is XFAIL there.
///
/// If it passes the verdict is XPASS, which fails the run: then the option has to go. A leak or a crash is
/// one still. `where` as for `skip_on`.
class xfail_on {
 public:
  xfail_on(std::string where, std::string reason) : where_(std::move(where)), reason_(std::move(reason)) {}
  void apply(test_case& to) const;

 private:
  std::string where_, reason_;
};

/// Skips the test in cells of which neither backend nor transport has a capability, by the name that
/// `tractor plugins show KEY` prints: `needs("fork")`.
class needs {
 public:
  explicit needs(std::string what) : what_(std::move(what)) {}
  void apply(test_case& to) const;

 private:
  std::string what_;
};

}  // namespace tractor::harness
