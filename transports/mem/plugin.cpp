#include "mem_transport.hpp"
#include "tractor/plugin/descriptor.hpp"

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::transport, tractor::mem::mem_transport>(
        "mem", "", "0.1.0", "Memory of one process, for tests without sockets and children");
