#include "runtime/child_actor.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <system_error>

#include "tractor/async/timeouts.hpp"
#include "tractor/log/logger.hpp"

namespace tractor::detail {

using namespace std::chrono_literals;

namespace {
// A child that neither connects nor dies in this time is ended: nothing waits without a bound.
constexpr duration boot_bound = 30s;
constexpr std::size_t tail_size = 4096;

task<std::exception_ptr> as_task(std::exception_ptr known) { co_return known; }

/// Empties a hook that refers to a frame, with that frame.
class cleared {
 public:
  explicit cleared(std::function<void()>& hook) : hook_(hook) {}
  cleared(const cleared&) = delete;
  ~cleared() { hook_ = nullptr; }

 private:
  std::function<void()>& hook_;
};
}  // namespace

child_actor::child_actor(actor_nursery& nursery, std::string name, actor_options options,
                         std::shared_ptr<run_once_state> once)
    : nursery_(nursery),
      runtime_(actor_runtime::current()),
      options_(std::move(options)),
      once_(std::move(once)),
      id_(std::move(name), make_uuid()),
      transports_(options_.transports().empty() ? runtime_.transports() : options_.transports()) {
  nursery_.children_.push_back(this);
  ++runtime_.child_count;
}

// Whoever still asks how this child ended may hold it longer than its nursery lives.
void child_actor::detach() noexcept {
  runtime_.forget(id_.uuid());
  runtime_.remove_child_pid(id_.pid());
  --runtime_.child_count;
  nursery_.child_gone(*this);
}

void child_actor::prepare(spawn_request& request) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    throw std::system_error(errno, std::generic_category(),
                            "cannot make the boot socket of '" + id_.name() + "'");
  boot_socket_.reset(pair[0]);
  childs_socket_.reset(pair[1]);
  boot_stderr_.reset(::memfd_create("tractor-boot-stderr", MFD_CLOEXEC));
  if (boot_stderr_.get() < 0)
    throw std::system_error(errno, std::generic_category(), "cannot keep the stderr of '" + id_.name() + "'");
  bool null_stderr = false;
  request.title = "_subactor[" + id_.short_form() + "]";
  for (int number : options_.null_stdio()) {
    if (null_.get() < 0) null_.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (number == STDERR_FILENO)
      null_stderr = true;
    else
      request.fds.emplace_back(null_.get(), number);
  }
  request.fds.emplace_back(childs_socket_.get(), boot_socket_number);
  request.fds.emplace_back(null_stderr ? null_.get() : STDERR_FILENO, real_stderr_number);
  request.fds.emplace_back(boot_stderr_.get(), STDERR_FILENO);
  for (const auto& passed : options_.fds()) request.fds.push_back(passed);
  request.env = options_.env();
  request.env.emplace_back(boot_variable, std::to_string(boot_socket_number));
  request.working_directory = options_.working_directory();

  boot_record record;
  record.name = id_.name();
  record.uuid = id_.uuid();
  record.parent_name = runtime_.id().name();
  record.parent_uuid = runtime_.id().uuid();
  record.parent_pid = ::getpid();
  // The child connects back over a transport that both have.
  for (const address& at : runtime_.addresses())
    if (record.parent_address.empty() || at.transport() == transports_.front()) {
      record.parent_address = at.text();
      record.parent_transport = at.transport();
    }
  expected_.nonce.resize(16);
  if (::getrandom(expected_.nonce.data(), expected_.nonce.size(), 0) != 16)
    throw runtime_failure("the kernel gives no random bytes");
  record.nonce = expected_.nonce;
  record.spawn_backend = runtime_.start_method();
  record.transports = transports_;
  put_settings(record, runtime_.config());
  if (!options_.loglevel().empty()) {
    record.log_spec = options_.loglevel();
  }
  record.debug_mode = debug_mode();
  write_record(boot_socket_.get(), record);
}

task<> child_actor::boot() {
  runtime_.expect(id_.uuid(), expected_);
  spawn_request request;
  prepare(request);
  const actor_runtime::birth under_way(runtime_);
  process_ = co_await runtime_.backend().spawn(request);
  id_ = actor_id(id_.name(), id_.uuid(), process_->pid());
  runtime_.add_child_pid(id_.pid());
  childs_socket_.reset();
  null_.reset();
  TRACTOR_LOG(spawn, runtime, "spawned '{}' as pid {}", id_.short_form(), id_.pid());
}

// One task for the whole life of the process, whoever else waits for its end; no cancel of the nursery
// reaches it, since the child is then still to be waited for. What the child said last may still be on its
// way to us: its end is told behind that, within a bound, as a copy of its socket may live on elsewhere.
task<> child_actor::watch_exit() {
  auto reap = [this]() -> task<> {
    status_ = co_await process_->wait();
    if (expected_.connected)
      co_await move_on_after(runtime_.config().timeouts.cancel_ack.value(), expected_.connected->wait_end());
  };
  try {
    auto ended = co_await watch_.run(reap());
    if (!ended) co_return;
  } catch (const std::exception&) {
    lost_ = std::current_exception();
  }
  exited_.set();
  expected_.changed.notify_all();
}

// The birth races with the death: a child that dies in its boot is an error with its last words.
task<> child_actor::wait_connected() {
  auto either = [&]() -> task<> {
    while (!expected_.connected && !exited_.is_set()) co_await expected_.changed.wait();
  };
  auto in_time = co_await move_on_after(boot_bound, either);
  if (exited_.is_set()) fail_exit(true);
  if (!in_time) throw actor_failure(id_, "did not connect to its parent within 30 s of its start");
}

// A registrar is reached at any of its addresses: by a child that does not speak the transport of the
// registry addresses, at one that it does.
std::vector<address> child_actor::registrars_of_child() const {
  std::vector<address> out = runtime_.registry_addrs();
  auto spoken = [&](const address& at) {
    return std::find(transports_.begin(), transports_.end(), at.transport()) != transports_.end();
  };
  if (!runtime_.is_registrar() || std::any_of(out.begin(), out.end(), spoken)) return out;
  for (const address& at : runtime_.addresses())
    if (spoken(at)) out.push_back(at);
  return out;
}

void child_actor::send_spec() {
  link& via = *expected_.connected;
  msg::spawn_spec spec;
  for (const std::string& key : options_.exposed())
    if (const endpoint* what = find_endpoint(key)) spec.enable_modules.emplace_back(what->ns, "");
  const std::vector<address> registrars = registrars_of_child();
  for (const address& at : registrars) {
    const msg::wire_address wire = to_wire(at);
    if (wire.index() != 2) spec.reg_addrs.push_back(wire);
    spec.x_maddrs.push_back(at.text());
  }
  msg::buffer exposed, vars, bind;
  msg::writer exposed_to(exposed), vars_to(vars), bind_to(bind);
  // A name given at run time is news to a fresh process: it goes along with what it stands for.
  std::vector<std::vector<std::string>> served;
  for (const std::string& key : options_.exposed()) {
    served.push_back({key});
    const endpoint* const what = find_endpoint(key);
    if (!what || what->alias_of.empty()) continue;
    served.back().push_back(what->alias_of);
    served.back().push_back(what->ns + ":" + what->name);
    served.back().insert(served.back().end(), what->parameters.begin(), what->parameters.end());
  }
  msg::encode(exposed_to, served);
  spec.x_expose = exposed.view();
  msg::encode(bind_to, options_.bind_addrs());
  spec.x_vars = bind.view();
  for (const std::string& text : options_.advertise_addrs()) spec.x_advertise.push_back(text);
  std::vector<address> ours = runtime_.addresses();
  const std::vector<address> shown = runtime_.advertised();
  ours.insert(ours.end(), shown.begin(), shown.end());
  for (const address& at : ours) spec.x_parent_addrs.push_back(at.text());
  // The reference reads these two without asking whether they are there.
  vars_to.map_header(4);
  vars_to.str("_is_root");
  vars_to.boolean(false);
  vars_to.str("_debug_mode");
  vars_to.boolean(debug_mode());
  vars_to.str("_is_infected_aio");
  vars_to.boolean(false);
  vars_to.str("_root_mailbox");
  vars_to.str(runtime_.root_address());
  spec.runtime_vars = vars.view();
  via.chan().send(spec);
}

task<> child_actor::run(const std::function<void(portal)>& booted) {
  auto whole = [&](task_nursery& tasks) -> task<> { co_await live(tasks, booted); };
  co_await open_task_nursery(whole);
}

task<> child_actor::live(task_nursery& tasks, const std::function<void(portal)>& booted) {
  struct stop_watching {
    ~stop_watching() { watch.cancel(); }
    cancel_scope& watch;
  } const at_the_end{watch_};
  std::exception_ptr error;
  try {
    co_await boot();
    tasks.start_soon(task_name("exit watch"), [this] { return watch_exit(); });
    co_await wait_connected();
    expected_.connected->explain_end = [self = shared_from_this()] { return explain_end(self); };
    send_spec();
    boot_socket_.reset();
    booted(portal(expected_.connected));
    co_await attend();
  } catch (...) {
    error = std::current_exception();
  }
  // One that left by itself, even with code 0, had no time to put things away.
  const bool left_by_itself = exited_.is_set();
  if (process_ && !left_by_itself) co_await shielded([&]() -> task<> { co_await end(nursery_.hard_); });
  if (expected_.connected) {
    expected_.connected->explain_end = nullptr;
    // Calls under way end with the same error as the child, whichever of the two was noticed first.
    if (left_by_itself && !status_.success())
      expected_.connected->explain_end = [known = death(false)] { return as_task(known); };
    expected_.connected->chan().close();
  }
  const bool in_order =
      expected_.connected && expected_.connected->cancel_acknowledged() && status_.success();
  if (!in_order && (left_by_itself || (exited_.is_set() && !status_.success())))
    co_await shielded([&]() -> task<> { co_await clean_up_after_death(); });
  if (once_ && !once_->done.is_set()) {
    once_->error = error ? error : death(false);
    once_->done.set();
  }
  boot_stderr_.reset();
  detach();
  if (error) std::rethrow_exception(error);
}

// Waits for the end of a running child, or for the one call of a run-once child.
task<> child_actor::attend() {
  auto both = [&](task_nursery& tasks) -> task<> {
    tasks.start_soon(task_name("end of its process"), [this, &tasks]() -> task<> {
      co_await exited_.wait();
      // Its last messages may still be on their way to us; the connection says why it ended.
      tasks.scope().cancel();
    });
    co_await run_once();
    tasks.scope().cancel();
  };
  if (once_)
    co_await open_task_nursery(both);
  else
    co_await watch_link();
  if (lost_) std::rethrow_exception(lost_);
  if (exited_.is_set() && !status_.success()) fail_exit(false);
}

// Waits for the end of the process. One that lives and cannot be reached any more has failed: at once if it
// was silent for too long, else after the time that an orderly end may take.
task<> child_actor::watch_link() {
  link& via = *expected_.connected;
  bool was_silent = false;
  via.on_end = [&] {
    // Any other reason is found out later.
    was_silent = via.end_error() != nullptr;
    expected_.changed.notify_all();
  };
  const cleared on_end(via.on_end);
  while (via.connected() && !exited_.is_set()) co_await expected_.changed.wait();
  if (!exited_.is_set() && !was_silent)
    co_await move_on_after(runtime_.config().timeouts.nursery_cancel.value(), exited_.wait());
  if (exited_.is_set()) co_return;
  if (via.end_error()) std::rethrow_exception(via.end_error());
  co_await exited_.wait();
}

task<> child_actor::run_once() {
  auto keep = [](void* slot, msg::byte_view value) { static_cast<msg::buffer*>(slot)->append(value); };
  std::exception_ptr error;
  try {
    co_await call_endpoint(expected_.connected, *once_->what, std::move(once_->args), keep, &once_->value);
  } catch (...) {
    error = std::current_exception();
  }
  once_->error = error;
  once_->done.set();
  if (error) std::rethrow_exception(error);
}

task<bool> child_actor::exits_within(duration bound) {
  if (!exited_.is_set()) {
    auto in_time = co_await move_on_after(bound, exited_.wait());
    if (!in_time) co_return false;
  }
  if (lost_) std::rethrow_exception(lost_);
  co_return true;
}

// The kill ladder. Every rung has a bound, so that no child, however stuck, holds its parent for ever.
task<> child_actor::end(bool hard) {
  const auto& bounds = runtime_.config().timeouts;
  bool gone = false;
  if (!hard && expected_.connected) {
    const bool acknowledged = co_await expected_.connected->request_cancel(bounds.cancel_ack.value());
    if (acknowledged) {
      // It is ending its own children by this same ladder: the bound covers one that is stuck.
      gone = co_await exits_within(bounds.nursery_cancel.value());
    } else {
      gone = co_await exits_within(0s);
      if (!gone)
        TRACTOR_LOG(runtime, cancel, "'{}' did not acknowledge its cancel in time", id_.short_form());
    }
  }
  if (gone) co_return;
  process_->signal(SIGTERM);
  gone = co_await exits_within(bounds.hard_kill.value());
  if (gone) co_return;
  TRACTOR_LOG(runtime, critical, "'{}' (pid {}) does not end: killing it", id_.short_form(), id_.pid());
  process_->signal(SIGKILL);
  gone = co_await exits_within(10s);
  if (!gone) throw actor_failure(id_, "survives SIGKILL: it hangs in the kernel");
}

// What a killed process leaves is for its nearest living relative.
task<> child_actor::clean_up_after_death() {
  std::vector<int> dead = co_await sweep_orphans();
  dead.push_back(id_.pid());
  remove_leftovers(dead, transports_);
}

task<std::exception_ptr> child_actor::explain_end(std::shared_ptr<child_actor> self) {
  const bool gone = co_await self->exits_within(500ms);
  if (!gone || self->status_.success()) co_return nullptr;
  co_return self->death(false);
}

// One object however often it is raised, so that a nursery which meets it twice counts it once.
std::exception_ptr child_actor::death(bool booting) {
  if (!death_) {
    // A child that has connected may still fail to listen; once it serves, its last words are not kept here.
    const std::string tail = stderr_tail();
    death_ = std::make_exception_ptr(actor_failure(id_, status_, booting || !tail.empty(), tail));
  }
  return death_;
}

std::string child_actor::stderr_tail() const {
  const off_t size = ::lseek(boot_stderr_.get(), 0, SEEK_END);
  if (size <= 0) return {};
  const off_t from = size > static_cast<off_t>(tail_size) ? size - static_cast<off_t>(tail_size) : 0;
  std::string tail(static_cast<std::size_t>(size - from), '\0');
  const ssize_t count = ::pread(boot_stderr_.get(), tail.data(), tail.size(), from);
  tail.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  while (!tail.empty() && tail.back() == '\n') tail.pop_back();
  return tail;
}

void child_actor::fail_exit(bool booting) {
  if (lost_) std::rethrow_exception(lost_);
  std::rethrow_exception(death(booting));
}

}  // namespace tractor::detail
