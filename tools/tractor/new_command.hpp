// tractor new
#pragma once

namespace CLI {
class App;
}

namespace tractor::cli {

/// Adds the sub-command; when it runs it sets `result` to the exit code.
void add_new_command(CLI::App& app, int& result);

}  // namespace tractor::cli
