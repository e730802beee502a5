// The completion token that makes an asio operation awaitable in a task.
#pragma once

#include <optional>
#include <tuple>

#include "tractor/async/loop.hpp"
#include "tractor/async/task.hpp"
#include "tractor/detail/asio.hpp"

#pragma GCC visibility push(default)
#include <boost/system/system_error.hpp>
#pragma GCC visibility pop

namespace tractor {

/// Makes `co_await socket.async_read_some(buffer, use_task)` yield the operation's value.
///
/// A checkpoint. A failed operation throws `boost::system::system_error`; a cancelled scope ends it with
/// `cancelled`, unless it had completed already: then its value is delivered and the next checkpoint raises.
struct use_task_t {};
inline constexpr use_task_t use_task{};

/// Like `use_task`, but yields the error code too (as a tuple, or alone) instead of throwing it.
struct use_task_tuple_t {};
inline constexpr use_task_tuple_t use_task_tuple{};

namespace detail {

template <class Tuple> inline constexpr bool leads_with_error = false;
template <class... R>
inline constexpr bool leads_with_error<std::tuple<boost::system::error_code, R...>> = true;

template <bool Throwing, class Initiation, class InitArgs, class... R>
class TRACTOR_MUST_AWAIT asio_awaiter final : public suspension, public engine_awaitable {
 public:
  asio_awaiter(Initiation initiation, InitArgs args)
      : initiation_(std::move(initiation)), args_(std::move(args)) {}
  asio_awaiter(asio_awaiter&& other)  // only before the await: asio returns it by value
      : initiation_(std::move(other.initiation_)), args_(std::move(other.args_)) {}

  bool await_ready() const {
    raise_if_cancelled();
    return false;
  }
  void await_suspend(std::coroutine_handle<> at) {
    block(at);
    try {
      std::apply([&](auto&... args) { std::move(initiation_)(handler(this), std::move(args)...); }, args_);
    } catch (...) {
      unblock();
      throw;
    }
  }
  auto await_resume() {
    if constexpr (leads_with_error<std::tuple<R...>>) {
      auto& error = std::get<0>(*result_);
      if (aborted_ && error == asio::error::operation_aborted) raise_cancelled();
      if constexpr (Throwing) {
        if (error) throw boost::system::system_error(error);
        return unwrap(std::move(*result_), std::make_index_sequence<sizeof...(R) - 1>{});
      } else if constexpr (sizeof...(R) == 1) {
        return error;
      } else {
        return std::move(*result_);
      }
    } else if constexpr (sizeof...(R) == 1) {
      return std::move(std::get<0>(*result_));
    } else if constexpr (sizeof...(R) > 1) {
      return std::move(*result_);
    }
  }
  void abort() noexcept override {
    aborted_ = true;
    signal_.emit(asio::cancellation_type::terminal);
  }

 private:
  template <class Tuple, std::size_t... I> static auto unwrap(Tuple&& all, std::index_sequence<I...>) {
    if constexpr (sizeof...(I) == 1) return std::move(std::get<1>(all));
    if constexpr (sizeof...(I) > 1) return std::make_tuple(std::move(std::get<I + 1>(all))...);
  }

  class handler {
   public:
    explicit handler(asio_awaiter* self) noexcept : self_(self) {}
    using cancellation_slot_type = asio::cancellation_slot;
    cancellation_slot_type get_cancellation_slot() const noexcept { return self_->signal_.slot(); }
    void operator()(R... results) {
      event_loop& loop = self_->task_->loop;
      self_->result_.emplace(std::move(results)...);
      expect_turn(loop);
      self_->wake();
      run_ready(loop);
    }

   private:
    asio_awaiter* self_;
  };

  Initiation initiation_;
  InitArgs args_;
  std::optional<std::tuple<R...>> result_;
  asio::cancellation_signal signal_;
  bool aborted_ = false;
};

template <bool Throwing, class... R> struct task_initiate {
  template <class Initiation, class Token, class... Args>
  static auto initiate(Initiation&& initiation, Token&&, Args&&... args) {
    using args_tuple = std::tuple<std::decay_t<Args>...>;
    return asio_awaiter<Throwing, std::decay_t<Initiation>, args_tuple, std::decay_t<R>...>(
        std::forward<Initiation>(initiation), args_tuple(std::forward<Args>(args)...));
  }
};

}  // namespace detail
}  // namespace tractor

namespace boost::asio {
template <class... R>
class async_result<tractor::use_task_t, void(R...)> : public tractor::detail::task_initiate<true, R...> {};
template <class... R>
class async_result<tractor::use_task_tuple_t, void(R...)>
    : public tractor::detail::task_initiate<false, R...> {};
}  // namespace boost::asio
