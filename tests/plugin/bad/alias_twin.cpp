// Claims an alias that another plugin has.
#include "sample_transport.hpp"

constinit const tractor_plugin_descriptor tractor_plugin =
    tractor::describe_plugin<tractor::transport, tractor::test::sample_transport>("twin", "probe", "1.0",
                                                                                  "a twin");
