// Items one way from a root to its child through a ring, against a socket between two bare processes.
#include <array>
#include <stdexcept>

#include "endpoints.hpp"
#include "raw_stream.hpp"
#include "series.hpp"
#include "tractor/tractor.hpp"

namespace bench {

using namespace tractor;

namespace {

constexpr std::size_t ring_size = 1 << 20;

/// Items of one size; a tenth as many go before those that are measured.
class load {
 public:
  load(const char* name, std::size_t size, int count) : name(name), size(size), count(count) {}
  int warm_up() const { return count / 10; }

  const char* name;
  std::size_t size;
  int count;
};

const std::array<load, 3> loads{load("ring_16_b", sizeof(small_item), 400'000),
                                load("ring_1_kib", 1024, 100'000), load("ring_64_kib", 65'536, 5000)};

double raw_ring(const cell& where, const load& what) {
  raw_stream raw(where.same_host(), what.size, static_cast<std::size_t>(what.count));
  const stopwatch watch;
  raw.send_all();
  return 1000 * watch.us() / what.count;
}

template <ring_item T, class Item>
task<stopwatch> send_all(ring_send_channel<T> to, const Item& item, const load& what) {
  for (int i = 0; i < what.warm_up(); ++i) co_await to.send(item);
  const stopwatch watch;
  for (int i = 0; i < what.count; ++i) co_await to.send(item);
  co_return watch;
}

// Until the child says that it has them all.
template <ring_item T, auto Take, class Item> task<double> measure_in_tree(const load& what, Item item) {
  double took = 0;
  co_await open_nursery([&](actor_nursery& nursery) -> task<> {
    auto ring = open_ring_channel<T>(ring_size);
    auto child = co_await nursery.run_in_actor<Take>("taker", ring.token());
    auto watch = co_await send_all(ring.sender(), item, what);
    int taken = co_await child.wait_for_result();
    took = watch.us();
    if (taken != what.count + what.warm_up()) throw std::runtime_error("items of a ring were lost");
  });
  co_return 1000 * took / what.count;
}

double measure_ring(const cell& where, const load& what) {
  return run_tree(where.options(), [&]() -> task<double> {
    require_cell(where);
    double took = 0;
    if (what.size == sizeof(small_item))
      took = co_await measure_in_tree<small_item, &take_small>(what, small_item(1, 2));
    else
      took = co_await measure_in_tree<ring_bytes, &take_bytes>(what, ring_bytes(what.size));
    co_return took;
  });
}

}  // namespace

std::vector<series> ring(const cell& where, int batches) {
  std::vector<series> out;
  for (const load& what : loads) {
    out.emplace_back(what.name, "ns");
    for (int i = 0; i < batches; ++i) {
      out.back().raw.push_back(raw_ring(where, what));
      out.back().measured.push_back(measure_ring(where, what));
    }
  }
  return out;
}

}  // namespace bench
