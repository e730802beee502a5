// What a benchmark yields, and how it is shown.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "cell.hpp"

namespace bench {

/// One measured quantity in one cell: a value for each batch. A value.
///
/// Actors and raw programs take turns, so that both see the same state of the machine.
class series {
 public:
  series(std::string name, std::string unit) : name(std::move(name)), unit(std::move(unit)) {}

  std::string name;
  std::string unit;
  bool more_is_better = false;  ///< the unit says so, too
  std::vector<double> measured;
  std::vector<double> raw;  ///< empty when there is nothing to compare with
};

/// One benchmark: the names of the series that it yields, and the function that measures them.
class benchmark {
 public:
  std::vector<std::string> names;
  std::vector<series> (*run)(const cell& where, int batches);
};

std::vector<series> rpc_round_trip(const cell& where, int batches);
std::vector<series> stream_ping_pong(const cell& where, int batches);
std::vector<series> stream_throughput_16(const cell& where, int batches);
std::vector<series> stream_throughput_1k(const cell& where, int batches);
std::vector<series> stream_throughput_64k(const cell& where, int batches);
std::vector<series> context_open_close(const cell& where, int batches);
std::vector<series> cancel_100(const cell& where, int batches);
std::vector<series> thousand_actors(const cell& where, int batches);
std::vector<series> spawn_first_result(const cell& where, int batches);
std::vector<series> spawn_32(const cell& where, int batches);
std::vector<series> tree_39(const cell& where, int batches);
std::vector<series> kill_root(const cell& where, int batches);
std::vector<series> idle_memory(const cell& where, int batches);
std::vector<series> ring(const cell& where, int batches);
std::vector<series> isolation(const cell& where, int batches);

/// One line of the result.
class result {
 public:
  result(const series& of, const cell& where);

  std::string name, cell, unit;
  double median = 0;
  double best = 0;
  double raw_best = -1;  ///< negative: none
};

/// Returns the results as a JSON array.
std::string to_json(const std::vector<result>& all);
/// Returns the results as an aligned table.
std::string to_table(const std::vector<result>& all);

/// Measures from its construction.
class stopwatch {
 public:
  double us() const { return std::chrono::duration<double, std::micro>(clock::now() - start_).count(); }
  double ms() const { return us() / 1000; }

 private:
  using clock = std::chrono::steady_clock;
  clock::time_point start_ = clock::now();
};

}  // namespace bench
