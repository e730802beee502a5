// Clusters: pools of actors that serve the same functions.
#include <gmock/gmock.h>

#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

namespace cluster_test {

using namespace tractor;
using namespace tractor::harness;
using testing::HasSubstr;

task<std::string> who() { co_return current_actor().id().name(); }

task<> fails(std::string name) {
  if (current_actor().id().name() == name) throw std::range_error("not today");
  co_await sleep_forever();
}

// Takes messages until there are no more; says how many.
task<int> takes(context<receives<std::string>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  int count = 0;
  while (auto item = co_await stream.next()) count += item->empty() ? 0 : 1;
  co_return count;
}

TRACTOR_TEST(cluster, each_name_is_an_actor_and_all_end_with_the_body) {
  std::vector<int> pids;
  cluster_options how;
  how.names("ann", "bob", "cat");
  const int sum = co_await open_actor_cluster(expose<&who>(), how, [&](actor_cluster& all) -> task<int> {
    EXPECT_THAT(current_actor().state(), HasSubstr("3 children"));
    int length = 0;
    for (auto& [name, worker] : all) {
      EXPECT_EQ(worker.peer().name(), name);
      const std::string said = co_await worker.run<&who>();
      EXPECT_EQ(said, name);
      length += static_cast<int>(said.size());
    }
    co_return length;
  });
  EXPECT_EQ(sum, 9);
  EXPECT_THAT(current_actor().state(), HasSubstr("0 children"));
  cluster_options hard;
  hard.count(2).hard_kill();
  co_await open_actor_cluster(expose<&who>(), hard, [](actor_cluster& all) -> task<> {
    EXPECT_EQ(all.size(), 2u);
    const std::string said = co_await all.at("worker_1").run<&who>();
    EXPECT_EQ(said, "worker_1");
  });
}

TRACTOR_TEST(cluster, options_that_contradict_themselves_make_no_process) {
  cluster_options how;
  how.count(3).names("ann", "bob");
  bool entered = false;
  auto body = [&](actor_cluster&) -> task<> {
    entered = true;
    co_return;
  };
  auto error = co_await raises<std::invalid_argument>(open_actor_cluster(expose<&who>(), how, body));
  EXPECT_THAT(error.what(), HasSubstr("3 actors with 2 names"));
  EXPECT_FALSE(entered);
}

TRACTOR_TEST(cluster, an_error_in_one_ends_the_others) {
  cluster_options how;
  how.count(3);
  auto body = [&](actor_cluster& all) -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (auto& [name, worker] : all)
        tn.start_soon([&worker = worker] { return worker.run<&fails>("worker_1"); });
      co_return;
    });
  };
  auto error = co_await raises<remote_actor_error>(open_actor_cluster(expose<&fails>(), how, body));
  EXPECT_EQ(error.src_uid().name(), "worker_1");
  EXPECT_TRUE(error.boxed_type_is<std::range_error>());
}

TRACTOR_TEST(cluster, a_stream_into_each_takes_turns_of_messages) {
  cluster_options how;
  how.count(4);
  int taken = 0;
  co_await open_actor_cluster(expose<&takes>(), how, [&](actor_cluster& all) -> task<> {
    channel<std::string> work(0);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (auto& [name, worker] : all) {
        tn.start_soon([&, &worker = worker]() -> task<> {
          const int mine = co_await worker.open_context<&takes>([&](auto& ctx) -> task<int> {
            auto& stream = co_await ctx.open_stream();
            while (auto message = co_await work.next()) co_await stream.send(*message);
            co_await stream.aclose();
            co_return co_await ctx.wait_for_result();
          });
          taken += mine;
        });
      }
      for (int i = 0; i < 1000; ++i) co_await work.send("message");
      work.close();
    });
  });
  EXPECT_EQ(taken, 1000);
}

}  // namespace cluster_test
