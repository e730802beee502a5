// tractor completion
#pragma once

namespace CLI {
class App;
}

namespace tractor::cli {

/// Adds the sub-command, which writes what a shell needs to complete all sub-commands of `app`: add it last.
void add_completion_command(CLI::App& app, int& result);

}  // namespace tractor::cli
