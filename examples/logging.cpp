// A log of the program's own: one logger for each part of it, in every actor of the tree.
#include <tractor/tractor.hpp>

using namespace tractor;

namespace {

log::logger& orders = log::get("orders");

task<int> handle(int order) {
  orders.info("order {} has come", order);
  if (order % 2 != 0) orders.warning("order {} is odd", order);
  co_return order * 2;
}

task<> shop() {
  co_await open_nursery([](actor_nursery& nursery) -> task<> {
    portal clerk = co_await nursery.start_actor("clerk", expose<&handle>());
    for (int order = 1; order <= 3; ++order) {
      const int bill = co_await clerk.run<&handle>(order);
      orders.debug("the bill is {}", bill);
    }
    co_await clerk.cancel_actor();
  });
}

}  // namespace

int main(int argc, char** argv) { return run(argc, argv, run_options().loglevel("orders:info"), &shop); }
