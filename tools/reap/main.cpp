// tractor-reap: finds what dead trees of actors left behind, and removes it.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "reap_command.hpp"
#include "runtime_flags.hpp"
#include "tractor/plugin/settings_error.hpp"
#include "written.hpp"

namespace {

constexpr int exit_failed = 1, exit_usage = 2;

int usage_error(const std::string& what) {
  std::fprintf(stderr, "tractor-reap: %s (see tractor-reap --help)\n",
               what.substr(0, what.find('\n')).c_str());
  return exit_usage;
}

int run(int argc, char** argv) {
  int result = 0;
  CLI::App app(tractor::reap::summary, "tractor-reap");
  tractor::tools::runtime_flags flags;
  tractor::reap::set_up_command(app, flags, "tractor-reap", result);
  tractor::tools::show_runtime_flags(app);
  const std::vector<std::string> rest = flags.take(argc, argv, app);
  try {
    app.parse(std::vector<std::string>(rest.rbegin(), rest.rend()));
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? app.exit(error) : usage_error(error.what());
  }
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  tractor::tools::open_missing_stdout();
  try {
    return tractor::tools::written("tractor-reap", run(argc, argv));
  } catch (const tractor::settings_error& error) {
    return usage_error(error.what());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tractor-reap: %s\n", error.what());
    return exit_failed;
  }
}
