#include "runtime/child_main.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <boost/system/system_error.hpp>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "log/bounded_write.hpp"
#include "runtime/actor_runtime.hpp"
#include "runtime/boot_record.hpp"
#include "runtime/complain.hpp"
#include "runtime/dump_signal.hpp"
#include "runtime/guards.hpp"
#include "runtime/nemesis.hpp"
#include "runtime/standard_streams.hpp"
#include "tractor/async/exception_group.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/async/use_task.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/log/sink.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/runtime/actor_nursery.hpp"
#include "tractor/runtime/run.hpp"

namespace tractor {

namespace detail {

namespace {

// In its boot a child writes its stderr to a file of its parent's, which quotes it if the child dies. From
// then on the real one is used; what was written so far is passed on.
void use_real_stderr(int real_stderr) {
  char chunk[4096];
  off_t at = 0;
  for (ssize_t count; (count = ::pread(STDERR_FILENO, chunk, sizeof chunk, at)) > 0; at += count)
    if (!log::detail::write_bounded(real_stderr, {chunk, static_cast<std::size_t>(count)})) break;
  // Nothing of it is a last word any more.
  if (::ftruncate(STDERR_FILENO, 0) != 0) std::perror("tractor: the stderr of a boot");
  ::dup2(real_stderr, STDERR_FILENO);
  ::close(real_stderr);
}

// Before it serves, a child has nothing to end in order, and nobody there to wait for its cancel.
task<> watch_child_signals(actor_runtime& runtime, const bool& serves, cancel_scope& life) {
  asio::signal_set signals(this_context());
  for (const int each : {SIGINT, SIGTERM, SIGHUP}) signals.add(each);
  const interrupts_let_in here;
  for (;;) {
    const int signo = co_await signals.async_wait(use_task);
    // A terminal that is closed tells all its processes; what that means is for the root to say.
    if (signo == SIGHUP) continue;
    TRACTOR_LOG(runtime, cancel, "signal {} from the system: ending", signo);
    runtime.cancel_soon();
    if (!serves) life.cancel();
  }
}

// The keys to serve; names that were given at run time become known here.
std::vector<std::string> take_exposed(msg::byte_view value) {
  std::vector<std::vector<std::string>> served;
  msg::decode_all(value, served);
  std::vector<std::string> keys;
  for (const std::vector<std::string>& one : served) {
    if (one.empty()) continue;
    keys.push_back(one[0]);
    const endpoint* const of = one.size() >= 3 && !find_endpoint(one[0]) ? find_endpoint(one[1]) : nullptr;
    if (of) add_alias(*of, one[2], std::vector<std::string>(one.begin() + 3, one.end()));
  }
  return keys;
}

// Applies what the parent's SpawnSpec says; it is the first message after the handshake.
task<std::vector<std::string>> take_spec(actor_runtime& runtime, ipc::channel& chan) {
  auto body = co_await chan.receive();
  if (!body)
    throw transport_closed("the parent closed the connection before its SpawnSpec",
                           transport_closed::cause::end_of_stream);
  const msg::message message = msg::decode_message(*body);
  const auto* spec = std::get_if<msg::spawn_spec>(&message);
  if (!spec)
    throw runtime_failure("the parent sent a " + std::string(msg::message_name(message)) +
                          " where a SpawnSpec must stand");
  std::vector<std::string> exposed, bind;
  if (!spec->x_expose.empty()) exposed = take_exposed(spec->x_expose);
  if (!spec->x_vars.empty()) msg::decode_all(spec->x_vars, bind);
  runtime.set_parent_addresses(
      std::vector<std::string>(spec->x_parent_addrs.begin(), spec->x_parent_addrs.end()));
  std::vector<address> advertised;
  for (std::string_view text : spec->x_advertise)
    advertised.push_back(parse_address(runtime.transports(), std::string(text)));
  runtime.set_advertised(std::move(advertised));
  runtime.allow(std::move(exposed));
  std::vector<address> registry;
  for (std::string_view text : spec->x_maddrs) {
    const std::string where(text);
    for (const std::string& key : runtime.transports())
      if (auto known = plugin::registry::instance().transport(key).parse(where)) registry.push_back(*known);
  }
  if (spec->x_maddrs.empty())
    for (const msg::wire_address& wire : spec->reg_addrs)
      registry.push_back(from_wire(runtime.transports(), wire));
  runtime.set_registry_addrs(std::move(registry));
  if (!spec->runtime_vars.empty()) {
    msg::reader in(spec->runtime_vars);
    for (std::size_t left = in.map_header(); left > 0; --left) {
      const std::string name(in.str());
      const msg::byte_view value = in.skip();
      if (name == "_root_mailbox" && msg::reader(value).peek() == msg::kind::str) {
        std::string where;
        msg::decode_all(value, where);
        runtime.set_root_address(std::move(where));
      }
    }
  }
  co_return bind;
}

task<> child_life(const boot_record& record, int real_stderr) {
  await_nemesis(record.name);
  actor_runtime runtime(actor_id(record.name, record.uuid, ::getpid()), take_settings(record), false);
  bool serves = false;
  auto services = [&](task_nursery& tasks) -> task<> {
    runtime.open(tasks);
    tasks.start_soon(task_name("SIGUSR1"), [] { return watch_dump_signal(); });
    tasks.start_soon(task_name("signals"),
                     [&] { return watch_child_signals(runtime, serves, tasks.scope()); });
    const std::vector<std::string> to_parent = {record.parent_transport};
    const address parent = parse_address(to_parent, record.parent_address);
    std::shared_ptr<ipc::channel> chan = co_await runtime.dial(parent, record.nonce);
    if (chan->peer().uuid() != record.parent_uuid)
      throw runtime_failure("at " + parent.text() + " listens '" + chan->peer().short_form() +
                            "', who is not the parent");
    if (nemesis_waits) pass_failure_point(failure_point::connected);
    const std::vector<std::string> bind = co_await take_spec(runtime, *chan);
    std::vector<address> listen;
    for (const std::string& text : bind) listen.push_back(parse_address(runtime.transports(), text));
    if (listen.empty())
      for (const std::string& key : runtime.transports())
        listen.push_back(plugin::registry::instance().transport(key).random_bind(runtime.id()));
    co_await runtime.listen(listen);
    use_real_stderr(real_stderr);
    serves = true;
    runtime.serve_parent(std::make_shared<link>(runtime, std::move(chan)));
    if (nemesis_waits) pass_failure_point(failure_point::serving);
    tasks.start_soon(task_name("join"), [&] { return runtime.discovery().join(runtime); });
    co_await runtime.cancel_event().wait();
    co_await shielded([&]() -> task<> { co_await runtime.teardown(); });
    if (runtime.parent_lost())
      remove_leftovers_of_parent(record.parent_pid, record.parent_address, {record.parent_transport});
    tasks.scope().cancel();
  };
  co_await open_task_nursery(services);
}

int run_child(const boot_record& record, int real_stderr) {
  const settings chosen = take_settings(record);
  plugin::registry& plugins = plugin::registry::instance();
  plugins.set_folders(chosen.plugin_folders());
  plugins.trust_keys();
  chosen.apply_log_levels();
  spawn_backend& backend = plugins.spawn(record.spawn_backend);
  backend.prepare(process_boot_info());
  int code = 0;
  try {
    run_loop(child_life(record, real_stderr));
  } catch (...) {
    complain("actor '" + record.name + "' failed: " + describe(std::current_exception()));
    code = 1;
  }
  backend.shutdown();
  return code;
}

}  // namespace

int child_main() {
  open_standard_streams();
  try {
    guard_signals();
    log::reset_after_fork();
    const int boot_socket = boot_number(), real_stderr = boot_socket + 1;
    ::unsetenv(boot_variable);
    const boot_record record = read_record(boot_socket);
    guard_against_orphaning(record.parent_pid);
    become_subreaper();
    ::close(boot_socket);
    ::fcntl(real_stderr, F_SETFD, FD_CLOEXEC);
    const std::string title = "_subactor[" + actor_id(record.name, record.uuid).short_form() + "]";
    ::prctl(PR_SET_NAME, title.c_str());
    const int code = run_child(record, real_stderr);
    std::fflush(nullptr);
    log::flush();
    return code;
  } catch (const std::exception& error) {
    complain(std::string("an actor could not boot: ") + error.what());
    return 1;
  }
}

}  // namespace detail

void run_if_child(int argc, char** argv) {
  detail::open_standard_streams();
  detail::remember_argv(argc, argv);
  const bool made_by_backend = argc > 0 && argv[0] && std::strncmp(argv[0], "_subactor[", 10) == 0;
  if (made_by_backend && ::getenv(detail::boot_variable)) std::exit(detail::child_main());
  // A child of a backend that is used by itself is to find its signals as they were left.
  if (!made_by_backend) detail::outlive_dump_signals();
}

}  // namespace tractor
