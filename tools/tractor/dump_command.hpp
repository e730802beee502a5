// tractor dump
#pragma once

namespace CLI {
class App;
}

namespace tractor::cli {

/// Adds the sub-command; when it runs it sets `result` to the exit code: 1 if an actor did not answer.
void add_dump_command(CLI::App& app, int& result);

}  // namespace tractor::cli
