// A cluster: a flat pool of actors that serve the same functions, by name.
//
//   co_await open_actor_cluster(expose<&work>(), [&](actor_cluster& workers) -> task<> {
//     for (auto& [name, worker] : workers) ...
//   });
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tractor/runtime/actor_nursery.hpp"

namespace tractor {

/// The actors of a cluster: their portals by name.
using actor_cluster = std::map<std::string, portal>;

/// How many actors a cluster has, what they are called and how they end. A value; setters return itself.
class TRACTOR_API cluster_options {
 public:
  cluster_options() {}

  /// How many actors; default: as many as there are names, else one for each processor of this process.
  cluster_options& count(std::size_t actors) { return count_ = actors, *this; }
  /// What they are called, each name once; default: worker_0, worker_1, ...
  cluster_options& names(std::vector<std::string> all) { return names_ = std::move(all), *this; }
  template <class... Names> cluster_options& names(const Names&... each) {
    names_.clear();
    (names_.emplace_back(each), ...);
    return *this;
  }
  /// Ends them by SIGTERM at once in place of a request.
  cluster_options& hard_kill(bool on = true) { return hard_kill_ = on, *this; }

  bool kills_hard() const noexcept { return hard_kill_; }
  /// The names of all actors. Throws `std::invalid_argument` when there are not as many names as actors, when
  /// there is a name twice, and for a cluster of none.
  std::vector<std::string> all_names() const;

 private:
  std::optional<std::size_t> count_;
  std::vector<std::string> names_;
  bool hard_kill_ = false;
};

namespace detail {
/// Starts all of them side by side; yields their portals once the last has booted.
TRACTOR_API task<actor_cluster> start_cluster(actor_nursery& in, actor_options each, cluster_options how);

template <class T, class F> task<T> open_cluster_impl(actor_options each, cluster_options how, F body) {
  auto inside = [&](actor_nursery& an) -> task<T> {
    actor_cluster workers = co_await start_cluster(an, each, how);
    if constexpr (std::is_void_v<T>) {
      co_await call_body(body, workers);
      if (how.kills_hard()) an.cancel_hard();
    } else {
      T value = co_await call_body(body, workers);
      if (how.kills_hard()) an.cancel_hard();
      co_return value;
    }
  };
  co_return co_await open_nursery(inside);
}
}  // namespace detail

/// Starts a pool of actors that are made by `each`, side by side, and runs `body(actor_cluster&)` once all
/// are there; yields the body's value. A checkpoint.
///
/// The actors are ended when the body is left, and reaped before this returns. An error in the body or in one
/// of them ends all, as in a nursery. Throws `std::invalid_argument` where `how` contradicts itself, before
/// any process is made; `actor_failure` when one dies in its boot.
template <class F> auto open_actor_cluster(actor_options each, cluster_options how, F&& body) {
  TRACTOR_CHECK_BODY(F, actor_cluster, "[&](actor_cluster& workers) -> task<> {...}");
  using value = detail::body_value<std::remove_reference_t<F>, actor_cluster>;
  return detail::open_cluster_impl<value, detail::held<F>>(std::move(each), std::move(how),
                                                           std::forward<F>(body));
}
/// The same with one actor for each processor.
template <class F> auto open_actor_cluster(actor_options each, F&& body) {
  return open_actor_cluster(std::move(each), cluster_options(), std::forward<F>(body));
}

}  // namespace tractor
