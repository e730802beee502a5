#include "tractor/plugin/spawn_backend.hpp"

#include <csignal>
#include <cstring>

#include "tractor/async/cancel_scope.hpp"

namespace tractor {

std::string exit_status::text() const {
  if (signo_ == 0) return "exited with code " + std::to_string(code_);
  const char* name = ::sigabbrev_np(signo_);
  return "was killed by signal " + std::to_string(signo_) + (name ? " (SIG" + std::string(name) + ")" : "");
}

task<std::vector<std::unique_ptr<child_process>>> spawn_backend::spawn_batch(
    std::span<const spawn_request> requests) {
  std::vector<std::unique_ptr<child_process>> children;
  std::exception_ptr error;
  try {
    for (const spawn_request& request : requests) children.push_back(co_await spawn(request));
  } catch (...) {
    error = std::current_exception();
  }
  if (error) {
    for (auto& child : children) {
      child->signal(SIGKILL);
      co_await shielded(child->wait());
    }
    std::rethrow_exception(error);
  }
  co_return children;
}

}  // namespace tractor
