#include "tcp_transport.hpp"
#include "tractor/plugin/descriptor.hpp"

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::transport, tractor::tcp::tcp_transport>(
        "tcp", "", "0.1.0", "TCP over IPv4 and IPv6, by address literals");
