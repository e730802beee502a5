// expect: nothing
// The control: the right spellings compile, or the others would prove nothing.
#include "tractor/async/async.hpp"
using namespace tractor;
using namespace std::chrono_literals;
struct order {
  int id = 0;
  std::string who;
};
task<> serve(task_status<int>& status) {
  status.started(1);
  co_return;
}
task<> user(std::string s) {
  auto named = [s](task_nursery& tn) -> task<> {
    tn.start_soon([s]() -> task<> { co_return; });
    co_await tn.start(serve);
  };
  co_await open_task_nursery(named);
  co_await move_on_after(1s, [&](cancel_scope&) -> task<> { co_return; });
  co_await move_on_after(1s, sleep(1s));
  channel<order> ch(1);
  order x{1, s};
  co_await ch.send(1, "x");
  co_await ch.send(x);
  co_await ch.send_moved(x);
  auto work = [s] { return s.size(); };
  co_await run_in_thread(work);
  lock l;
  auto held = co_await l.acquire();
}
