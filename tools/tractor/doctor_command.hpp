// tractor doctor
#pragma once

namespace CLI {
class App;
}

namespace tractor::cli {

/// Adds the sub-command; when it runs it sets `result` to the exit code: 1 if something needed is missing.
void add_doctor_command(CLI::App& app, int& result);

}  // namespace tractor::cli
