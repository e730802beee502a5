#include "tractor/runtime/run.hpp"

#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "log/bounded_write.hpp"
#include "runtime/actor_runtime.hpp"
#include "runtime/boot_record.hpp"
#include "runtime/child_main.hpp"
#include "runtime/complain.hpp"
#include "runtime/dump_signal.hpp"
#include "runtime/error_box.hpp"
#include "runtime/guards.hpp"
#include "runtime/interrupts.hpp"
#include "tractor/async/exception_group.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/ipc/handshake.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/log/sink.hpp"
#include "tractor/plugin/flags.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace tractor {

namespace detail {

void run_root_with(const run_options& options, settings chosen, task<> main);

namespace {

struct argv_of_process {
  int argc = 0;
  char** argv = nullptr;
};
argv_of_process& process_argv() {
  static argv_of_process known;
  return known;
}

choices choices_of(const run_options& options) {
  choices out;
  if (!options.start_method().empty()) out.spawn_backend = options.start_method();
  if (!options.transports().empty()) out.transports = options.transports();
  if (!options.registry_addrs().empty()) out.registry_addrs = options.registry_addrs();
  if (!options.loglevel().empty()) {
    try {
      out.loglevel = log::parse_level(options.loglevel());
    } catch (const std::invalid_argument&) {
      out.log_spec = options.loglevel();
    }
  }
  if (options.debug_mode()) out.debug_mode = true;
  if (options.stack_on_sig()) out.enable_stackscope = true;
  if (options.keyless()) out.allow_keyless_peers = true;
  if (options.insecure()) out.insecure_bind = true;
  out.plugin_path = options.plugin_path();
  return out;
}

// Prints what a person must know about the choices, once, in the root.
void announce(const settings& chosen) {
  for (const std::string& notice : chosen.notices()) complain(notice);
  if (chosen.debug_mode.value()) complain("debug mode is accepted, but the debugger is not there yet");
}

// A registrar listens where it is looked for, and does so already; any other root on addresses of its own.
// Every enabled transport gets one.
std::vector<address> addresses_to_bind(const actor_runtime& runtime, std::vector<address> wanted) {
  const std::vector<address> bound = runtime.addresses();
  std::erase_if(wanted,
                [&](const address& at) { return std::find(bound.begin(), bound.end(), at) != bound.end(); });
  for (const std::string& key : runtime.transports()) {
    auto speaks = [&](const address& at) { return at.transport() == key; };
    if (std::any_of(wanted.begin(), wanted.end(), speaks) || std::any_of(bound.begin(), bound.end(), speaks))
      continue;
    wanted.push_back(plugin::registry::instance().transport(key).random_bind(runtime.id()));
  }
  return wanted;
}

// One that somebody has chosen; the error names who.
address chosen_registry(const settings& chosen, const std::string& text) {
  try {
    return parse_address(chosen.transports.value(), text);
  } catch (const address_error& error) {
    throw address_error(chosen.source_of("registry_addrs") + ": " + error.what());
  }
}

// Loads all of them: a backend that forks copies what there is. And the key, if one of them wants it: else
// the first child would be refused for it, and tell of it from afar.
void prepare_transports(const std::vector<std::string>& keys) {
  bool needs_key = false;
  for (const std::string& key : keys)
    if (!plugin::registry::instance().transport(key).vouches_for_peers()) needs_key = true;
  if (!needs_key) return;
  try {
    ipc::user_key();
  } catch (const handshake_error& error) {
    throw settings_error(error.what());
  }
}

task<> root_main(const run_options& options, const settings& chosen, task<> main) {
  actor_runtime runtime(actor_id(options.name(), make_uuid(), ::getpid()), chosen, true);
  std::vector<address> registry, bind, advertised;
  for (const std::string& text : chosen.registry_addrs.value())
    registry.push_back(chosen_registry(chosen, text));
  if (registry.empty())
    registry.push_back(
        plugin::registry::instance().transport(runtime.transports().front()).default_registry());
  for (const std::string& text : options.bind_addrs())
    bind.push_back(parse_address(runtime.transports(), text));
  for (const std::string& text : options.advertise_addrs())
    advertised.push_back(parse_address(runtime.transports(), text));
  runtime.set_registry_addrs(registry);
  runtime.set_advertised(std::move(advertised));
  runtime.allow(options.exposed());
  int interrupted_by = 0;
  cancel_scope work;
  cancel_scope* what_runs = nullptr;
  std::exception_ptr error;
  auto services = [&](task_nursery& tasks) -> task<> {
    what_runs = &tasks.scope();
    tasks.start_soon(task_name("interrupts"), [&] { return watch_interrupts(interrupted_by, what_runs); });
    tasks.start_soon(task_name("SIGUSR1"), [] { return watch_dump_signal(); });
    auto claimed = co_await runtime.discovery().elect(runtime, options);
    runtime.become_registrar(!claimed.empty());
    runtime.open(tasks);
    runtime.listen_on_bound(std::move(claimed));
    co_await runtime.listen(addresses_to_bind(runtime, std::move(bind)));
    runtime.set_root_address(runtime.advertised().front().text());
    runtime.discovery().enter(runtime);
    tasks.start_soon(task_name("join"), [&] { return runtime.discovery().join(runtime); });
    what_runs = &work;
    tasks.start_soon(task_name("cancel watch"), [&]() -> task<> {
      co_await runtime.cancel_event().wait();
      work.cancel();
    });
    try {
      co_await work.run(main);
    } catch (...) {
      error = std::current_exception();
    }
    // Ctrl-C goes to every process at once: what the others make of it may come before our own signal does,
    // which is at hand as soon as the loop looks.
    if (error && interrupted_by == 0)
      co_await shielded([]() -> task<> { co_await sleep(std::chrono::milliseconds(1)); });
    co_await shielded([&]() -> task<> { co_await runtime.teardown(); });
    tasks.scope().cancel();
  };
  co_await open_task_nursery(services);
  if (interrupted_by != 0) {
    tell_besides(error, interrupted_by);
    throw interrupted(interrupted_by);
  }
  if (error) std::rethrow_exception(error);
}

/// From here on SIGUSR1 ends this process no more; not even while it finds out what to run.
class signals_guarded {
 public:
  signals_guarded() : before_(guard_signals()) {}
  signals_guarded(const signals_guarded&) = delete;
  signals_guarded& operator=(const signals_guarded&) = delete;
  ~signals_guarded() { unguard_signals(before_); }

 private:
  signals_before before_;
};

}  // namespace

void run_root(const run_options& options, task<> main) {
  run_root_with(options, resolve_settings(parsed_flags{}, choices_of(options)), std::move(main));
}

void run_root_with(const run_options& options, settings chosen, task<> main) {
  // Before anything is prepared: ending a second one must not take the backend from the first.
  if (actor_runtime* there = actor_runtime::current_or_null())
    throw runtime_failure("there is a runtime in this process already: actor '" + there->id().short_form() +
                          "'");
  // A child that is this program, run anew, would take itself for a root, and start children of its own.
  if (process_argv().argc == 0)
    throw runtime_failure(
        "main() must begin with tractor::run, or with tractor::run_if_child: a child of a backend comes "
        "there");
  if (options.registry_lease() <= duration::zero())
    throw settings_error("run_options::registry_lease must be longer than zero");
  resolve_keys(chosen);
  chosen.apply_log_levels();
  spawn_backend& backend = plugin::registry::instance().spawn(chosen.spawn_backend.value());
  const signals_guarded for_the_tree;
  std::exception_ptr error;
  try {
    prepare_transports(chosen.transports.value());
    backend.prepare(process_boot_info());
    become_subreaper();
    remove_leftovers_of_the_dead(chosen.transports.value());
    run_loop(root_main(options, chosen, std::move(main)));
  } catch (...) {
    error = std::current_exception();
  }
  backend.shutdown();
  if (error) std::rethrow_exception(error);
}

namespace {

// 0 where lines may be as long as they are.
std::size_t columns_of_stderr() {
  winsize size{};
  if (::isatty(STDERR_FILENO) != 1 || ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) return 0;
  return size.ws_col;
}

// The error that ends the program, as its user sees it.
void print_error(const std::exception_ptr& error) {
  error_box box = box_of(error);
  box.head.insert(0, "tractor: ");
  const std::size_t width = columns_of_stderr();
  std::string text = text_of(box, width);
  if (log::colour_wanted(STDERR_FILENO)) {
    error_box head;
    head.head = box.head;
    text.insert(text_of(head, width).size(), "\x1b[0m");
    text.insert(0, "\x1b[31m");
  }
  log::detail::write_bounded(STDERR_FILENO, text + "\n");
}

bool asks_for_help(const parsed_flags& flags) {
  return std::any_of(flags.unknown.begin(), flags.unknown.end(),
                     [](const std::string& word) { return word == "--help" || word == "-h"; });
}

void print_help(const char* program) {
  const std::string_view path = program ? program : "";
  const std::string_view name = path.substr(path.rfind('/') + 1);
  std::printf(
      "usage: %.*s [flag]... [argument]...\n\nFlags of the runtime; what stands after -- is the "
      "program's:\n%s\n"
      "TRACTOR_SPAWN_METHOD, TRACTOR_TPT_PROTO, TRACTOR_REGISTRY_ADDRS, TRACTOR_LOGLEVEL and "
      "TRACTOR_ENABLE_STACKSCOPE are stronger.\n",
      static_cast<int>(name.size()), name.data(), runtime_flags_help().c_str());
}

template <class App> int run_program(int argc, char** argv, const run_options& options, App&& app) {
  run_if_child(argc, argv);
  const signals_guarded from_here;
  try {
    const parsed_flags flags = parse_runtime_flags(argc, argv);
    if (!options.own_flags()) {
      if (asks_for_help(flags)) return print_help(argv[0]), 0;
      refuse_unknown(flags);
    }
    settings chosen = resolve_settings(flags, choices_of(options));
    announce(chosen);
    std::vector<char*> rest = {argv[0]};
    for (const std::string& word : flags.rest) rest.push_back(const_cast<char*>(word.c_str()));
    int code = 0;
    run_root_with(options, std::move(chosen), app(arguments(rest), code));
    return code;
  } catch (const settings_error& error) {
    complain(error.what());
    return 2;
  } catch (const plugin::plugin_error& error) {
    complain(error.what());
    return 2;
  } catch (const address_error& error) {
    complain(error.what());
    return 2;
  } catch (const interrupted& error) {
    complain(error.what());
    return 128 + error.signo();
  } catch (...) {
    print_error(std::current_exception());
    return 1;
  }
}

task<> with_arguments(task<int> (*app)(arguments), arguments rest, int& code) { code = co_await app(rest); }
task<> with_code(task<int> (*app)(), int& code) { code = co_await app(); }

}  // namespace

boot_info process_boot_info() {
  boot_info info;
  info.argc = process_argv().argc;
  info.argv = process_argv().argv;
  info.child_main = &child_main;
  return info;
}

void remember_argv(int argc, char** argv) {
  // A call from inside an actor is refused later on; its words may not live as long as the process.
  if (actor_runtime::current_or_null()) return;
  process_argv().argc = argc;
  process_argv().argv = argv;
}

}  // namespace detail

int run(int argc, char** argv, const run_options& options, task<int> (*app)(arguments)) {
  return detail::run_program(argc, argv, options, [&](arguments rest, int& code) {
    return detail::with_arguments(app, rest, code);
  });
}
int run(int argc, char** argv, const run_options& options, task<int> (*app)()) {
  return detail::run_program(argc, argv, options,
                             [&](arguments, int& code) { return detail::with_code(app, code); });
}
int run(int argc, char** argv, const run_options& options, task<> (*app)()) {
  return detail::run_program(argc, argv, options, [&](arguments, int&) { return app(); });
}
int run(int argc, char** argv, task<int> (*app)(arguments)) { return run(argc, argv, run_options(), app); }
int run(int argc, char** argv, task<int> (*app)()) { return run(argc, argv, run_options(), app); }
int run(int argc, char** argv, task<> (*app)()) { return run(argc, argv, run_options(), app); }

int run_daemon(int argc, char** argv, const run_options& options) {
  return run(
      argc, argv, options, +[]() -> task<> { co_await sleep_forever(); });
}

}  // namespace tractor
