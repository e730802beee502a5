// tractor plugins list | show | check
#pragma once

namespace CLI {
class App;
}

namespace tractor::tools {
class runtime_flags;
}

namespace tractor::cli {

/// Adds the sub-command; when it runs it looks at `flags` and sets `result` to the exit code.
void add_plugins_command(CLI::App& app, const tools::runtime_flags& flags, int& result);

}  // namespace tractor::cli
