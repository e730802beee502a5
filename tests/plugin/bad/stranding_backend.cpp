// A spawn backend that is half right: its children are as they should be, but each comes with a process that
// nobody waits for, and that it does not own up to.
#include <spawn.h>
#include <unistd.h>

#include <system_error>

#include "tractor/plugin/descriptor.hpp"
#include "tractor/plugin/registry.hpp"

namespace {

using namespace tractor;

class stranding_backend final : public spawn_backend {
 public:
  spawn_capability caps() const noexcept override { return good_.caps(); }
  void prepare(const boot_info& boot) override { good_.prepare(boot); }
  void shutdown() noexcept override { good_.shutdown(); }

  task<std::unique_ptr<child_process>> spawn(const spawn_request& request) override {
    strand();
    co_return co_await good_.spawn(request);
  }

 private:
  static void strand() {
    char title[] = "_subactor[stray@00000000]", seconds[] = "600";
    char* argv[] = {title, seconds, nullptr};
    posix_spawnattr_t attributes;
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
    pid_t pid = 0;
    const int error = ::posix_spawnp(&pid, "sleep", nullptr, &attributes, argv, environ);
    ::posix_spawnattr_destroy(&attributes);
    if (error != 0) throw std::system_error(error, std::generic_category(), "stranding: cannot start sleep");
  }

  spawn_backend& good_ = plugin::registry::instance().spawn("trio_like");
};

}  // namespace

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::spawn_backend, stranding_backend>("stranding", "", "0.1.0",
                                                                        "strands processes");
