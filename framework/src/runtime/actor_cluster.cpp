#include "tractor/runtime/actor_cluster.hpp"

#include <algorithm>
#include <functional>
#include <set>
#include <stdexcept>
#include <thread>

namespace tractor {

std::vector<std::string> cluster_options::all_names() const {
  if (count_ == 0U) throw std::invalid_argument("a cluster of no actors");
  if (names_.empty()) {
    // Of those that this process may run on.
    const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
    std::vector<std::string> made;
    for (std::size_t i = 0; i < count_.value_or(processors); ++i)
      made.push_back("worker_" + std::to_string(i));
    return made;
  }
  if (names_.size() != count_.value_or(names_.size()))
    throw std::invalid_argument("a cluster of " + std::to_string(*count_) + " actors with " +
                                std::to_string(names_.size()) + " names");
  std::set<std::string> seen;
  for (const std::string& name : names_)
    if (!seen.insert(name).second)
      throw std::invalid_argument("two actors of a cluster are called '" + name + "'");
  return names_;
}

namespace detail {

namespace {

task<> start_worker(actor_nursery& in, actor_options each, std::string name, portal& made) {
  made = co_await in.start_actor(std::move(name), std::move(each));
}

}  // namespace

task<actor_cluster> start_cluster(actor_nursery& in, actor_options each, cluster_options how) {
  each.lives(lifetime::until_nursery_ends);
  actor_cluster all;
  // The places first: those of a map stay where they are.
  for (const std::string& name : how.all_names()) all.try_emplace(name);
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    for (auto& [name, made] : all) tn.start_soon(start_worker, std::ref(in), each, name, std::ref(made));
    co_return;
  });
  co_return all;
}

}  // namespace detail
}  // namespace tractor
