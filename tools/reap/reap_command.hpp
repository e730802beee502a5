// tractor reap, tractor-reap
#pragma once

namespace CLI {
class App;
}

namespace tractor::tools {
class runtime_flags;
}

namespace tractor::reap {

constexpr const char* summary =
    "Ends actors of this user whose parents are gone, and removes what they left behind. "
    "What belongs to a living tree is not touched.";

/// Gives the command its flags; when it runs it applies `flags`, the runtime's, and sets `result` to the exit
/// code. `who` says it on stderr.
void set_up_command(CLI::App& command, const tools::runtime_flags& flags, const char* who, int& result);

}  // namespace tractor::reap
