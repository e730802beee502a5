// Index of the async core. asio_bridge.hpp is left out: asio's coroutines are slow to compile.
#pragma once

#include "tractor/async/broadcast.hpp"        // broadcast, subscription, lagged
#include "tractor/async/cancel_scope.hpp"     // cancelled, cancel_scope, with_cancel_scope, shielded
#include "tractor/async/channel.hpp"          // channel, open_channel, send_channel, receive_channel
#include "tractor/async/checkpoint.hpp"       // checkpoint
#include "tractor/async/cleanup.hpp"          // with_cleanup, capture
#include "tractor/async/event.hpp"            // event
#include "tractor/async/exception_group.hpp"  // exception_group, handle
#include "tractor/async/gather_contexts.hpp"  // gather_contexts, entered
#include "tractor/async/lock.hpp"             // lock, semaphore
#include "tractor/async/loop.hpp"             // run_loop
#include "tractor/async/outcome.hpp"          // outcome
#include "tractor/async/resource_cache.hpp"   // resource_cache, maybe_open_context
#include "tractor/async/signals.hpp"          // signal_receiver
#include "tractor/async/task.hpp"             // task
#include "tractor/async/task_nursery.hpp"     // open_task_nursery, maybe_open_nursery, task_status
#include "tractor/async/task_tree.hpp"        // dump_task_tree
#include "tractor/async/thread.hpp"           // run_in_thread
#include "tractor/async/timeouts.hpp"         // move_on_after, fail_after, sleep
#include "tractor/async/topics.hpp"           // topics, topic_subscription
