#include "tractor/async/entered.hpp"

#include <algorithm>
#include <stdexcept>

namespace tractor::detail {

void scope_hold::remove_user(cancel_scope& scope) noexcept {
  users_.erase(std::remove(users_.begin(), users_.end(), &scope), users_.end());
  user_left_.notify_all();
}

void scope_hold::let_go() noexcept {
  released_ = true;
  leave_.set();
}

void scope_hold::opener_ended() noexcept {
  open_ = false;
  settled_.set();
}

task<> scope_hold::hold() {
  if (entered_) throw std::logic_error("this opener has entered its scope already: it is entered once");
  entered_ = open_ = true;
  settled_.set();
  std::exception_ptr cut;
  try {
    co_await leave_.wait();
  } catch (...) {
    cut = std::current_exception();
  }
  open_ = false;
  if (!cut) co_return;
  for (cancel_scope* user : users_) user->cancel();
  co_await shielded([this]() -> task<> {
    while (!users_.empty()) co_await user_left_.wait();
  });
  std::rethrow_exception(cut);
}

}  // namespace tractor::detail
