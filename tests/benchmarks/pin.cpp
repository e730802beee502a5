#include "pin.hpp"

#include <stdexcept>

namespace bench {

namespace {

void pin_to(int cpu) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  if (::sched_setaffinity(0, sizeof one, &one) != 0) throw std::runtime_error("sched_setaffinity failed");
}

}  // namespace

pin_to_one_cpu::pin_to_one_cpu() {
  if (::sched_getaffinity(0, sizeof before_, &before_) != 0)
    throw std::runtime_error("sched_getaffinity failed");
  // The last one: the first gets most interrupts.
  int last = CPU_SETSIZE - 1;
  while (last > 0 && !CPU_ISSET(last, &before_)) --last;
  pin_to(last);
}

void pin_to_one_cpu::part_from_children() {
  int first = 0;
  while (first < CPU_SETSIZE - 1 && !CPU_ISSET(first, &before_)) ++first;
  pin_to(first);
}

pin_to_one_cpu::~pin_to_one_cpu() { ::sched_setaffinity(0, sizeof before_, &before_); }

}  // namespace bench
