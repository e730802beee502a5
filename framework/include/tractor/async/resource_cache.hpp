// resource_cache: a resource that is opened for its first user, shared with others, and closed by its last.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <tuple>
#include <typeindex>
#include <utility>

#include "tractor/async/channel_errors.hpp"
#include "tractor/async/entered.hpp"
#include "tractor/async/task_nursery.hpp"

namespace tractor {

namespace detail {

// The identity of a resource is that of its opener, so that must be a function: each closure is another one.
#define TRACTOR_CHECK_SHARED_OPENER(Opener, Rest)                                                    \
  static_assert(                                                                                     \
      std::is_pointer_v<Opener> && ::tractor::detail::opener_traits<Opener>::found,                  \
      "a shared resource is known by its opener: a function task<> open(entered<T>& in, args...)");  \
  static_assert(sizeof...(Rest) > 0,                                                                 \
                "the last argument is the body: [&](bool hit, T& value) -> task<> {...}");           \
  static_assert(                                                                                     \
      (::tractor::detail::safe_arg<Rest> && ...),                                                    \
      "g++ 12 destroys a temporary aggregate in a co_await twice; name it on a line of its own and " \
      "pass the name")

/// One life of one resource, from the task that opens it to the end of that task.
class TRACTOR_API cache_entry {
 public:
  explicit cache_entry(scope_hold& hold) noexcept : hold_(hold) {}
  cache_entry(const cache_entry&) = delete;
  cache_entry& operator=(const cache_entry&) = delete;
  virtual ~cache_entry() = default;

  scope_hold& hold() noexcept { return hold_; }
  /// A newcomer cannot share it any more: it waits for the end and opens it anew.
  bool ending() const noexcept { return ending_ || (hold_.was_entered() && !hold_.is_open()); }
  event::waiter ended() noexcept { return ended_.wait(); }
  /// Throws `std::logic_error` in the task that opens the resource: it would wait for itself.
  void refuse_own_opener() const;

  void join() noexcept { ++users_; }
  /// One user less: true for the last one, whose leaving lets the resource end.
  bool leave() noexcept;
  /// False for the first user that it is handed to: that one may have it to set up.
  bool hit() noexcept { return std::exchange(handed_over_, true); }

  /// The service task has begun: it is the current task.
  void begin() noexcept { server_ = current_task_or_null(); }
  /// Runs the opener and keeps what it throws for the users.
  task<> serve(task<> opener);
  /// The service task ends: tells all who wait for that; a cancel of the task goes on.
  void finish();
  /// What the opener threw that is no cancel; null if nothing.
  const std::exception_ptr& error() const noexcept { return error_; }

 private:
  scope_hold& hold_;
  event ended_;
  cancel_scope scope_;
  std::exception_ptr error_;
  std::exception_ptr cancelled_;
  const task_state* server_ = nullptr;
  std::size_t users_ = 0;
  bool ending_ = false;
  bool handed_over_ = false;
};

template <class T> class typed_entry final : public cache_entry {
 public:
  typed_entry() : cache_entry(entered_access::hold(in)) {}
  entered<T> in;
};

class TRACTOR_API cache_table {
 public:
  cache_table() = default;
  cache_table(const cache_table&) = delete;
  cache_table& operator=(const cache_table&) = delete;
  virtual ~cache_table() = default;
};

/// The resources of one opener, by key.
template <class T, class Key> class typed_table final : public cache_table {
 public:
  std::map<Key, std::shared_ptr<typed_entry<T>>> entries;
};

/// The tables of all openers, and the nursery where their tasks live.
class TRACTOR_API cache_state {
 public:
  explicit cache_state(task_nursery& services) noexcept : services(services) {}
  template <class T, class Key> typed_table<T, Key>& table(void (*opener)()) {
    std::unique_ptr<cache_table>& at = tables_[{opener, typeid(typed_table<T, Key>)}];
    if (!at) at = std::make_unique<typed_table<T, Key>>();
    return static_cast<typed_table<T, Key>&>(*at);
  }
  task_nursery& services;
  std::size_t open = 0;

 private:
  std::map<std::pair<void (*)(), std::type_index>, std::unique_ptr<cache_table>> tables_;
};

/// Throws what went wrong in one use of a resource: of the body, of the resource, or that it was `lost`.
TRACTOR_API void throw_use_errors(std::exception_ptr of_body, std::exception_ptr of_resource, bool lost);

/// An opener and what it is called with.
template <class T, class Opener, class Args> class bound_opener {
 public:
  bound_opener(Opener opener, Args args) : opener_(opener), args_(std::move(args)) {}
  task<> operator()(entered<T>& in) const {
    co_await std::apply([&](const auto&... arg) { return opener_(in, arg...); }, args_);
  }

 private:
  Opener opener_;
  Args args_;
};

template <class T, class Key, class Call>
std::shared_ptr<typed_entry<T>> find_or_open(const std::shared_ptr<cache_state>& cache,
                                             typed_table<T, Key>& table, const Key& key, const Call& call) {
  auto [at, fresh] = table.entries.try_emplace(key);
  if (!fresh) return at->second;
  auto entry = at->second = std::make_shared<typed_entry<T>>();
  // The table is the cache's, so that both live until the task has left them.
  auto service = [cache, &table, key, call, entry]() -> task<> {
    entry->begin();
    co_await entry->serve(call(entry->in));
    table.entries.erase(key);
    --cache->open;
    entry->finish();
  };
  try {
    cache->services.start_soon(task_name("shared resource"), std::move(service));
  } catch (...) {
    table.entries.erase(key);
    throw;
  }
  ++cache->open;
  return entry;
}

template <class R, class T, class Key, class Call, class Body>
task<R> use_resource(std::shared_ptr<cache_state> cache, typed_table<T, Key>& table, Key key, Call call,
                     Body body) {
  raise_if_cancelled();
  std::shared_ptr<typed_entry<T>> entry = find_or_open(cache, table, key, call);
  for (; entry->ending(); entry = find_or_open(cache, table, key, call)) {
    entry->refuse_own_opener();
    co_await entry->ended();
  }
  entry->refuse_own_opener();

  entry->join();
  body_result<void> opened;
  event::waiter settled = entry->hold().settled();
  task<> opening = await_one<void>(settled);
  co_await settle(opening, opened);
  const bool served = !opened.error && entry->hold().is_open();
  body_result<timed<R>> result;
  cancel_scope use;
  if (served) {
    entry->hold().add_user(use);
    auto inside = [&]() -> task<R> {
      const bool hit = entry->hit();
      if constexpr (std::is_void_v<T>)
        return body(hit);
      else
        return body(hit, entered_access::value(entry->in));
    };
    auto work = use.run(inside);
    co_await settle(work, result);
    entry->hold().remove_user(use);
  } else {
    result.error = opened.error;
  }
  const bool lost = served ? use.cancelled_caught() : !opened.error;
  const bool last = entry->leave();
  if (last || lost) co_await shielded(entry->ended());
  throw_use_errors(result.error, last || lost ? entry->error() : nullptr, lost);
  if constexpr (!std::is_void_v<R>) co_return std::move(**result.value);
}

template <class Tuple, std::size_t... I> auto first_of(Tuple&& all, std::index_sequence<I...>) {
  return std::forward_as_tuple(std::get<I>(std::forward<Tuple>(all))...);
}

template <class T>
using resource_values =
    decltype(std::tuple_cat(std::tuple<bool>(), value_tuple(std::declval<entered<T>&>())));

/// Sorts out the arguments: those of the opener, which are the key unless there is one, and the body.
template <class Key, class Opener, class... Rest>
auto open_resource(const std::shared_ptr<cache_state>& cache, std::optional<Key> key, Opener opener,
                   Rest&&... rest) {
  using traits = opener_traits<Opener>;
  constexpr std::size_t count = sizeof...(Rest) - 1;
  using body_type = std::tuple_element_t<count, std::tuple<Rest&&...>>;
  using value = typename traits::value;
  using arguments = typename traits::arguments;
  using call = tuple_call<std::remove_reference_t<body_type>, resource_values<value>>;
  auto all = std::forward_as_tuple(std::forward<Rest>(rest)...);
  static_assert(safe_body<body_type>,
                "a temporary body that captures by value is destroyed twice by g++ 12; capture by reference, "
                "or name it on a line of its own and pass the name");
  static_assert(std::tuple_size_v<arguments> == count,
                "give all arguments of the opener after its entered<T>&, and the body last");
  static_assert(call::callable, "the body, the last argument, takes [&](bool hit, T& value) -> task<> {...}");
  if constexpr (std::tuple_size_v<arguments> == count && call::callable) {
    using result = typename value_of<typename call::returned>::type;
    arguments args(first_of(std::move(all), std::make_index_sequence<count>()));
    bound_opener<value, Opener, arguments> bound(opener, args);
    auto& table = cache->table<value, Key>(reinterpret_cast<void (*)()>(opener));
    if constexpr (std::is_same_v<Key, arguments>) {
      if (!key) key.emplace(std::move(args));
    }
    return use_resource<result, value, Key, decltype(bound), held<body_type>>(
        cache, table, std::move(*key), std::move(bound), std::forward<body_type>(std::get<count>(all)));
  }
}

}  // namespace detail

/// Under what a resource is shared, when that is not all of its opener's arguments.
template <class K> class cache_key {
 public:
  explicit cache_key(K value) : value_(std::move(value)) {}
  const K& value() const noexcept { return value_; }
  friend bool operator<(const cache_key& a, const cache_key& b) { return a.value_ < b.value_; }

 private:
  K value_;
};

/// The resources that tasks of one loop share: who opens them, and where they live meanwhile.
///
/// Each resource lives in a task of the service nursery, from its first user to its last. The nursery is
/// referred to: it must be open whenever a resource is opened. Neither copied nor moved; what is open
/// outlives the cache. Loop thread only. An actor has one: `current_actor().resources()`.
class TRACTOR_API resource_cache {
 public:
  explicit resource_cache(task_nursery& services);
  resource_cache(const resource_cache&) = delete;
  resource_cache& operator=(const resource_cache&) = delete;
  ~resource_cache();

  /// Counts the resources that are open, those that are being opened or closed included.
  std::size_t size() const noexcept { return state_->open; }

 private:
  template <class Opener, class... Rest>
  friend auto maybe_open_context(resource_cache& cache, Opener opener, Rest&&... rest);
  template <class K, class Opener, class... Rest>
  friend auto maybe_open_context(resource_cache& cache, cache_key<K> key, Opener opener, Rest&&... rest);
  std::shared_ptr<detail::cache_state> state_;
};

/// Runs `body(hit, value)` with a resource that is shared by all who name the same opener and arguments.
///
/// Used as `maybe_open_context(cache, &open_feed, symbol, [&](bool hit, feed& f) -> task<> {...})`, where
/// `task<> open_feed(entered<feed>& in, std::string symbol)` opens the resource and passes `in` on as the
/// body (see `entered`); the arguments must be copyable and have a `<`. Yields the body's value. A
/// checkpoint.
///
/// The first user opens the resource in a task of the cache's nursery; others share it. Exactly one user of
/// each opening gets `hit == false`: the first to have it. The last one to leave lets the opener go on to its
/// exit and waits for that, also when it is cancelled; an error of the exit is its error, and a cancel does
/// not hide it. Whoever comes meanwhile waits for the end and opens it anew.
///
/// An opener that fails is the error of all who wait for it, and the next one tries again. A user that is
/// cancelled while the resource is being opened leaves it to the others who wait; the opening ends with the
/// last of them. When a resource ends under its users (it fails, or its nursery is cancelled) they are
/// cancelled and waited for first; each gets the resource's error, or `closed_resource` if it has none.
/// Throws `std::logic_error` in the opener itself, which would wait for itself.
template <class Opener, class... Rest>
auto maybe_open_context(resource_cache& cache, Opener opener, Rest&&... rest) {
  TRACTOR_CHECK_SHARED_OPENER(Opener, Rest);
  if constexpr (std::is_pointer_v<Opener> && detail::opener_traits<Opener>::found && sizeof...(Rest) > 0)
    return detail::open_resource<typename detail::opener_traits<Opener>::arguments>(
        cache.state_, std::nullopt, opener, std::forward<Rest>(rest)...);
}

/// The same with a key of its own: the arguments may be of any kind then, and only its first user's count.
template <class K, class Opener, class... Rest>
auto maybe_open_context(resource_cache& cache, cache_key<K> key, Opener opener, Rest&&... rest) {
  TRACTOR_CHECK_SHARED_OPENER(Opener, Rest);
  if constexpr (std::is_pointer_v<Opener> && detail::opener_traits<Opener>::found && sizeof...(Rest) > 0)
    return detail::open_resource<cache_key<K>>(cache.state_, std::optional<cache_key<K>>(std::move(key)),
                                               opener, std::forward<Rest>(rest)...);
}

}  // namespace tractor
