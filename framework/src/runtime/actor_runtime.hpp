// The runtime of one actor: its identity, connections, served endpoints, and its life from boot to teardown.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/link.hpp"
#include "tractor/async/resource_cache.hpp"
#include "tractor/ipc/server.hpp"
#include "tractor/plugin/settings.hpp"
#include "tractor/plugin/spawn_backend.hpp"
#include "tractor/plugin/transport.hpp"
#include "tractor/runtime/actor.hpp"
#include "tractor/runtime/run.hpp"

namespace tractor::detail {

/// What discovery does for the runtime. Installed by the discovery area, which stands above this one.
class discovery_hooks {
 public:
  virtual ~discovery_hooks() = default;
  /// Root only, before it listens: finds out who the registrar is. If it is this actor: yields the registry
  /// addresses, bound; else nothing. Throws `runtime_failure`.
  virtual task<std::vector<std::unique_ptr<listener>>> elect(actor_runtime& self,
                                                             const run_options& options) = 0;
  /// Enters a registrar into its own table, before its program runs; nothing for any other actor.
  virtual void enter(actor_runtime& self) = 0;
  /// Keeps this actor registered with its registrars; runs in the background, for the actor's life.
  virtual task<> join(actor_runtime& self) = 0;
  /// Leaves the registrars; bounded.
  virtual task<> leave(actor_runtime& self) = 0;
  /// Runs a verb of discovery; false if it is none.
  virtual bool serve_verb(actor_runtime& self, link& from, const msg::start& call) = 0;
  /// A connection has ended.
  virtual void link_gone(actor_runtime& self, const link& ended) = 0;
};
/// Makes the hooks of one runtime; set by discovery at load time.
using discovery_factory = std::unique_ptr<discovery_hooks> (*)();
extern discovery_factory make_discovery;

/// A child that has been spawned and must connect back.
class expected_child {
 public:
  std::vector<std::byte> nonce;
  std::shared_ptr<link> connected;
  condition changed;  // it has connected, or ended
};

class actor_runtime final : public actor {
 public:
  actor_runtime(actor_id self, settings config, bool is_root);
  ~actor_runtime();
  static actor_runtime& current();
  static actor_runtime* current_or_null() noexcept;

  const actor_id& id() const noexcept override { return self_; }
  bool is_root() const noexcept override { return is_root_; }
  bool is_registrar() const noexcept override { return is_registrar_; }
  const std::string& start_method() const noexcept override { return config_.spawn_backend.value(); }
  const std::vector<std::string>& transports() const noexcept override { return config_.transports.value(); }
  std::vector<address> addresses() const override;
  std::vector<address> advertised() const override;
  const std::vector<address>& registry_addrs() const noexcept override { return registry_addrs_; }
  bool debug_mode() const noexcept override { return config_.debug_mode.value(); }
  portal parent() const override;
  void cancel_soon() noexcept override;
  void at_exit(std::function<void()> callback) override { lifetime_.push_back(std::move(callback)); }
  resource_cache& resources() override;
  std::string state() const override;

  const settings& config() const noexcept { return config_; }
  spawn_backend& backend();
  const std::shared_ptr<link>& parent_link() const noexcept { return parent_link_; }
  discovery_hooks& discovery() noexcept { return *discovery_; }
  task_nursery& services() noexcept { return *services_; }

  // Boot.
  void open(task_nursery& services);
  void set_registry_addrs(std::vector<address> where) { registry_addrs_ = std::move(where); }
  void become_registrar(bool yes) noexcept { is_registrar_ = yes; }
  task<> listen(const std::vector<address>& where);
  void listen_on_bound(std::vector<std::unique_ptr<listener>> bound);
  /// Throws `runtime_failure` for an address that this actor must not listen on.
  void check_bind(const address& at) const;
  void set_advertised(std::vector<address> where) { advertised_ = std::move(where); }
  void set_parent_addresses(std::vector<std::string> all) { parent_addresses_ = std::move(all); }
  /// True when the parent said that it listens there: then its connection will do.
  bool is_parent_at(const address& where) const noexcept;
  void set_root_address(std::string where) { root_address_ = std::move(where); }
  const std::string& root_address() const noexcept { return root_address_; }
  void allow(std::vector<std::string> keys);

  // Connections.
  /// Connects to `where` and serves the connection in the background. A checkpoint, bounded by the
  /// handshake's.
  task<std::shared_ptr<link>> connect(address where, std::vector<std::byte> nonce = {});
  /// The parent's connection: handshake only; `serve_parent` runs its loop.
  task<std::shared_ptr<ipc::channel>> dial(address where, std::vector<std::byte> nonce, bool probe = false);
  void serve_parent(std::shared_ptr<link> via);
  std::shared_ptr<link> find_link(const std::string& uuid) const;
  const std::multimap<std::string, std::shared_ptr<link>>& links() const noexcept { return links_; }
  void expect(const std::string& uuid, expected_child& child) { expected_[uuid] = &child; }
  void forget(const std::string& uuid) { expected_.erase(uuid); }

  // Calls of peers.
  const endpoint& exposed(std::string_view ns, std::string_view name, std::string_view signature) const;
  bool serve_verb(link& from, const msg::start& call) { return discovery_->serve_verb(*this, from, call); }

  // The end.
  /// A peer (or this actor itself) asks for the end; `via` and `cid` tell whom to acknowledge. The first is
  /// the canceller; the earliest deadline of all who ask holds.
  void request_cancel(const actor_id& who, cancel_cause why = {}, std::shared_ptr<link> via = nullptr,
                      std::string cid = {});
  /// What the running task's cancel of others is due to: who has cancelled the call that it works for, else
  /// who has cancelled this actor, else nobody but this actor itself, for the reason `otherwise`.
  cancel_cause cause_of_cancel(std::string otherwise) const;
  bool cancel_requested() const noexcept { return !canceller_.empty(); }
  const actor_id& canceller() const noexcept { return canceller_; }
  event& cancel_event() noexcept { return cancel_event_; }
  /// True once the calls of peers are being ended: nobody would end one that begins now.
  bool is_ending() const noexcept { return ending_; }
  const cancel_cause& cause() const noexcept { return cause_; }
  /// The peer of a connection can be heard no more.
  void link_gone(const link& ended);
  /// True when the parent's connection ended before anybody asked this actor to end.
  bool parent_lost() const noexcept { return parent_lost_; }
  /// Ends all service: calls, listeners, callbacks, registration, acknowledgements, connections. Shield it.
  task<> teardown();

  int child_count = 0;
  const std::set<int>& child_pids() const noexcept { return child_pids_; }
  void add_child_pid(int pid) { child_pids_.insert(pid); }
  void remove_child_pid(int pid) { child_pids_.erase(pid); }
  /// Stands for a child that was asked for and is not known by its pid yet.
  class birth {
   public:
    explicit birth(actor_runtime& in) : in_(in), number_(in.births_++) { in_.under_way_.insert(number_); }
    birth(const birth&) = delete;
    birth& operator=(const birth&) = delete;
    ~birth() { in_.under_way_.erase(number_); }

   private:
    actor_runtime& in_;
    std::uint64_t number_;
  };
  /// How many births have begun so far.
  std::uint64_t births() const noexcept { return births_; }
  /// True while one of the first `count` births is under way.
  bool is_giving_birth(std::uint64_t count) const noexcept {
    return !under_way_.empty() && *under_way_.begin() < count;
  }

 private:
  task<> serve_link(std::shared_ptr<link> via);
  task<> serve_inbound(std::shared_ptr<ipc::channel> chan, ipc::handshake_result hello);
  task<> run_outbound(task_status<std::shared_ptr<link>>& status, address where,
                      std::vector<std::byte> nonce);
  task<> acknowledge_cancel();
  void acknowledge(link& via, const std::string& cid) const;
  /// Until when who asks for the end is to be answered.
  time_point answers_by() const noexcept;
  /// Waits until what is queued for them has left, for all at once, and not for longer than the bound: a peer
  /// that takes nothing must not hold up what the others are to hear.
  static task<> flush_all(std::vector<std::shared_ptr<link>> links, duration bound);
  ipc::handshake_options identity() const;
  msg::frame_limits frame_limits() const;

  actor_id self_;
  settings config_;
  bool is_root_;
  bool is_registrar_ = false;
  std::vector<address> registry_addrs_;
  std::vector<address> advertised_;  // empty: those it listens on
  std::vector<std::string> parent_addresses_;
  std::string root_address_;
  task_nursery* services_ = nullptr;
  std::optional<resource_cache> resources_;
  std::unique_ptr<ipc::server> server_;
  std::unique_ptr<discovery_hooks> discovery_;
  std::shared_ptr<link> parent_link_;
  std::multimap<std::string, std::shared_ptr<link>> links_;
  std::map<std::string, expected_child*> expected_;
  std::map<std::string, const endpoint*, std::less<>> exposed_;
  mutable std::string wanted_key_;  // kept for its room: a lookup for each call must not allocate
  std::vector<std::function<void()>> lifetime_;
  std::set<int> child_pids_;
  std::set<std::uint64_t> under_way_;
  std::uint64_t births_ = 0;
  actor_id canceller_;
  cancel_cause cause_;
  std::vector<std::pair<std::shared_ptr<link>, std::string>> to_acknowledge_;
  event cancel_event_;
  cancel_scope* calls_end_ = nullptr;  // while they are waited for ahead of the answer
  bool ending_ = false;
  bool acknowledges_at_once_ = false;
  bool parent_lost_ = false;
};

/// Finds which loaded transport reads `text`; only those enabled here are asked.
address parse_address(const std::vector<std::string>& transports, const std::string& text);
/// An address as it travels inside messages, and back.
msg::wire_address to_wire(const address& where);
address from_wire(const std::vector<std::string>& transports, const msg::wire_address& wire);

}  // namespace tractor::detail
