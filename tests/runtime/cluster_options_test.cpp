// The names of a cluster's actors, without any actor.
#include <gtest/gtest.h>

#include <thread>
#include <tractor/runtime/actor_cluster.hpp>

namespace cluster_options_test {

namespace {

using tractor::cluster_options;
using names = std::vector<std::string>;

TEST(ClusterOptions, GiveEachProcessorOneActorUnlessToldOtherwise) {
  EXPECT_EQ(cluster_options().all_names().size(), std::max(1U, std::thread::hardware_concurrency()));
  EXPECT_EQ(cluster_options().count(3).all_names(), (names{"worker_0", "worker_1", "worker_2"}));
  EXPECT_EQ(cluster_options().names("ann", "bob").all_names(), (names{"ann", "bob"}));
  EXPECT_EQ(cluster_options().names(names{"cat"}).count(1).all_names(), names{"cat"});
}

TEST(ClusterOptions, ThatContradictThemselvesAreRefused) {
  EXPECT_THROW(cluster_options().count(0).all_names(), std::invalid_argument);
  EXPECT_THROW(cluster_options().count(3).names("ann", "bob").all_names(), std::invalid_argument);
  EXPECT_THROW(cluster_options().count(1).names("ann", "bob").all_names(), std::invalid_argument);
  EXPECT_THROW(cluster_options().names("ann", "bob", "ann").all_names(), std::invalid_argument);
}

}  // namespace

}  // namespace cluster_options_test
