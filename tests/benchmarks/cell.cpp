#include "cell.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <stdexcept>

#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/transport.hpp"
#include "tractor/runtime/actor.hpp"

namespace bench {

using namespace tractor;

namespace {

// A port that was free a moment ago; the kernel does not hand it out again soon.
std::string free_loopback_address() {
  const owned_fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  auto* const any = reinterpret_cast<sockaddr*>(&at);
  if (::bind(socket.get(), any, size) != 0 || ::getsockname(socket.get(), any, &size) != 0)
    throw std::runtime_error("no free port on the loopback interface");
  return "127.0.0.1:" + std::to_string(ntohs(at.sin_port));
}

bool chosen(origin where) { return where == origin::flag || where == origin::environment; }

std::vector<std::string> good_keys(const std::string& kind) {
  std::vector<std::string> keys;
  for (const plugin::plugin_info& it : plugin::registry::instance().list())
    if (it.kind == kind && it.good()) keys.push_back(it.key);
  return keys;
}

}  // namespace

cell::cell(std::string backend, std::string transport, std::vector<std::string> plugin_path)
    : backend_(std::move(backend)), transport_(std::move(transport)), plugin_path_(std::move(plugin_path)) {
  auto& plugins = plugin::registry::instance();
  caps_ = plugins.spawn(backend_).caps();
  const auto& via = plugins.transport(transport_);
  same_host_ = via.distance(via.default_registry()) <= locality::same_host;
}

run_options cell::options() const {
  const auto& via = plugin::registry::instance().transport(transport_);
  static int count = 0;
  const actor_id who("bench" + std::to_string(++count), "bench", ::getpid());
  return options(same_host_ ? via.random_bind(who).text() : free_loopback_address());
}

run_options cell::options(const std::string& address) const {
  run_options out;
  out.start_method(backend_).enable_transports(transport_).registry_addrs(address).loglevel("error");
  for (const std::string& folder : plugin_path_) out.plugin_path(folder);
  return out;
}

std::vector<cell> choose_cells(const parsed_flags& flags) {
  const settings merged = resolve_settings(flags);
  ::unsetenv("TRACTOR_SPAWN_METHOD");
  ::unsetenv("TRACTOR_TPT_PROTO");
  auto& plugins = plugin::registry::instance();
  plugins.set_folders(merged.plugin_folders());
  std::vector<std::string> backends, transports;
  if (chosen(merged.spawn_backend.origin()))
    backends.push_back(plugins.resolve("spawn", merged.spawn_backend.value()));
  else
    backends = good_keys("spawn");
  if (chosen(merged.transports.origin()))
    for (const std::string& key : merged.transports.value())
      transports.push_back(plugins.resolve("transport", key));
  else
    transports = good_keys("transport");
  std::erase_if(transports,
                [&](const std::string& key) { return !plugins.transport(key).crosses_processes(); });
  std::vector<std::string> folders;
  for (const auto& [folder, from] : merged.plugin_path) folders.push_back(folder);
  std::vector<cell> cells;
  for (const std::string& backend : backends)
    for (const std::string& transport : transports) cells.emplace_back(backend, transport, folders);
  return cells;
}

void require_cell(const cell& wanted) {
  const actor& self = current_actor();
  if (self.start_method() != wanted.backend() || self.transports().front() != wanted.transport())
    throw std::runtime_error("wanted the cell " + wanted.text() + " and got " + self.start_method() + "+" +
                             self.transports().front());
}

}  // namespace bench
