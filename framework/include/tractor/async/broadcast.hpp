// broadcast: one source of items, read once and seen by many local tasks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tractor/async/channel_errors.hpp"
#include "tractor/async/checkpoint.hpp"
#include "tractor/async/cleanup.hpp"
#include "tractor/async/condition.hpp"

namespace tractor {

/// Reports that a subscriber was too slow: items it had not seen were replaced by newer ones.
class TRACTOR_API lagged : public std::runtime_error {
 public:
  explicit lagged(std::uint64_t missed);
  /// Counts the items that are lost to this subscriber since its last one.
  std::uint64_t missed() const noexcept { return missed_; }

 private:
  std::uint64_t missed_;
};

/// What a subscriber that was too slow hears of it: `lagged` is thrown, or only `missed()` counts it.
enum class on_lag { raise, count };

/// A snapshot of a broadcast, for logs and tests.
struct broadcast_statistics {
  std::uint64_t items = 0;      ///< Read from the source so far.
  std::size_t window = 0;       ///< How many are kept at most.
  std::size_t kept = 0;         ///< Kept now, for those who have not seen them.
  std::size_t subscribers = 0;  ///< Open subscriptions.
  std::size_t waiting = 0;      ///< Tasks that wait for another one to read the source.
  bool reading = false;         ///< A task reads the source now.
  std::uint64_t missed = 0;     ///< Lost to slow subscribers so far, whether they know or not; summed up.
};

namespace detail {

/// One subscriber as the core knows it.
struct broadcast_reader {
  std::uint64_t next = 0;  // the number of the item that it sees next
  std::uint64_t missed = 0;
  on_lag policy = on_lag::raise;
  bool open = true;
};

template <class S> using next_item = decltype(std::declval<S&>().next());
template <class N, bool IsTask = is_task<N>> struct awaited {
  using type = std::remove_cvref_t<decltype(std::declval<N&>().await_resume())>;
};
template <class N> struct awaited<N, true> { using type = typename N::value_type; };
/// The item type of a source, from what awaiting its `next()` yields.
template <class S> using item_of = typename awaited<next_item<S>>::type::value_type;

/// What is kept of the source, and who reads it. Numbers count items from the first one on.
template <class T> class broadcast_core {
 public:
  using read_function = task<std::optional<T>> (*)(void* source);

  broadcast_core(void* source, read_function read, std::size_t window) : source_(source), read_(read) {
    if (window == 0) throw std::invalid_argument("a broadcast needs a window of at least one item");
    slots_.resize(window);
  }

  void subscribe(broadcast_reader& reader) noexcept {
    reader.next = count_;
    ++subscribers_;
  }
  void unsubscribe(broadcast_reader& reader) noexcept {
    if (!reader.open) return;
    skip(reader);
    reader.open = false;
    --subscribers_;
    for (; reader.next < count_; ++reader.next) seen(slot(reader.next));
    changed_.notify_all();  // a task that waits through it must hear of that
  }
  std::uint64_t missed(const broadcast_reader& reader) const noexcept {
    return reader.missed + lost_to(reader);
  }
  std::size_t queued(const broadcast_reader& reader) const noexcept {
    return reader.open ? count_ - reader.next - lost_to(reader) : 0;
  }
  void close() noexcept {
    source_ = nullptr;
    changed_.notify_all();
  }
  bool closed() const noexcept { return source_ == nullptr; }

  task<std::optional<T>> next(broadcast_reader& reader) {
    if (reader.next < count_ || over_) co_await checkpoint();
    for (;;) {
      if (!reader.open) throw closed_resource("this subscription is closed: it cannot be used any more");
      const std::uint64_t lost = skip(reader);
      if (lost > 0 && reader.policy == on_lag::raise) throw lagged(lost);
      if (reader.next < count_) co_return take(reader);
      if (over_) co_return std::nullopt;
      if (closed()) throw closed_resource("the broadcast is closed: its source is read no more");
      if (reading_) {
        counted_wait here(waiting_);
        co_await changed_.wait();
      } else {
        co_await read_for_all();
        // A source that has items at hand must not let its reader run away from the others.
        if (subscribers_ > 1) co_await checkpoint();
      }
    }
  }

  broadcast_statistics statistics() const noexcept {
    broadcast_statistics now;
    now.items = count_;
    now.window = slots_.size();
    for (std::uint64_t n = oldest(); n < count_; ++n) now.kept += slots_[n % slots_.size()].unseen > 0;
    now.subscribers = subscribers_;
    now.waiting = waiting_;
    now.reading = reading_;
    now.missed = missed_;
    return now;
  }

 private:
  // An error of the source is an item too: each subscriber gets it at its place.
  struct kept_item {
    std::optional<T> value;
    std::exception_ptr error;
    std::size_t unseen = 0;
  };

  kept_item& slot(std::uint64_t number) noexcept { return slots_[number % slots_.size()]; }
  std::uint64_t oldest() const noexcept { return count_ > slots_.size() ? count_ - slots_.size() : 0; }

  // What it has not seen and cannot see any more, beyond what it knows of.
  std::uint64_t lost_to(const broadcast_reader& reader) const noexcept {
    return reader.open && reader.next < oldest() ? oldest() - reader.next : 0;
  }
  std::uint64_t skip(broadcast_reader& reader) noexcept {
    const std::uint64_t lost = lost_to(reader);
    reader.next += lost;
    reader.missed += lost;
    return lost;
  }
  // The last one to see an item gets it without a copy.
  std::optional<T> take(broadcast_reader& reader) {
    kept_item& item = slot(reader.next++);
    if (item.error) {
      std::exception_ptr error = item.error;
      seen(item);
      std::rethrow_exception(error);
    }
    std::optional<T> out;
    if (item.unseen == 1)
      out = std::move(item.value);
    else
      out = item.value;
    seen(item);
    return out;
  }
  void seen(kept_item& item) noexcept {
    if (--item.unseen > 0) return;
    item.value.reset();
    item.error = nullptr;
  }

  class counted_wait {
   public:
    explicit counted_wait(std::size_t& count) noexcept : count_(++count) {}
    ~counted_wait() { --count_; }

   private:
    std::size_t& count_;
  };
  // The task that does this may be cancelled at it: then another one that waits takes the role over.
  task<> read_for_all() {
    struct role {
      explicit role(broadcast_core& core) : core(core) { core.reading_ = true; }
      ~role() {
        core.reading_ = false;
        core.changed_.notify_all();
      }
      broadcast_core& core;
    } mine(*this);
    body_result<std::optional<T>> got;
    auto read = [this] { return read_(source_); };
    co_await settle_body<std::optional<T>>(read, got);
    if (got.error && holds_cancelled(got.error)) std::rethrow_exception(got.error);
    if (!got.error && !*got.value) {
      over_ = true;
      co_return;
    }
    kept_item& item = slot(count_++);
    missed_ += item.unseen;  // of the item whose place this is
    item.unseen = subscribers_;
    if (subscribers_ == 0) co_return;  // the last one left while it read
    item.error = got.error;
    item.value.reset();
    if (got.value) item.value = std::move(*got.value);
  }

  void* source_;
  read_function read_;
  std::vector<kept_item> slots_;
  condition changed_;
  std::uint64_t count_ = 0;
  std::uint64_t missed_ = 0;
  std::size_t subscribers_ = 0;
  std::size_t waiting_ = 0;
  bool reading_ = false;
  bool over_ = false;
};

/// Reads one item of a source of type `S` whose address is `source`.
template <class S> task<std::optional<item_of<S>>> read_source(void* source) {
  if constexpr (is_task<next_item<S>>)
    return static_cast<S*>(source)->next();
  else
    return [](S& from) -> task<std::optional<item_of<S>>> {
      co_return co_await from.next();
    }(*static_cast<S*>(source));
}

}  // namespace detail

/// One subscriber of a `broadcast`: sees every item from when it was made, unless it is too slow.
///
/// Move-only; a task that waits through it keeps it from being moved or destroyed. Unsubscribes when it is
/// destroyed. Of two tasks that share one, each item goes to one. Loop thread only.
template <class T> class [[nodiscard("a subscription sees items as long as it lives")]] subscription {
 public:
  subscription(subscription && other) noexcept
      : core_(std::move(other.core_)), reader_(std::move(other.reader_)) {}
  subscription& operator=(subscription&& other) noexcept {
    if (this == &other) return *this;
    close();
    core_ = std::move(other.core_);
    reader_ = std::move(other.reader_);
    return *this;
  }
  ~subscription() { close(); }

  /// Waits for the next item or the end of the source: `while (auto item = co_await sub.next())`.
  ///
  /// A checkpoint; a cancel loses no item. Throws `lagged` when items were lost, and goes on with the oldest
  /// that is kept; `closed_resource` after `close()`, or when the broadcast was closed and what it had kept
  /// is used up; and what the source throws, at the place where an item would have been.
  task<std::optional<T>> next() {
    if (!core_) throw closed_resource("this subscription was moved from");
    return core_->next(*reader_);
  }
  /// Waits for the next item. A checkpoint; throws `end_of_channel` at the end, and else what `next()` does.
  task<T> receive() { return receive_from(next()); }

  /// Ends the subscription: a task that waits through it throws `closed_resource`. Idempotent.
  void close() noexcept {
    if (core_) core_->unsubscribe(*reader_);
  }
  bool closed() const noexcept { return !core_ || !reader_->open; }
  /// Counts all items that were lost to this subscriber, those included that `next()` has not told of yet.
  std::uint64_t missed() const noexcept { return core_ ? core_->missed(*reader_) : 0; }
  /// Counts the items that are kept and that it has not seen yet: how far it is behind the fastest.
  std::size_t queued() const noexcept { return core_ ? core_->queued(*reader_) : 0; }
  /// Returns a snapshot of the whole broadcast, its other subscribers included; also after `close()`.
  broadcast_statistics statistics() const noexcept {
    return core_ ? core_->statistics() : broadcast_statistics();
  }

 private:
  template <class U> friend class broadcast;
  subscription(std::shared_ptr<detail::broadcast_core<T>> core, on_lag policy)
      : core_(std::move(core)), reader_(std::make_unique<detail::broadcast_reader>()) {
    reader_->policy = policy;
    core_->subscribe(*reader_);
  }
  static task<T> receive_from(task<std::optional<T>> next) {
    std::optional<T> item = co_await std::move(next);
    if (!item) throw end_of_channel("the source of this broadcast has ended");
    co_return std::move(*item);
  }

  std::shared_ptr<detail::broadcast_core<T>> core_;
  std::unique_ptr<detail::broadcast_reader> reader_;
};

/// Fans one source out to many tasks of this loop: each subscriber sees each item.
///
/// It has no task of its own: whoever needs an item that is not there yet reads the source for all. If that
/// one is cancelled another one that waits reads on. The last `window` items are kept for those who are
/// slower, so nothing is lost to the fastest, and a subscriber that falls further behind learns how many it
/// missed and goes on with the oldest that is kept. Items are copied, except for the last one to see them.
///
/// The source is anything whose `next()` yields an optional item: a channel, a stream, a subscription. It is
/// referred to: it must outlive the broadcast and whoever reads it, and nobody else should read it. Neither
/// copied nor moved; closes itself when it is destroyed, while its subscriptions may live on. Loop thread
/// only.
template <class T> class broadcast {
 public:
  /// Throws `std::invalid_argument` for a window of 0.
  template <class Source>
  broadcast(Source& source, std::size_t window)
      : core_(std::make_shared<detail::broadcast_core<T>>(&source, &detail::read_source<Source>, window)) {
    static_assert(std::is_copy_constructible_v<T>,
                  "each subscriber gets a copy of an item: broadcast a std::shared_ptr<const T> instead");
  }
  ~broadcast() { core_->close(); }
  broadcast(const broadcast&) = delete;
  broadcast& operator=(const broadcast&) = delete;

  /// Makes a subscriber of what is read from now on. Not a checkpoint.
  ///
  /// Throws `closed_resource` after `close()`. At a source that has ended it sees the end.
  subscription<T> subscribe(on_lag policy = on_lag::raise) {
    if (core_->closed()) throw closed_resource("the broadcast is closed: it takes no further subscriber");
    return subscription<T>(core_, policy);
  }
  /// Reads the source no more: subscribers get what is kept, then `closed_resource`. Idempotent.
  ///
  /// A read that is under way goes on until its task has it or is cancelled.
  void close() noexcept { core_->close(); }
  bool closed() const noexcept { return core_->closed(); }
  /// Returns a snapshot of it. Not a checkpoint.
  broadcast_statistics statistics() const noexcept { return core_->statistics(); }

 private:
  std::shared_ptr<detail::broadcast_core<T>> core_;
};

template <class Source> broadcast(Source&, std::size_t) -> broadcast<detail::item_of<Source>>;
}  // namespace tractor
