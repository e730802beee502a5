// serve_topics: subscriptions of other actors to topics of this one.
#pragma once

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tractor/async/task_nursery.hpp"
#include "tractor/async/topics.hpp"
#include "tractor/runtime/context.hpp"

namespace tractor {

/// The context of an endpoint that serves topics: the names that the caller wants come in, items go out.
template <class T> using topics_context = context<receives<std::vector<std::string>>, sends<topic_item<T>>>;

/// Serves one subscriber from another actor: the body of an endpoint that takes a `topics_context<T>`.
///
/// Each list of names that comes replaces the one before; none is wanted until the first. Ends when the
/// caller ends its side of the stream, or with the topics. Throws what the context's stream throws, and
/// `lagged` for a caller that is too slow unless `policy` counts. A checkpoint.
template <class T>
task<> serve_topics(topics<T>& from, topics_context<T>& ctx, on_lag policy = on_lag::raise) {
  auto& stream = co_await ctx.open_stream();
  topic_subscription<T> mine = from.subscribe({}, policy);
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon([&]() -> task<> {
      try {
        while (auto got = co_await mine.next()) co_await stream.send(*got);
      } catch (const end_of_channel&) {
        // The caller has left while an item was on its way to it.
      }
      tn.scope().cancel();
    });
    while (auto names = co_await stream.next()) {
      std::set<std::string> wanted(names->begin(), names->end());
      mine.set(std::move(wanted));
    }
    tn.scope().cancel();
  });
}

}  // namespace tractor
