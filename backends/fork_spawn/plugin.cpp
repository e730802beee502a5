#include "fork_spawn.hpp"
#include "tractor/plugin/descriptor.hpp"

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::spawn_backend, tractor::fork_spawn>(
        "fork_spawn", "forkserver,mp_forkserver,mp_spawn", "0.1.0",
        "copies a child from a clean process that was forked at the start");
