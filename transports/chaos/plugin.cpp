#include "chaos_transport.hpp"
#include "tractor/plugin/descriptor.hpp"

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::transport_decorator, tractor::chaos::chaos_decorator>(
        "chaos", "", "0.1.0", "Faults by a script or a seed round any transport, as chaos+KEY");
