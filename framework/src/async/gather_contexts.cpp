#include "tractor/async/gather_contexts.hpp"

namespace tractor::detail {

gathered::~gathered() {
  body_left();
  for (scope_hold* hold : holds_) hold->give_up();
}

task<> gathered::enter_all(cancel_scope& user) {
  for (scope_hold* hold : holds_) co_await hold->settled();
  // One that ended meanwhile has no value to give. Its opener says why, and that ends this wait.
  for (scope_hold* hold : holds_)
    if (!hold->is_open()) co_await sleep_forever();
  user_ = &user;
  for (scope_hold* hold : holds_) hold->add_user(user);
}

void gathered::body_left() noexcept {
  if (cancel_scope* user = std::exchange(user_, nullptr))
    for (scope_hold* hold : holds_) hold->remove_user(*user);
}

void gathered::leave_all() noexcept {
  for (scope_hold* hold : holds_) hold->let_go();
}

void refuse_opener_end(std::size_t number, const char* how) {
  throw std::runtime_error("scope " + std::to_string(number) + " of gather_contexts ended " + how);
}

}  // namespace tractor::detail
