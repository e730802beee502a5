#include "tractor/plugin/descriptor.hpp"
#include "trio_like.hpp"

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::spawn_backend, tractor::trio_like>(
        "trio_like", "trio", "0.1.0", "starts a child as a fresh run of the program");
