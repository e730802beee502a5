// A parent writes prices into shared memory; its children read them where they lie, each its own part. Only a
// token of a few words travels between them. When more prices come, the same children see them at once.
#include <cstdint>
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>
#include <vector>

using namespace tractor;

struct tick {
  std::int64_t time = 0;
  double price = 0;
};
BOOST_DESCRIBE_STRUCT(tick, (), (time, price))

// The sum of a part, read in place.
task<double> sum_of_part(shm_token token, std::uint64_t part, std::uint64_t parts) {
  const auto ticks = attach_shm_array<tick>(token);
  const auto all = ticks.view();
  double sum = 0;
  for (std::size_t i = part; i < all.size(); i += parts) sum += all[i].price;
  co_return sum;
}

task<double> sum_in_children(const std::vector<portal>& readers, shm_token token) {
  double sum = 0;
  for (std::size_t i = 0; i < readers.size(); ++i)
    sum += co_await readers[i].run<&sum_of_part>(token, i, readers.size());
  co_return sum;
}

task<int> app() {
  constexpr int count = 1'000'000, more = 10;
  auto ticks = open_shm_array<tick>(count + more, shm_array_options().start_at(0));
  double expected = 0;
  const auto add = [&](int how_many) {
    for (int i = 0; i < how_many; ++i) {
      tick next;
      next.time = static_cast<std::int64_t>(ticks.size());
      next.price = 100 + i % 7;
      ticks.push(next);
      expected += next.price;
    }
  };
  bool right = true;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    std::vector<portal> readers;
    for (int i = 0; i < 3; ++i)
      readers.push_back(co_await an.start_actor("reader-" + std::to_string(i), expose<&sum_of_part>()));
    for (const int how_many : {count, more}) {
      add(how_many);
      auto sum = co_await sum_in_children(readers, ticks.token());
      std::cout << ticks.size() << " ticks, their sum is " << sum << " here and " << expected << " there\n";
      right = right && sum == expected;
    }
    an.cancel();
  });
  co_return right ? 0 : 1;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
