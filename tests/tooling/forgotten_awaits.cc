// Each line that ends in `// forgotten` lacks a co_await; test_forgotten_awaits.sh wants a warning of it.
#include "tractor/async/use_task.hpp"
#include "tractor/tractor.hpp"
using namespace tractor;

task<int> answer();
task<> endpoint(context<starts<int>, receives<int>, sends<int>>& ctx);

task<> with_a_loop(event& flag, condition& change, signal_receiver& signals, asio::steady_timer& timer) {
  checkpoint();                        // forgotten
  flag.wait();                         // forgotten
  change.wait();                       // forgotten
  signals.next();                      // forgotten
  timer.async_wait(use_task);          // forgotten
  timer.async_wait(use_task_tuple);    // forgotten
  answer();                            // forgotten
  sleep(std::chrono::seconds(1));      // forgotten
  run_in_thread([] { return 1; });     // forgotten
  co_await checkpoint();
  co_await flag.wait();
}

task<> with_locks(lock& section, semaphore& permits) {
  section.acquire();                   // forgotten
  permits.acquire();                   // forgotten
  auto held = co_await section.acquire();
}

task<> with_channels(channel<int>& both, send_channel<int>& to, receive_channel<int>& from) {
  int item = 1;
  both.send(1);                        // forgotten
  both.send_moved(item);               // forgotten
  both.receive();                      // forgotten
  both.next();                         // forgotten
  to.send(1);                          // forgotten
  to.send_moved(item);                 // forgotten
  from.receive();                      // forgotten
  from.next();                         // forgotten
  co_await both.send(1);
  co_await both.receive();
}

task<> with_rings(ring_send_channel<int>& to, ring_receive_channel<int>& from,
                  ring_send_channel<ring_bytes>& bytes_to, ring_receive_channel<ring_bytes>& bytes_from) {
  to.send(1);                          // forgotten
  from.receive();                      // forgotten
  from.next();                         // forgotten
  bytes_to.send(msg::byte_view());     // forgotten
  bytes_from.next_view();              // forgotten
  co_await to.send(1);
}

task<> endpoint(context<starts<int>, receives<int>, sends<int>>& ctx) {
  ctx.started(1);                      // forgotten
  ctx.open_stream();                   // forgotten
  co_await ctx.started(1);
  auto& stream = co_await ctx.open_stream();
  stream.send(1);                      // forgotten
  stream.receive();                    // forgotten
  stream.next();                       // forgotten
  stream.aclose();                     // forgotten
  co_await stream.send(1);
}

task<> with_actors(portal to, actor_nursery& nursery) {
  to.run<&answer>();                   // forgotten
  to.cancel_actor();                   // forgotten
  nursery.start_actor("kid");          // forgotten
  nursery.run_in_actor<&answer>("kid");  // forgotten
  wait_for_actor("kid");               // forgotten
  open_nursery([](actor_nursery&) -> task<> { co_return; });  // forgotten
  co_await to.run<&answer>();
}
