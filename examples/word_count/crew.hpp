// A pool of actors that count the words of files. An actor that dies is replaced, and its file counted again.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <tractor/async/channel.hpp>
#include <tractor/tractor.hpp>
#include <vector>

#include "tally.hpp"

/// Costs a worker nothing: for measuring what a call costs.
tractor::task<int> echo(int number);

/// The workers and what they have counted. Must outlive the nursery that it is started in.
class crew {
 public:
  explicit crew(int size) : workers_(static_cast<std::size_t>(size)) {}

  /// Starts a task for each worker, which starts its actor; waits until all have booted. A checkpoint.
  tractor::task<> start(tractor::task_nursery& tn);
  /// Hands the files out to the workers that are free and waits for all to be counted; yields the sum. A
  /// checkpoint.
  tractor::task<tally> count(const std::vector<std::string>& files);
  /// Lets the workers go: their nursery can be left. Not a checkpoint.
  void dismiss() { to_do_.close(); }

  /// From now on the worker that gets the file after `so_many` others is killed while it counts it.
  void kill_one_after(std::size_t so_many) { kill_at_ = so_many; }
  std::size_t deaths() const { return deaths_; }
  /// All that ever worked here, the dead included.
  const std::vector<int>& pids() const { return pids_; }
  tractor::portal worker(std::size_t index) const { return workers_.at(index); }

 private:
  tractor::task<> keep_worker(std::size_t index);
  tractor::task<> employ(std::size_t index, std::optional<std::string>& file);
  void note_death(std::size_t index, const std::exception_ptr& error, const std::optional<std::string>& file);

  std::vector<tractor::portal> workers_;
  std::vector<int> pids_;
  std::size_t booted_ = 0, deaths_ = 0;
  tractor::event all_booted_, all_counted_;
  tractor::channel<std::string> to_do_{0};
  std::size_t handed_out_ = 0, left_ = 0;
  std::optional<std::size_t> kill_at_;
  tally words_;
};
