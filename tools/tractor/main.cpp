// The `tractor` command.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "completion_command.hpp"
#include "config_command.hpp"
#include "doctor_command.hpp"
#include "dump_command.hpp"
#include "man_page.hpp"
#include "new_command.hpp"
#include "plugins_command.hpp"
#include "ps_command.hpp"
#include "reap_command.hpp"
#include "runtime_flags.hpp"
#include "top_command.hpp"
#include "tractor/plugin/settings_error.hpp"
#include "written.hpp"

namespace {

constexpr int exit_refused = 1, exit_usage = 2;
constexpr const char* commands = "plugins, config, ps, tree, top, dump, reap, doctor, new or completion";

// One line, whatever CLI11 made of it.
int usage_error(const std::string& what) {
  std::string line = what.substr(0, what.find('\n'));
  std::fprintf(stderr, "tractor: %s (see tractor --help)\n", line.c_str());
  return exit_usage;
}

int run(int argc, char** argv) {
  CLI::App app("Looks at trees of actors and at what they are made of.", "tractor");
  app.set_version_flag("--version", "tractor " TRACTOR_VERSION);
  app.require_subcommand(0, 1);
  app.fallthrough();
  app.footer("Exit codes: 0 all is well, 1 refused or failed, 2 wrong usage.");

  int result = 0;
  tractor::tools::runtime_flags flags;
  tractor::cli::add_plugins_command(app, flags, result);
  tractor::cli::add_config_command(app, flags, result);
  tractor::cli::add_ps_commands(app, result);
  tractor::cli::add_top_command(app, result);
  tractor::cli::add_dump_command(app, result);
  tractor::reap::set_up_command(*app.add_subcommand("reap", tractor::reap::summary), flags, "tractor",
                                result);
  tractor::cli::add_doctor_command(app, result);
  tractor::cli::add_new_command(app, flags, result);
  tractor::cli::add_completion_command(app, result);
  tractor::cli::add_man_option(app);
  tractor::tools::show_runtime_flags(app);
  app.parse_complete_callback([&] { flags.try_to_apply(); });
  std::vector<std::string> rest;
  try {
    rest = flags.take(argc, argv, app);
    app.parse(std::vector<std::string>(rest.rbegin(), rest.rend()));
  } catch (const CLI::ExtrasError& error) {
    if (!app.get_subcommands().empty() || rest.front().starts_with('-')) return usage_error(error.what());
    return usage_error("there is no command '" + rest.front() + "': known are " + commands);
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? app.exit(error) : usage_error(error.what());
  } catch (const tractor::settings_error& error) {
    return usage_error(error.what());
  }
  if (app.get_subcommands().empty())
    return usage_error(std::string("a sub-command is required: ") + commands);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  tractor::tools::open_missing_stdout();
  try {
    return tractor::tools::written("tractor", run(argc, argv));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tractor: %s\n", error.what());
    return exit_refused;
  }
}
