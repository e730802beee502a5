// tractor ps, tractor tree
#pragma once

namespace CLI {
class App;
}

namespace tractor::cli {

/// Adds both sub-commands; the one that runs sets `result` to the exit code.
void add_ps_commands(CLI::App& app, int& result);

}  // namespace tractor::cli
