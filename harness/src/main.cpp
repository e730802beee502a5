#include "tractor/harness/main.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <optional>
#include <span>

#include "cleaner.hpp"
#include "crash_dump.hpp"
#include "ctest_file.hpp"
#include "daemon_role.hpp"
#include "flags.hpp"
#include "hard_guard.hpp"
#include "joined.hpp"
#include "leaks.hpp"
#include "marker_words.hpp"
#include "prompt_pause.hpp"
#include "register_tests.hpp"
#include "replay.hpp"
#include "reserved_address.hpp"
#include "run_folder.hpp"
#include "run_one.hpp"
#include "runner.hpp"
#include "sandbox.hpp"
#include "selection.hpp"
#include "session.hpp"
#include "tests_of_run.hpp"
#include "tractor/plugin/config.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/settings.hpp"
#include "tractor/plugin/settings_error.hpp"
#include "tractor/plugin/transport.hpp"
#include "tractor/runtime/run.hpp"
#include "worker_report.hpp"

namespace tractor::harness {
namespace {

using detail::joined;

constexpr int wrong_usage = 2, nothing_selected = 4;

// Takes a variable out of the environment: its part in the choice is done, and it would override the cells'.
void consume(const char* name, const std::string& keys, const char* axis) {
  if (::getenv(name) && !keys.empty()) std::printf("%s narrows the %s to: %s\n", name, axis, keys.c_str());
  ::unsetenv(name);
}

bool is_set(const char* variable) {
  const char* value = ::getenv(variable);
  return value && *value && std::string_view(value) != "0";
}

// Trees that a test boots, and programs that it starts, find the same plugins and settings as the tests.
void hand_on(const detail::flags& given) {
  if (given.config_file) ::setenv("TRACTOR_CONFIG", given.config_file->c_str(), 1);
  std::string folders = joined(given.runtime.plugin_path, ":");
  if (folders.empty()) return;
  if (const char* more = ::getenv("TRACTOR_PLUGIN_PATH"); more && *more) folders += std::string(":") + more;
  ::setenv("TRACTOR_PLUGIN_PATH", folders.c_str(), 1);
}

void set_plugin_folders(const detail::flags& given) {
  choices configured;
  if (const auto file = find_config(given.config_file)) configured = read_config(*file);
  plugin::registry::instance().set_folders(
      plugin::search_path::compose(given.runtime.plugin_path, configured.plugin_path));
}

// Leaves out what nobody asked for and cannot carry a tree.
void drop_transports_of_one_process(std::vector<std::string>& transports) {
  std::erase_if(transports, [](const std::string& key) {
    if (plugin::registry::instance().transport(key).crosses_processes()) return false;
    if (!GTEST_FLAG_GET(list_tests))
      std::printf("the transport %s is left out: no child is reached over it; --tpt-proto %s runs over it\n",
                  key.c_str(), key.c_str());
    return true;
  });
}

session make_session(const detail::flags& given) {
  hand_on(given);
  set_plugin_folders(given);
  const auto found = plugin::registry::instance().list();
  for (const plugin::plugin_info& each : found)
    if (!each.good()) std::printf("plugin %s is refused: %s\n", each.path.c_str(), each.reason.c_str());

  const choices environment = read_environment();
  std::vector<std::string> narrowed_backends;
  if (environment.spawn_backend) narrowed_backends.push_back(*environment.spawn_backend);
  session out;
  out.backends = detail::choose_axis("spawn", found, given.backends, narrowed_backends);
  out.transports =
      detail::choose_axis("transport", found, given.runtime.transports.value_or(std::vector<std::string>()),
                          environment.transports.value_or(std::vector<std::string>()));
  if (!given.runtime.transports && !environment.transports) drop_transports_of_one_process(out.transports);
  consume("TRACTOR_SPAWN_METHOD", joined(out.backends), "spawn backends");
  consume("TRACTOR_TPT_PROTO", joined(out.transports), "transports");
  ::unsetenv("TRACTOR_REGISTRY_ADDRS");  // each test has its own
  ::unsetenv("TRACTOR_SEED");            // it would be another one than that of the run
  out.plugin_path = given.runtime.plugin_path;
  out.loglevel = given.loglevel;
  out.debug_mode = given.runtime.debug_mode.value_or(false);
  out.stackscope =
      given.runtime.enable_stackscope.value_or(false) || environment.enable_stackscope.value_or(false);
  out.full = is_set("TRACTOR_TEST_FULL");
  out.seed = given.seed.value_or(
      static_cast<std::uint64_t>(std::chrono::system_clock::now().time_since_epoch().count()) %
      1'000'000'007u);
  out.variables = detail::runtime_variables();
  // For what a plugin leaves to chance, in the trees of the tests as well.
  ::setenv("TRACTOR_SEED", std::to_string(out.seed).c_str(), 1);
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  out.timeout_scale = given.timeout_scale.value_or(3);
#else
  out.timeout_scale = given.timeout_scale.value_or(1);
#endif
  return out;
}

// Loads every plugin of the matrix and listens once on each transport, so that what a process opens once and
// for all is there before the first baseline.
void warm_up() {
  for (const std::string& backend : current_session().backends) plugin::registry::instance().spawn(backend);
  for (const std::string& transport : current_session().transports) {
    test_context context("", "", cell(current_session().backends.front(), transport));
    detail::reserved_address unused(context);
  }
}

// What one process does for all its tests cannot be had of a process for each.
std::string asks_for_one_process() {
  if (!GTEST_FLAG_GET(output).empty()) return "--gtest_output";
  if (!GTEST_FLAG_GET(stream_result_to).empty()) return "--gtest_stream_result_to";
  if (GTEST_FLAG_GET(repeat) != 1) return "--gtest_repeat";
  if (GTEST_FLAG_GET(shuffle)) return "--gtest_shuffle";
  if (GTEST_FLAG_GET(break_on_failure)) return "--gtest_break_on_failure";
  const char* shards = ::getenv("GTEST_TOTAL_SHARDS");
  return shards && std::atoi(shards) > 1 ? "GTEST_TOTAL_SHARDS" : "";
}

void settle_isolation(detail::flags& given) {
  if (!given.with.empty() && GTEST_FLAG_GET(list_tests))
    throw settings_error("--with is for a run: each program lists its own tests");
  const std::string why = asks_for_one_process();
  if (given.runner > 0 || why.empty() || given.isolate == detail::isolation::none) return;
  if (given.isolate || !given.for_runner.empty())
    throw settings_error(why + " is for a run in one process: leave out " +
                         (given.for_runner.empty() ? "--isolate" : given.for_runner) +
                         (why == "--gtest_output" ? ", or it and write the report by --junit" : ""));
  given.isolate = detail::isolation::none;
  if (!GTEST_FLAG_GET(list_tests)) std::printf("all tests run in one process: %s needs it\n", why.c_str());
}

// Of a shard it is fair to be empty.
bool nothing_ran() {
  const char* shards = ::getenv("GTEST_TOTAL_SHARDS");
  return !GTEST_FLAG_GET(list_tests) && testing::UnitTest::GetInstance()->test_to_run_count() == 0 &&
         (!shards || std::atoi(shards) <= 1);
}

int run_all(const detail::flags& given) {
  const session& chosen = current_session();
  const std::string filter = GTEST_FLAG_GET(filter);
  if (!GTEST_FLAG_GET(list_tests)) {
    std::printf("matrix: %s x %s, seed %llu\n", joined(chosen.backends).c_str(),
                joined(chosen.transports).c_str(), static_cast<unsigned long long>(chosen.seed));
    std::fflush(stdout);
  }
  // Before the checks for leaks, which belong to a test's result: listeners are told of its end in reverse
  // order.
  if (given.worker_folder.empty())
    detail::watch_results(given);
  else
    detail::report_to(given.worker_folder);
  detail::register_tests(given.worker_folder.empty() ? "" : filter);
  detail::narrow_selection(given);
  if (given.runner == 0 && !GTEST_FLAG_GET(list_tests)) detail::check_marker_words(detail::selected_tests());
  int status = 0;
  bool nothing = false;
  if (!given.test_list.empty()) {
    detail::write_test_list(given.test_list);
    return 0;
  }
  if (!given.ctest.empty()) {
    const std::vector<std::string> names = detail::selected_tests();
    nothing = names.empty();
    detail::write_ctest_file(given.ctest, given, names);
  } else if (given.isolated() != detail::isolation::none && given.runner == 0 &&
             !GTEST_FLAG_GET(list_tests)) {
    std::vector<detail::worker_task> tests = detail::tests_of_run(given, filter);
    nothing = tests.empty();
    if (!nothing) status = detail::run_in_workers(given, std::move(tests));
  } else {
    if (given.stop_at_failure) GTEST_FLAG_SET(fail_fast, true);
    if (given.runner > 0) detail::install_crash_dump();
    status = RUN_ALL_TESTS();
    if (const int number = given.runner == 0 ? detail::interrupted_by() : 0) {
      std::printf("interrupted by SIG%s\n", ::sigabbrev_np(number));
      return 128 + number;
    }
    nothing = nothing_ran();
    const testing::UnitTest& unit = *testing::UnitTest::GetInstance();
    // As a run with a process for each test ends.
    if (given.runner == 0 && !GTEST_FLAG_GET(list_tests))
      std::printf("%d passed, %d failed, %d skipped\n", unit.successful_test_count(),
                  unit.failed_test_count(), unit.skipped_test_count());
    if (given.skip_code && !nothing && status == 0 && unit.successful_test_count() == 0)
      return *given.skip_code;
  }
  if (status != 0 || !nothing) return status;
  std::fprintf(stderr, "no test was selected: %s\n",
               given.expression || given.last_failed
                   ? "-k and --lf leave none of those that the filter matches"
                   : ("the filter '" + filter + "' matches none").c_str());
  return nothing_selected;
}

// The runner and its workers survive it from here on; where tasks are to be shown it is let in.
void block_dump_signal() {
  sigset_t set;
  ::sigemptyset(&set);
  ::sigaddset(&set, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

// Whoever started this program may have had the ends of children ignored, or signals blocked that end a run.
void let_signals_in() {
  ::signal(SIGCHLD, SIG_DFL);
  sigset_t set;
  ::sigemptyset(&set);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) ::sigaddset(&set, number);
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

bool asks_for_help(std::span<char* const> words) {
  for (const char* word : words.subspan(words.empty() ? 0 : 1))
    if (std::string_view(word) == "--help" || std::string_view(word) == "-h") return true;
  return false;
}

}  // namespace

int main(int argc, char** argv) {
  run_if_child(argc, argv);
  if (const auto code = detail::run_if_daemon(argc, argv)) return *code;
  let_signals_in();
  block_dump_signal();
  const bool help = asks_for_help(std::span(argv, static_cast<std::size_t>(argc)));
  if (help) std::printf("%s", detail::flags_help().c_str());
  testing::InitGoogleTest(&argc, argv);
  if (help) return 0;
  try {
    detail::flags given = detail::parse_flags(argc, argv);
    settle_isolation(given);
    // A worker does not outlive its runner.
    if (given.runner > 0) detail::die_with(given.runner);
    if (given.runner > 0 && given.isolated() == detail::isolation::sandbox)
      detail::enter_sandbox(given.worker_folder);
    detail::adopt_orphans();
    detail::install_hard_guard();
    const bool shm_is_private = detail::make_shm_private();
    detail::give_up_rights();
    const bool tests_share_shm = given.runner == 0 && given.isolated() != detail::isolation::sandbox;
    if (tests_share_shm && !shm_is_private && !GTEST_FLAG_GET(list_tests))
      std::printf(
          "/dev/shm is shared with other runs: what they leave there for a moment may be taken for ours\n");
    session chosen = make_session(given);
    std::optional<detail::cleaner> in_case_of_a_kill;
    const bool is_runner = given.runner == 0 && given.isolated() != detail::isolation::none;
    if (is_runner && !GTEST_FLAG_GET(list_tests) && given.test_list.empty()) in_case_of_a_kill.emplace();
    std::optional<detail::run_folder> folder;
    if (given.worker_folder.empty())
      folder.emplace();
    else
      folder.emplace(given.worker_folder);
    chosen.folder = folder->path();
    if (in_case_of_a_kill) in_case_of_a_kill->take_care_of(chosen.folder);
    detail::make_prompt_file(chosen.folder);
    detail::keep_for_replay(given);
    detail::set_session(std::move(chosen));
    if (given.head_room) detail::set_head_room(*given.head_room);
    warm_up();
    return run_all(given);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return wrong_usage;
  }
}

}  // namespace tractor::harness
