// gather_contexts: enters several scopes at once and runs one body inside all of them.
#pragma once

#include <deque>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tractor/async/entered.hpp"
#include "tractor/async/task_nursery.hpp"
#include "tractor/async/timeouts.hpp"

namespace tractor {

namespace detail {

template <class R>
concept opener_range = requires(R& all) {
  all.begin();
  all.end();
};
template <opener_range R> using opener_in = std::remove_cvref_t<decltype(*std::declval<R&>().begin())>;

/// The scopes of one `gather_contexts` as its body sees them: all open, or being left.
class TRACTOR_API gathered {
 public:
  gathered() = default;
  gathered(const gathered&) = delete;
  gathered& operator=(const gathered&) = delete;
  /// However the body ended: its scopes are in nobody's use any more.
  ~gathered();

  void add(scope_hold& hold) { holds_.push_back(&hold); }
  /// Waits until all are open and claims them for a body that runs in `user`. A checkpoint.
  task<> enter_all(cancel_scope& user);
  /// The body has ended: what it used may end too.
  void body_left() noexcept;
  /// Lets all scopes go on to their exits.
  void leave_all() noexcept;

 private:
  std::vector<scope_hold*> holds_;
  cancel_scope* user_ = nullptr;
};

[[noreturn]] TRACTOR_API void refuse_opener_end(std::size_t number, const char* how);

/// Runs one opener: what it throws, or that it ended too early, is an error of the nursery.
template <class Opener, class T> task<> run_opener(Opener& opener, entered<T>& in, std::size_t number) {
  scope_hold& hold = entered_access::hold(in);
  struct at_end {
    explicit at_end(scope_hold& of) : of(of) {}
    ~at_end() { of.opener_ended(); }
    scope_hold& of;
  } last(hold);
  co_await opener(in);
  if (!hold.was_entered()) refuse_opener_end(number, "without entering its scope");
  if (!hold.released()) refuse_opener_end(number, "before the body did");
}

/// Starts the openers by `start(nursery, scopes)`, then calls `call()` inside all of them.
template <class R, class Start, class Call> task<R> gather(Start& start, Call& call) {
  auto inside = [&](task_nursery& tn) -> task<R> {
    gathered scopes;
    start(tn, scopes);
    cancel_scope use;
    co_await scopes.enter_all(use);
    timed<R> done = co_await use.run(call);
    scopes.body_left();
    // A scope that had to end first has cut the body off. Its opener says why, and that ends this wait.
    if (use.cancelled_caught()) co_await sleep_forever();
    scopes.leave_all();
    if constexpr (!std::is_void_v<R>) co_return std::move(*done);
  };
  co_return co_await open_task_nursery(inside);
}

template <class R, class Ins, class Body, class... Openers>
task<R> gather_each(Body body, Openers... openers) {
  Ins ins;
  auto start = [&](task_nursery& tn, gathered& scopes) {
    std::size_t number = 0;
    auto start_one = [&](auto& opener, auto& in) {
      scopes.add(entered_access::hold(in));
      tn.start_soon([&opener, &in](std::size_t which) { return run_opener(opener, in, which); }, number++);
    };
    std::apply([&](auto&... in) { (start_one(openers, in), ...); }, ins);
  };
  auto call = [&] {
    return std::apply([&](auto&... in) { return std::apply(body, std::tuple_cat(value_tuple(in)...)); }, ins);
  };
  co_return co_await gather<R>(start, call);
}

template <class R, class T, class Body, class Openers> task<R> gather_list(Body body, Openers openers) {
  if (openers.begin() == openers.end())
    throw std::invalid_argument("gather_contexts was given no scope to enter");
  std::deque<entered<T>> ins;
  auto start = [&](task_nursery& tn, gathered& scopes) {
    std::size_t number = 0;
    for (auto& opener : openers) {
      entered<T>& in = ins.emplace_back();
      scopes.add(entered_access::hold(in));
      tn.start_soon([&opener, &in](std::size_t which) { return run_opener(opener, in, which); }, number++);
    }
  };
  std::vector<std::conditional_t<std::is_void_v<T>, char, T>*> values;
  auto call = [&] {
    if constexpr (std::is_void_v<T>) {
      return body();
    } else {
      for (entered<T>& in : ins) values.push_back(&entered_access::value(in));
      return body(values);
    }
  };
  co_return co_await gather<R>(start, call);
}

template <class Body, class Range> auto gather_range(Body&& body, Range&& openers) {
  using opener = opener_in<std::remove_reference_t<Range>>;
  static_assert(opener_traits<opener>::found,
                "an opener takes entered<T>& first, and says so: [&](entered<int>& in) -> task<> {...}");
  using value = typename opener_traits<opener>::value;
  using values = std::conditional_t<std::is_void_v<value>, std::tuple<>, std::tuple<std::vector<value*>&>>;
  using call = tuple_call<std::remove_reference_t<Body>, values>;
  static_assert(call::callable,
                "the body takes the values of all scopes: [&](std::vector<T*>& values) -> task<> {...}, or "
                "nothing if they have none");
  if constexpr (call::callable) {
    using result = typename value_of<typename call::returned>::type;
    return gather_list<result, value, held<Body>, held<Range>>(std::forward<Body>(body),
                                                               std::forward<Range>(openers));
  }
}

}  // namespace detail

/// Enters the scopes of all `openers` at once, runs `body(values...)` inside them, and leaves them at once.
///
/// Each opener is `[&](entered<T>& in) { return open_something(args..., in); }`: a scope is a function that
/// takes a body, so the opener gets the body to pass on, and since what it hands over is named in its
/// parameter, `body` gets a `T&` for each in their order (nothing for `entered<>`). Instead of single openers
/// a range of them is taken, e.g. a `std::vector<std::function<task<>(entered<T>&)>>`; then `body` gets a
/// `std::vector<T*>&`. Yields the body's value. A checkpoint.
///
/// Every opener runs in a task of its own. An error of one, or of the body, cancels the others; one error is
/// raised bare, several as a group. After a body that ended well the scopes are left without a cancel, and
/// their errors are raised. A scope that ends before the body (a deadline of its own) cuts the body off, and
/// is a `std::runtime_error`; so is an opener that never entered. An empty range is a
/// `std::invalid_argument`.
template <class Body, class... Openers> auto gather_contexts(Body&& body, Openers&&... openers) {
  static_assert(detail::safe_body<Body>,
                "a temporary body that captures by value is destroyed twice by g++ 12; capture by reference, "
                "or name it on a line of its own and pass the name");
  static_assert(sizeof...(Openers) > 0, "gather_contexts needs at least one scope to enter");
  if constexpr (sizeof...(Openers) == 1 && (detail::opener_range<std::remove_reference_t<Openers>> && ...)) {
    return detail::gather_range(std::forward<Body>(body), std::forward<Openers>(openers)...);
  } else if constexpr ((detail::opener_traits<std::decay_t<Openers>>::found && ...)) {
    static_assert((detail::safe_body<Openers> && ...),
                  "a temporary opener that captures by value is destroyed twice by g++ 12; capture by "
                  "reference, or name it on a line of its own and pass the name");
    using ins = std::tuple<entered<typename detail::opener_traits<std::decay_t<Openers>>::value>...>;
    using values = detail::values_of<typename detail::opener_traits<std::decay_t<Openers>>::value...>;
    using call = detail::tuple_call<std::remove_reference_t<Body>, values>;
    static_assert(call::callable,
                  "the body takes what the openers hand over, in their order: [&](T& first, U& second) -> "
                  "task<> {...}");
    if constexpr (call::callable) {
      using result = typename detail::value_of<typename call::returned>::type;
      return detail::gather_each<result, ins, detail::held<Body>, detail::held<Openers>...>(
          std::forward<Body>(body), std::forward<Openers>(openers)...);
    }
  } else {
    static_assert((detail::opener_traits<std::decay_t<Openers>>::found && ...),
                  "an opener takes entered<T>& first, and says so: [&](entered<int>& in) -> task<> {...}");
  }
}

}  // namespace tractor
