#include "tractor/async/resource_cache.hpp"

#include "tractor/async/exception_group.hpp"

namespace tractor {

namespace detail {

void cache_entry::refuse_own_opener() const {
  if (server_ && server_ == current_task_or_null())
    throw std::logic_error("this task opens the shared resource that it asks for: it would wait for itself");
}

bool cache_entry::leave() noexcept {
  if (--users_ > 0) return false;
  ending_ = true;
  if (hold_.was_entered())
    hold_.let_go();
  else
    scope_.cancel();  // nobody waits for the opening any more
  return true;
}

task<> cache_entry::serve(task<> opener) {
  body_result<timed<>> result;
  auto work = scope_.run(std::move(opener));
  co_await settle(work, result);
  if (!result.error && !hold_.was_entered() && !scope_.cancelled_caught())
    result.error = std::make_exception_ptr(
        std::runtime_error("the opener of a shared resource ended without entering it"));
  auto is_cancel = [](const std::exception_ptr& leaf) { return is_cancelled(leaf); };
  std::tie(cancelled_, error_) = split_error(result.error, is_cancel);
}

void cache_entry::finish() {
  ending_ = true;
  server_ = nullptr;
  hold_.opener_ended();
  ended_.set();
  if (cancelled_) std::rethrow_exception(std::exchange(cancelled_, nullptr));
}

void throw_use_errors(std::exception_ptr of_body, std::exception_ptr of_resource, bool lost) {
  if (lost && !of_resource)
    of_resource = std::make_exception_ptr(closed_resource("a shared resource has ended while it was in use"));
  std::vector<std::exception_ptr> errors;
  if (of_body) errors.push_back(std::move(of_body));
  if (of_resource) errors.push_back(std::move(of_resource));
  if (auto all = join_errors("a shared resource and its user failed", std::move(errors)))
    std::rethrow_exception(all);
}

}  // namespace detail

resource_cache::resource_cache(task_nursery& services)
    : state_(std::make_shared<detail::cache_state>(services)) {}
resource_cache::~resource_cache() = default;

}  // namespace tractor
