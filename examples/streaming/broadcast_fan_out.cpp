// One stream from another process, seen by several tasks here: each of them gets every item, though each item
// travels once. Whoever needs the next item first reads it for all.
#include <algorithm>
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>

using namespace tractor;

task<> temperatures(send_stream<int>& out, int count) {
  for (int i = 0; i < count; ++i) co_await out.send(15 + (i * 7919) % 17);
}

struct findings {
  int lowest = 1000;
  int highest = -1000;
  long sum = 0;
  int count = 0;
};

task<> find_lowest(subscription<int> readings, findings& all) {
  while (auto degrees = co_await readings.next()) all.lowest = std::min(all.lowest, *degrees);
}
task<> find_highest(subscription<int> readings, findings& all) {
  while (auto degrees = co_await readings.next()) all.highest = std::max(all.highest, *degrees);
}
task<> add_up(subscription<int> readings, findings& all) {
  while (auto degrees = co_await readings.next()) {
    all.sum += *degrees;
    ++all.count;
  }
}

task<int> app() {
  findings all;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal thermometer = co_await an.start_actor("thermometer", expose<&temperatures>());
    co_await thermometer.stream_from<&temperatures>(2000, [&](receive_stream<int>& in) -> task<> {
      broadcast readings(in, 64);  // keeps 64 items for those who are slower
      co_await open_task_nursery([&](task_nursery& tn) -> task<> {
        tn.start_soon(find_lowest, readings.subscribe(), std::ref(all));
        tn.start_soon(find_highest, readings.subscribe(), std::ref(all));
        tn.start_soon(add_up, readings.subscribe(), std::ref(all));
        co_return;
      });
    });
    co_await thermometer.cancel_actor();
  });
  std::cout << all.count << " readings, each seen by three tasks\n"
            << "lowest " << all.lowest << ", highest " << all.highest << ", mean "
            << static_cast<double>(all.sum) / all.count << std::endl;
  co_return all.count == 2000 && all.lowest == 15 && all.highest == 31 ? 0 : 1;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
