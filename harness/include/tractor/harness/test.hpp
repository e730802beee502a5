// TRACTOR_TEST: a test that runs in each cell of the matrix, inside of a root actor.
#pragma once

#include <type_traits>

#include "tractor/harness/fixtures.hpp"
#include "tractor/harness/markers.hpp"
#include "tractor/harness/test_case.hpp"

namespace tractor::harness::detail {

template <class Marker>
concept marker = requires(const Marker& it, test_case& to) {
  it.apply(to);
};

template <class Fixture> void make_if_of_session() {
  if constexpr (!test_fixture<Fixture>) static_cast<void>(current_session_context().get<Fixture>());
}

template <class Result, class... Params, class... Markers>
bool declare_body(test_case test, Result (*body)(Params...), const Markers&... markers) {
  static_assert((fixture<std::remove_cvref_t<Params>> && ...),
                "a parameter of this test is no fixture: its type needs a static provide(test_context&), or "
                "provide(session_context&)");
  static_assert((marker<Markers> && ...),
                "an option of this test is none of timeout, label, processors, root, skip_on, xfail_on, "
                "needs: it has no apply(test_case&)");
  if constexpr ((fixture<std::remove_cvref_t<Params>> && ...) && (marker<Markers> && ...)) {
    (markers.apply(test), ...);
    test.session_fixtures = [] { (make_if_of_session<std::remove_cvref_t<Params>>(), ...); };
    // In the order of the parameters, which a function's arguments do not have.
    test.fixtures = [](test_context& context) {
      (static_cast<void>(context.get<std::remove_cvref_t<Params>>()), ...);
      static_cast<void>(context);
    };
    auto call = [body](test_context& context) -> Result {
      return body(context.get<std::remove_cvref_t<Params>>()...);
    };
    if constexpr (std::is_void_v<Result>)
      test.plain_body = call;
    else
      test.body = call;
    declare(std::move(test));
  }
  return true;
}

}  // namespace tractor::harness::detail

/// `TRACTOR_TEST(suite, name, (fixture parameters), options...) { coroutine }`
///
/// Declares a test, registers it for each cell, and opens its body: a coroutine that runs as the main task of
/// a root actor of the cell's backend and transport, whose registrar's address nobody else has. Parameters
/// and options may be left out. A fixture that is wanted but not used by name is declared unnamed:
/// `(reg_addr)`. Options: `timeout(5s)`, `label("slow")`, those of markers.hpp, `root([](run_options& o)
/// {…})`. Assertions: those of assertions.hpp, and EXPECT_* of GoogleTest.
#define TRACTOR_TEST(suite, name, ...) \
  TRACTOR_DECLARE_(::tractor::task<>, suite, name, TRACTOR_FIRST_(__VA_ARGS__ __VA_OPT__(, )()), __VA_ARGS__)

/// The same for a test that boots what it needs itself: its body is no coroutine and has no root actor.
#define TRACTOR_CELL_TEST(suite, name, ...) \
  TRACTOR_DECLARE_(void, suite, name, TRACTOR_FIRST_(__VA_ARGS__ __VA_OPT__(, )()), __VA_ARGS__)

#define TRACTOR_FIRST_(first, ...) first
#define TRACTOR_AFTER_FIRST_(first, ...) __VA_OPT__(, ) __VA_ARGS__
#define TRACTOR_DECLARE_(result, suite, name, parameters, ...)               \
  static result tractor_test_##suite##_##name parameters;                    \
  [[maybe_unused]] static const bool tractor_declared_##suite##_##name =     \
      ::tractor::harness::detail::declare_body(                              \
          ::tractor::harness::test_case(#suite, #name, __FILE__, __LINE__),  \
          &tractor_test_##suite##_##name TRACTOR_AFTER_FIRST_(__VA_ARGS__)); \
  static result tractor_test_##suite##_##name parameters
