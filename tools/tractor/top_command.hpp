// tractor top
#pragma once

namespace CLI {
class App;
}

namespace tractor::cli {

/// Adds the sub-command; when it runs it sets `result` to the exit code: 1 if the terminal cannot show it.
void add_top_command(CLI::App& app, int& result);

}  // namespace tractor::cli
