// Functions under plain names with named arguments, for peers in other languages.
#include "tractor/harness/harness.hpp"
#include "tractor/tractor.hpp"

namespace naming_test {

using namespace tractor;
using namespace tractor::harness;

task<int> minus(int from, int what) { co_return from - what; }

// Initialisers of one file run before those of another in no known order.
const actor_options at_start = expose_as<&minus>("math:early", "from", "what");

msg::buffer named(int from, int what) {
  msg::buffer out;
  msg::writer to(out);
  to.map_header(2);
  to.str("what");
  to.integer(what);
  to.str("from");
  to.integer(from);
  return out;
}

TRACTOR_TEST(naming, a_name_given_at_run_time_is_known_to_a_fresh_child) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose_as<&minus>("math:late", "from", "what"));
    const msg::raw difference = co_await kid.run_from_ns("math", "late", named(7, 2));
    CO_ASSERT_EQ(difference.as<int>(), 5);
    an.cancel();
  });
}

TRACTOR_TEST(naming, a_name_given_in_a_static_initialiser_works) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", at_start);
    const msg::raw difference = co_await kid.run_from_ns("math", "early", named(1, 2));
    CO_ASSERT_EQ(difference.as<int>(), -1);
    an.cancel();
  });
}

}  // namespace naming_test
