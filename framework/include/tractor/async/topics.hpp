// topics: items by topic, fanned out to the local tasks that asked for theirs.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tractor/async/broadcast.hpp"
#include "tractor/async/channel_errors.hpp"
#include "tractor/async/checkpoint.hpp"
#include "tractor/async/condition.hpp"

namespace tractor {

/// An item and the topic under which it was published. Travels as it is, for types that travel.
template <class T> struct topic_item {
  std::string topic;
  T item;
};

namespace detail {

/// One subscriber as the hub knows it.
template <class T> struct topic_reader {
  std::set<std::string> wanted;
  std::deque<topic_item<T>> waiting;
  std::uint64_t missed = 0;    // in all
  std::uint64_t unheeded = 0;  // of those, what its task has not been told
  on_lag policy = on_lag::raise;
  bool open = true;
  condition changed;  // an item has come, or the subscription or all topics have ended
};

/// The readers, in the order they came, and how much is kept for each.
template <class T> class topic_core {
 public:
  explicit topic_core(std::size_t window) : window_(window) {
    if (window == 0) throw std::invalid_argument("topics need a window of at least one item");
  }

  void enter(topic_reader<T>& reader) {
    readers_.push_back(&reader);
    wanted_changed_.notify_all();
  }
  void leave(topic_reader<T>& reader) noexcept {
    if (!std::exchange(reader.open, false)) return;
    std::erase(readers_, &reader);
    reader.waiting.clear();
    reader.changed.notify_all();
  }
  void set(topic_reader<T>& reader, std::set<std::string> wanted) {
    reader.wanted = std::move(wanted);
    std::erase_if(reader.waiting, [&](const auto& kept) { return !reader.wanted.contains(kept.topic); });
    wanted_changed_.notify_all();
  }
  void close() noexcept {
    closed_ = true;
    for (topic_reader<T>* reader : readers_) reader->changed.notify_all();
    wanted_changed_.notify_all();
  }
  bool closed() const noexcept { return closed_; }
  std::size_t readers() const noexcept { return readers_.size(); }

  bool wanted(const std::string& topic) const {
    return std::any_of(readers_.begin(), readers_.end(),
                       [&](const topic_reader<T>* reader) { return reader->wanted.contains(topic); });
  }
  std::set<std::string> wanted() const {
    std::set<std::string> all;
    for (const topic_reader<T>* reader : readers_) all.insert(reader->wanted.begin(), reader->wanted.end());
    return all;
  }

  std::size_t publish(const std::string& topic, T item) {
    if (closed_) throw closed_resource("these topics are closed: nothing can be published any more");
    topic_reader<T>* last = nullptr;
    std::size_t takers = 0;
    for (topic_reader<T>* reader : readers_) {
      if (!reader->wanted.contains(topic)) continue;
      if (last) keep(*last, {topic, item});
      last = reader;
      ++takers;
    }
    // The last one gets the item without a copy.
    if (last) keep(*last, {topic, std::move(item)});
    return takers;
  }

  task<std::optional<topic_item<T>>> next(topic_reader<T>& reader) {
    if (!reader.waiting.empty() || !reader.open || closed_) co_await checkpoint();
    for (;;) {
      if (!reader.open) throw closed_resource("this subscription is closed: it cannot be used any more");
      const std::uint64_t lost = std::exchange(reader.unheeded, 0);
      if (lost > 0 && reader.policy == on_lag::raise) throw lagged(lost);
      if (!reader.waiting.empty()) {
        std::optional<topic_item<T>> out(std::move(reader.waiting.front()));
        reader.waiting.pop_front();
        co_return out;
      }
      if (closed_) co_return std::nullopt;
      co_await reader.changed.wait();
    }
  }

  task<> wait_wanted() {
    co_await checkpoint();
    auto somebody = [this] {
      return std::any_of(readers_.begin(), readers_.end(),
                         [](const topic_reader<T>* reader) { return !reader->wanted.empty(); });
    };
    while (!somebody()) {
      if (closed_) throw closed_resource("these topics are closed: nobody can ask for one any more");
      co_await wanted_changed_.wait();
    }
  }

 private:
  void keep(topic_reader<T>& reader, topic_item<T> item) {
    if (reader.waiting.size() == window_) {
      reader.waiting.pop_front();
      ++reader.missed;
      ++reader.unheeded;
    }
    reader.waiting.push_back(std::move(item));
    reader.changed.notify_all();
  }

  std::size_t window_;
  std::vector<topic_reader<T>*> readers_;
  condition wanted_changed_;
  bool closed_ = false;
};

}  // namespace detail

/// One subscriber of `topics`: sees the items of the topics it wants from when it said so, unless it is too
/// slow.
///
/// Move-only; a task that waits through it keeps it from being moved or destroyed. Unsubscribes when it is
/// destroyed. Of two tasks that share one, each item goes to one. Loop thread only.
template <class T> class [[nodiscard("a subscription sees items as long as it lives")]] topic_subscription {
 public:
  topic_subscription(topic_subscription && other) noexcept
      : core_(std::move(other.core_)), reader_(std::move(other.reader_)) {}
  topic_subscription& operator=(topic_subscription&& other) noexcept {
    if (this == &other) return *this;
    close();
    core_ = std::move(other.core_);
    reader_ = std::move(other.reader_);
    return *this;
  }
  ~topic_subscription() { close(); }

  /// Replaces the topics that are wanted; drops what waits of those that no longer are. Not a checkpoint.
  ///
  /// Throws `closed_resource` after `close()`.
  void set(std::set<std::string> wanted) {
    if (closed()) throw closed_resource("this subscription is closed: it cannot be used any more");
    core_->set(*reader_, std::move(wanted));
  }

  /// Waits for the next item, or the end of all topics: `while (auto got = co_await sub.next())`.
  ///
  /// A checkpoint; a cancel loses no item. Throws `lagged` when items were lost, and goes on with the oldest
  /// that is kept; `closed_resource` after `close()`.
  task<std::optional<topic_item<T>>> next() {
    if (!core_) throw closed_resource("this subscription was moved from");
    return core_->next(*reader_);
  }

  /// Ends the subscription: a task that waits through it throws `closed_resource`. Idempotent.
  void close() noexcept {
    if (core_) core_->leave(*reader_);
  }
  bool closed() const noexcept { return !core_ || !reader_->open; }
  /// Counts all items that were lost to this subscriber.
  std::uint64_t missed() const noexcept { return reader_ ? reader_->missed : 0; }

 private:
  template <class U> friend class topics;
  topic_subscription(std::shared_ptr<detail::topic_core<T>> core, std::set<std::string> wanted, on_lag policy)
      : core_(std::move(core)), reader_(std::make_unique<detail::topic_reader<T>>()) {
    reader_->wanted = std::move(wanted);
    reader_->policy = policy;
    core_->enter(*reader_);
  }

  std::shared_ptr<detail::topic_core<T>> core_;
  std::unique_ptr<detail::topic_reader<T>> reader_;
};

/// Hands each published item to those who subscribe to its topic.
///
/// A publisher never waits for a subscriber: `window` items are kept for each, the oldest go first, and who
/// was too slow learns how many it missed. Items are copied, except for the last one to get them. Other
/// actors subscribe through `serve_topics`. Neither copied nor moved; closes itself when it is destroyed,
/// while its subscriptions may live on. Loop thread only.
template <class T> class topics {
 public:
  /// Throws `std::invalid_argument` for a window of 0.
  explicit topics(std::size_t window = 64) : core_(std::make_shared<detail::topic_core<T>>(window)) {}
  ~topics() { core_->close(); }
  topics(const topics&) = delete;
  topics& operator=(const topics&) = delete;

  /// Makes a subscriber of what is published under one of `wanted` from now on. Not a checkpoint.
  ///
  /// Throws `closed_resource` after `close()`.
  topic_subscription<T> subscribe(std::set<std::string> wanted, on_lag policy = on_lag::raise) {
    if (core_->closed()) throw closed_resource("these topics are closed: they take no further subscriber");
    return topic_subscription<T>(core_, std::move(wanted), policy);
  }

  /// Hands `item` to those who want `topic`; yields how many they are. Not a checkpoint: a loop that
  /// publishes needs one of its own.
  ///
  /// Throws `closed_resource` after `close()`.
  std::size_t publish(const std::string& topic, T item) { return core_->publish(topic, std::move(item)); }

  /// True if somebody wants this topic now: what nobody wants need not be made.
  bool wanted(const std::string& topic) const { return core_->wanted(topic); }
  /// All topics that somebody wants now.
  std::set<std::string> wanted() const { return core_->wanted(); }
  /// Waits until somebody wants any topic at all. A checkpoint. Throws `closed_resource` after `close()`.
  task<> wait_wanted() { return core_->wait_wanted(); }
  std::size_t subscribers() const noexcept { return core_->readers(); }

  /// Publishes no more: subscribers get what is kept, then the end. Idempotent.
  void close() noexcept { core_->close(); }
  bool closed() const noexcept { return core_->closed(); }

 private:
  std::shared_ptr<detail::topic_core<T>> core_;
};

}  // namespace tractor
