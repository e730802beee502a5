#include "runtime/actor_runtime.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <cstdlib>

#include "runtime/socket_reason.hpp"
#include "tractor/async/task_tree.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/log/sink.hpp"
#include "tractor/plugin/registry.hpp"

namespace tractor {

namespace detail {

using namespace std::chrono_literals;

discovery_factory make_discovery = nullptr;

namespace {
actor_runtime* the_runtime = nullptr;
std::string last_actor;

// Without this glibc gives the top of the heap back at each free of an item of some 64 KiB, and the kernel
// clears its pages anew for the next one: three quarters of the bandwidth. The thresholds rise with the first
// large block that is freed, as they would in the life of many a program: to 4 MiB of free memory here.
void keep_freed_memory() {
  static bool done = false;
  if (done) return;
  done = true;
  void* volatile large = std::malloc(2 << 20);
  std::free(large);
}

void speak(log::speaker& who) {
  if (!the_runtime) return;
  who.actor = the_runtime->id().name();
  who.uuid = the_runtime->id().uuid();
  who.task = current_task_name();
}
}  // namespace

actor_runtime::actor_runtime(actor_id self, settings config, bool is_root)
    : self_(std::move(self)), config_(std::move(config)), is_root_(is_root) {
  keep_freed_memory();
  if (the_runtime)
    throw runtime_failure("there is a runtime in this process already: actor '" +
                          the_runtime->id().short_form() + "'");
  if (make_discovery) discovery_ = make_discovery();
  the_runtime = this;
  log::set_context_provider(&speak);
}

actor_runtime::~actor_runtime() {
  last_actor = self_.short_form();
  the_runtime = nullptr;
  log::set_context_provider(nullptr);
}

actor_runtime& actor_runtime::current() {
  if (!the_runtime)
    throw no_runtime("there is no actor runtime here: enter it with tractor::run" +
                     (last_actor.empty() ? std::string() : "; the last one was '" + last_actor + "'"));
  return *the_runtime;
}

actor_runtime* actor_runtime::current_or_null() noexcept { return the_runtime; }

spawn_backend& actor_runtime::backend() { return plugin::registry::instance().spawn(start_method()); }

std::vector<address> actor_runtime::addresses() const {
  return server_ ? server_->endpoints() : std::vector<address>();
}

std::vector<address> actor_runtime::advertised() const {
  return advertised_.empty() ? addresses() : advertised_;
}

bool actor_runtime::is_parent_at(const address& where) const noexcept {
  return std::find(parent_addresses_.begin(), parent_addresses_.end(), where.text()) !=
         parent_addresses_.end();
}

portal actor_runtime::parent() const {
  if (!parent_link_) throw runtime_failure("the root actor has no parent");
  return portal(parent_link_);
}

resource_cache& actor_runtime::resources() {
  if (!resources_) throw runtime_failure("this actor has not booted yet: it cannot share resources");
  return *resources_;
}

std::string actor_runtime::state() const {
  std::size_t calls = 0;
  for (const auto& [uuid, via] : links_) calls += via->served_count();
  std::string out = cancel_requested() ? "cancelled by '" + canceller_.short_form() + "'" : "running";
  return out + ", " + std::to_string(calls) + " calls, " + std::to_string(links_.size()) + " peers, " +
         std::to_string(child_count) + " children";
}

ipc::handshake_options actor_runtime::identity() const {
  ipc::handshake_options options;
  options.self = self_;
  options.is_registrar = is_registrar_;
  options.allow_keyless = config_.allow_keyless_peers.value();
  return options;
}

msg::frame_limits actor_runtime::frame_limits() const {
  msg::frame_limits limits;
  limits.max_frame = config_.limits.max_frame.value();
  return limits;
}

void actor_runtime::open(task_nursery& services) {
  services_ = &services;
  resources_.emplace(services);
  ipc::server_options options;
  options.identity = identity();
  options.limits = frame_limits();
  options.handshake_timeout = config_.limits.handshake_timeout.value();
  options.max_unauthenticated = config_.limits.max_unauthenticated.value();
  server_ = std::make_unique<ipc::server>(
      services, std::move(options), [this](std::shared_ptr<ipc::channel> chan, ipc::handshake_result hello) {
        return serve_inbound(std::move(chan), std::move(hello));
      });
}

void actor_runtime::check_bind(const address& at) const {
  const tractor::transport& via = plugin::registry::instance().transport(at.transport());
  if (via.distance(at) == locality::network && !via.encrypts() && !config_.insecure_bind.value())
    throw runtime_failure(
        "refused to listen on " + at.text() +
        ": it is reachable from other machines and does not encrypt; use an encrypting transport, "
        "or --insecure if the network is trusted");
}

void actor_runtime::listen_on_bound(std::vector<std::unique_ptr<listener>> bound) {
  for (auto& one : bound) {
    const address at = server_->adopt(std::move(one));
    TRACTOR_LOG(runtime, runtime, "listening on {}", at.text());
  }
}

task<> actor_runtime::listen(const std::vector<address>& where) {
  for (const address& at : where) {
    check_bind(at);
    tractor::transport& via = plugin::registry::instance().transport(at.transport());
    try {
      const address bound = co_await server_->listen_on(via, at);
      TRACTOR_LOG(runtime, runtime, "listening on {}", bound.text());
    } catch (const boost::system::system_error& error) {
      throw runtime_failure("cannot listen on " + at.text() + ": " + reason_of(error, at));
    }
  }
}

void actor_runtime::allow(std::vector<std::string> keys) {
  for (std::string& key : keys) {
    const endpoint* what = find_endpoint(key);
    if (!what)
      throw module_not_exposed("this program has no endpoint '" + key +
                               "': it is another program than its parent's, or another build");
    exposed_[std::move(key)] = what;
  }
}

const endpoint& actor_runtime::exposed(std::string_view ns, std::string_view name,
                                       std::string_view signature) const {
  wanted_key_.assign(ns).append(":").append(name).append(signature);
  if (const auto exact = exposed_.find(wanted_key_); exact != exposed_.end()) return *exact->second;
  // By name alone, for peers that know no signatures; else to say what is wrong.
  const std::string prefix = std::string(ns) + ":" + std::string(name);
  const auto near = exposed_.lower_bound(prefix + "(");
  if (near != exposed_.end() && near->first.starts_with(prefix + "(")) {
    if (signature.empty()) return *near->second;
    throw msg_type_error("the caller takes " + prefix + " for " + std::string(signature) + ", but actor '" +
                         self_.short_form() + "' serves " + prefix + near->second->signature);
  }
  throw module_not_exposed("actor '" + self_.short_form() + "' does not expose " + prefix +
                           std::string(signature) + ": its spawner must say so with expose<&" +
                           std::string(name) + ">()");
}

std::shared_ptr<link> actor_runtime::find_link(const std::string& uuid) const {
  const auto at = links_.find(uuid);
  return at == links_.end() ? nullptr : at->second;
}

// Serves a connection from its handshake to its end; every way of getting one leads here.
task<> actor_runtime::serve_link(std::shared_ptr<link> via) {
  const auto entry = links_.emplace(via->peer().uuid(), via);
  std::exception_ptr cut;
  try {
    co_await via->serve();
  } catch (...) {
    cut = std::current_exception();
  }
  links_.erase(entry);
  // Again: a call of the peer's may have outlived it.
  link_gone(*via);
  if (cut) std::rethrow_exception(cut);
}

void actor_runtime::link_gone(const link& ended) {
  if (discovery_) discovery_->link_gone(*this, ended);
}

task<> actor_runtime::serve_inbound(std::shared_ptr<ipc::channel> chan, ipc::handshake_result hello) {
  const actor_id& peer = chan->peer();
  const auto at = expected_.find(peer.uuid());
  const bool impostor = peer == self_ || (at != expected_.end() && at->second->nonce != hello.nonce);
  if (impostor) {
    TRACTOR_LOG(ipc, error, "refused {}: it claims an identity that is not its own", chan->describe_peer());
    co_return;
  }
  auto via = std::make_shared<link>(*this, std::move(chan));
  if (at != expected_.end() && !at->second->connected) {
    via->permanent = true;
    at->second->connected = via;
    at->second->changed.notify_all();
  }
  co_await serve_link(std::move(via));
}

task<std::shared_ptr<ipc::channel>> actor_runtime::dial(address where, std::vector<std::byte> nonce,
                                                        bool probe) {
  tractor::transport& via = plugin::registry::instance().transport(where.transport());
  auto chan = std::make_shared<ipc::channel>(co_await via.connect(where), frame_limits());
  ipc::handshake_options options = identity();
  options.nonce = std::move(nonce);
  options.is_probe = probe;
  options.is_dialer = true;
  auto shake = [&](task_nursery& tasks) -> task<> {
    tasks.start_soon(task_name("writer"), [chan] { return chan->run_writer(); });
    co_await ipc::shake_hands(*chan, options);
    co_await chan->flush();
    chan->release_writer();
  };
  auto in_time = co_await move_on_after(config_.limits.handshake_timeout.value(), open_task_nursery(shake));
  if (!in_time) throw handshake_error("the peer at " + where.text() + " did not answer in time");
  co_return chan;
}

task<> actor_runtime::run_outbound(task_status<std::shared_ptr<link>>& status, address where,
                                   std::vector<std::byte> nonce) {
  std::shared_ptr<ipc::channel> chan = co_await dial(std::move(where), std::move(nonce));
  auto via = std::make_shared<link>(*this, chan);
  auto serve = [&](task_nursery& tasks) -> task<> {
    tasks.start_soon(task_name("writer"), [chan] { return chan->run_writer(); });
    status.started(via);
    co_await serve_link(via);
    tasks.scope().cancel();
  };
  co_await open_task_nursery(serve);
}

task<std::shared_ptr<link>> actor_runtime::connect(address where, std::vector<std::byte> nonce) {
  auto run = [this](task_status<std::shared_ptr<link>>& status, address to, std::vector<std::byte> key) {
    return run_outbound(status, std::move(to), std::move(key));
  };
  co_return co_await services_->start(run, std::move(where), std::move(nonce));
}

void actor_runtime::serve_parent(std::shared_ptr<link> via) {
  parent_link_ = via;
  via->permanent = true;
  via->on_end = [this, parent = via->peer()] {
    parent_lost_ = !cancel_requested();
    request_cancel(parent);
  };
  auto serve = [this](std::shared_ptr<link> parent) -> task<> {
    auto both = [&](task_nursery& tasks) -> task<> {
      tasks.start_soon(task_name("writer"), [&parent] { return parent->chan().run_writer(); });
      co_await serve_link(parent);
      tasks.scope().cancel();
    };
    co_await open_task_nursery(both);
  };
  services_->start_soon(task_name("parent"), serve, std::move(via));
}

}  // namespace detail

actor& current_actor() { return detail::actor_runtime::current(); }

bool is_root_process() noexcept {
  const detail::actor_runtime* runtime = detail::actor_runtime::current_or_null();
  return runtime && runtime->is_root();
}

}  // namespace tractor
