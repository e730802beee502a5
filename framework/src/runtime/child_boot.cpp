// How a child comes to be: what it is started with, and what it is told once it has connected.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "runtime/child_actor.hpp"
#include "runtime/dump_signal.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/transport.hpp"

namespace tractor::detail {

using namespace std::chrono_literals;

namespace {
// A child that neither connects nor dies in this time is ended: nothing waits without a bound.
constexpr duration boot_bound = 30s;
}  // namespace

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
  // Where its stderr goes once it has booted.
  int later_stderr = STDERR_FILENO;
  request.title = "_subactor[" + id_.short_form() + "]";
  for (int number : options_.null_stdio()) {
    if (null_.get() < 0) null_.reset(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (number == STDERR_FILENO)
      later_stderr = null_.get();
    else
      request.fds.emplace_back(null_.get(), number);
  }
  const int boot_number = choose_boot_number(options_.fds());
  request.fds.emplace_back(childs_socket_.get(), boot_number);
  request.fds.emplace_back(boot_stderr_.get(), STDERR_FILENO);
  for (const auto& passed : options_.fds())
    if (passed.second == STDERR_FILENO)
      later_stderr = passed.first;
    else
      request.fds.push_back(passed);
  request.fds.emplace_back(later_stderr, boot_number + 1);
  request.env = options_.env();
  request.env.emplace_back(boot_variable, std::to_string(boot_number));
  request.working_directory = options_.working_directory();

  boot_record record;
  record.name = id_.name();
  record.uuid = id_.uuid();
  record.parent_name = runtime_.id().name();
  record.parent_uuid = runtime_.id().uuid();
  record.parent_pid = ::getpid();
  // The child connects back over a transport that both have.
  std::string one_process;
  for (const address& at : runtime_.addresses()) {
    if (!plugin::registry::instance().transport(at.transport()).crosses_processes())
      one_process = at.transport();
    else if (record.parent_address.empty() || at.transport() == transports_.front()) {
      record.parent_address = at.text();
      record.parent_transport = at.transport();
    }
  }
  if (record.parent_address.empty() && !one_process.empty())
    throw runtime_failure("cannot start actor '" + id_.name() + "': its parent listens on '" + one_process +
                          "', a transport within one process; enable another one, as by --tpt-proto");
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
  const dump_signal_blocked for_the_child;
  process_ = co_await runtime_.backend().spawn(request);
  id_ = actor_id(id_.name(), id_.uuid(), process_->pid());
  runtime_.add_child_pid(id_.pid());
  childs_socket_.reset();
  null_.reset();
  TRACTOR_LOG(spawn, runtime, "spawned '{}' as pid {}", id_.short_form(), id_.pid());
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

// A child that dies between its handshake and this has its end to tell, not the socket's.
task<> child_actor::introduce() {
  bool lost = false;
  try {
    send_spec();
  } catch (const transport_closed&) {
    lost = true;
  }
  if (!lost) co_return;
  const bool gone = co_await exits_within(runtime_.config().timeouts.nursery_cancel.value());
  if (gone) fail_exit(true);
  throw actor_failure(id_, "closed its connection in its boot, and lives on");
}

}  // namespace tractor::detail
