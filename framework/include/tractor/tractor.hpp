// tractor: trees of processes under structured concurrency. The index of the public headers.
#pragma once

#if __cplusplus < 202002L || !defined(__cpp_impl_coroutine)
#error "tractor needs C++20 with coroutines: compile with -std=c++20 (g++ 12, clang 19 or later)"
#else

#include "tractor/async/async.hpp"            // tasks, nurseries, scopes, deadlines, channels, events
#include "tractor/discovery/discovery.hpp"    // finding actors by name
#include "tractor/discovery/multiaddr.hpp"    // reading addresses in any form
#include "tractor/discovery/watch.hpp"        // watching who comes and goes
#include "tractor/ipc/transport_closed.hpp"   // the end of a connection
#include "tractor/log/logger.hpp"             // writing to the log
#include "tractor/runtime/actor.hpp"          // the actor that this process is
#include "tractor/runtime/actor_cluster.hpp"  // pools of child actors
#include "tractor/runtime/actor_nursery.hpp"  // child actors
#include "tractor/runtime/context.hpp"        // two tasks in two actors, linked as one unit
#include "tractor/runtime/errors.hpp"         // errors that cross process borders
#include "tractor/runtime/failure_point.hpp"  // where a test can make an actor fail
#include "tractor/runtime/msg_stream.hpp"     // typed items between them
#include "tractor/runtime/portal.hpp"         // calling another actor
#include "tractor/runtime/restarts.hpp"       // how and how often children are restarted
#include "tractor/runtime/ring_channel.hpp"   // channels through shared memory
#include "tractor/runtime/run.hpp"            // entering the runtime
#include "tractor/runtime/run_process.hpp"    // other programs as supervised children
#include "tractor/runtime/serve_topics.hpp"   // topics of this actor for others
#include "tractor/runtime/shm_array.hpp"      // arrays in shared memory
#include "tractor/runtime/shm_list.hpp"       // lists in shared memory
#include "tractor/runtime/shm_text.hpp"       // text that can lie in shared memory
#include "tractor/runtime/supervisor.hpp"     // child actors that are restarted

#endif
