#include "tractor/plugin/descriptor.hpp"
#include "uds_transport.hpp"

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::transport, tractor::uds::uds_transport>(
        "uds", "unix", "0.1.0", "Unix domain sockets in a private directory, peers checked by the kernel");
