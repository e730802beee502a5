// tractor-reap: finds what dead trees of actors left behind, and removes it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>

#include "reaper.hpp"
#include "tractor/plugin/flags.hpp"
#include "tractor/plugin/plugin_error.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/settings.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace {

constexpr int exit_failed = 1, exit_usage = 2;

int usage_error(const std::string& what) {
  std::fprintf(stderr, "tractor-reap: %s (see tractor-reap --help)\n",
               what.substr(0, what.find('\n')).c_str());
  return exit_usage;
}

int run(int argc, char** argv) {
  tractor::reap::request wanted;
  std::vector<std::string> folders;
  bool json = false, uds = false, uds_only = false, shm = false, shm_only = false, shm_all = false;
  CLI::App app(
      "Ends actors of this user whose parents are gone, and removes what they left behind. "
      "What belongs to a living tree is not touched.",
      "tractor-reap");
  app.add_flag("-n,--dry-run", wanted.dry_run, "List only");
  app.add_flag("--shm", shm, "Remove the shared memory of dead actors too");
  app.add_flag("--shm-only", shm_only, "Remove the shared memory of dead actors only");
  app.add_flag("--shm-all", shm_all,
               "Remove every file of yours in /dev/shm that no process uses, whoever made it");
  app.add_flag("--uds", uds, "Remove the sockets of dead actors too");
  app.add_flag("--uds-only", uds_only, "Remove the sockets of dead actors only");
  app.add_flag("--dumps", wanted.dumps, "Remove the dump files of dead actors too");
  app.add_option("--plugin-path", folders, "Folders of plugins to search first, separated by colons")
      ->delimiter(':')
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
  app.add_flag("--json", json, "Write JSON");
  app.footer(
      "The flags that end with -only leave processes alone; given together, each sweeps its own.\n"
      "Exit codes: 0 nothing is left, 1 something could not be removed, 2 wrong usage.");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? app.exit(error) : usage_error(error.what());
  }
  wanted.processes = !uds_only && !shm_only;
  wanted.sockets = uds || uds_only;
  wanted.segments = shm || shm_only || shm_all;
  wanted.foreign_segments = shm_all;
  if (shm_all)
    std::fputs(
        "tractor-reap: --shm-all: this may be what other programs keep on purpose, such as semaphores\n",
        stderr);
  tractor::parsed_flags flags;
  for (const std::string& folder : folders)
    flags.said.plugin_path.push_back(std::filesystem::absolute(folder).string());
  tractor::plugin::registry::instance().set_folders(tractor::resolve_settings(flags).plugin_folders());
  const tractor::reap::outcome done = tractor::reap::sweep(wanted);
  std::fputs((json ? to_json(done) : to_text(done, wanted)).c_str(), stdout);
  for (const std::string& line : done.complaints) std::fprintf(stderr, "tractor-reap: %s\n", line.c_str());
  return done.clean() ? 0 : exit_failed;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const tractor::settings_error& error) {
    return usage_error(error.what());
  } catch (const tractor::plugin::plugin_error& error) {
    return usage_error(error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tractor-reap: %s\n", error.what());
    return exit_failed;
  }
}
