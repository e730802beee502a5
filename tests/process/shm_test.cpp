// Memory shared between the actors of a tree, and what is left of it: nothing, whatever ends its creator.
#include <gmock/gmock.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

#include "program.hpp"
#include "tractor/tractor.hpp"

namespace shm_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

using name = shm_text<12>;

bool is_there(const std::string& key) { return ::access(("/dev/shm/" + key).c_str(), F_OK) == 0; }
task<> disappears(std::string key) {
  while (is_there(key)) co_await sleep(2ms);
}

task<double> sum_of_floats(shm_token token) {
  double sum = 0;
  const auto list = attach_shm_list<double>(token);
  for (const double each : list.view()) sum += each;
  co_return sum;
}
task<std::uint64_t> hash_of_names(shm_token token) {
  std::string all;
  const auto list = attach_shm_list<name>(token);
  for (const name& each : list.view()) all.append(each.view()).append("/");
  co_return std::hash<std::string>()(all);
}
task<bool> can_write(shm_token token, bool ask) {
  auto list = attach_shm_list<double>(token, ask ? shm_access::read_write : shm_access::read_only);
  try {
    list.set(0, 99);
  } catch (const shm_error&) {
    co_return false;
  }
  co_return true;
}
task<int> newest(shm_token token) {
  const auto array = attach_shm_array<int>(token);
  co_return array.last(1).front();
}
task<std::uint64_t> attach_often(shm_token token, int times) {
  std::uint64_t sum = 0;
  for (int i = 0; i < times; ++i) sum += attach_shm_array<int>(token).size();
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find("tractor-shm.") != std::string::npos)
      throw std::runtime_error("it is still mapped: " + line);
  co_return sum;
}

// The array that a child has; no scope ends its life.
task<shm_token> make_array(int value) {
  static auto* const made = new shm_array<int>(open_shm_array<int>(100));
  made->push(value);
  co_return made->token();
}
task<> fail() {
  throw std::runtime_error("on purpose");
  co_return;
}
task<> raise_signal(int number) {
  ::kill(::getpid(), number);
  co_await sleep_forever();
}
actor_options maker() { return expose<&make_array, &fail, &raise_signal, &newest>(); }

// A child that makes an array and then fails, or gets a signal.
task<> lives_until(std::string& key, int signo) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", maker());
    auto token = co_await kid.run<&make_array>(1);
    key = token.key;
    EXPECT_TRUE(is_there(key));
    if (signo == 0)
      co_await kid.run<&fail>();
    else
      co_await kid.run<&raise_signal>(signo);
  });
}

/// The segments that the program says it made.
std::vector<std::string> segments_of(subprocess& run) {
  std::vector<std::string> keys;
  std::istringstream words(run.out());
  for (std::string word; words >> word;)
    if (word.starts_with("tractor-shm.")) keys.push_back(word);
  return keys;
}
std::vector<std::string> wait_for_segments(subprocess& run, std::size_t count) {
  const auto until = std::chrono::steady_clock::now() + roomy(10s);
  while (segments_of(run).size() < count && std::chrono::steady_clock::now() < until) run.wait(5ms);
  EXPECT_EQ(segments_of(run).size(), count) << run.err();
  for (const std::string& key : segments_of(run)) EXPECT_TRUE(is_there(key)) << key;
  return segments_of(run);
}
std::vector<std::string> left_of(const std::vector<std::string>& keys) {
  std::vector<std::string> out;
  for (const std::string& key : keys)
    if (is_there(key)) out.push_back(key);
  return out;
}

TRACTOR_TEST(shm, a_list_written_by_the_parent_is_read_by_a_child) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&sum_of_floats, &hash_of_names>());
    for (const std::size_t size : {1, 64, 1024}) {
      auto floats = open_shm_list<double>(size);
      auto names = open_shm_list<name>(size);
      double sum = 0;
      std::string all;
      for (std::size_t i = 0; i < size; ++i) {
        floats.set(i, 0.5 * static_cast<double>(i) + 1);
        sum += floats[i];
        const std::string text = "item " + std::to_string(i);
        names.set(i, text);
        all += text + "/";
      }
      auto their_sum = co_await kid.run<&sum_of_floats>(floats.token());
      EXPECT_EQ(their_sum, sum) << size;
      auto their_hash = co_await kid.run<&hash_of_names>(names.token());
      EXPECT_EQ(their_hash, std::hash<std::string>()(all)) << size;
    }
    an.cancel();
  });
}

TRACTOR_TEST(shm, a_child_writes_only_if_it_asked_to) {
  auto list = open_shm_list<double>(3);
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&can_write>());
    auto by_itself = co_await kid.run<&can_write>(list.token(), false);
    EXPECT_FALSE(by_itself);
    EXPECT_EQ(list[0], 0);
    auto when_asked = co_await kid.run<&can_write>(list.token(), true);
    EXPECT_TRUE(when_asked);
    EXPECT_EQ(list[0], 99);
    an.cancel();
  });
}

TRACTOR_TEST(shm, a_token_for_another_type_is_an_error_that_names_both) {
  const auto list = open_shm_list<std::int32_t>(3);
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&sum_of_floats>());
    auto error = co_await raises<remote_actor_error>(kid.run<&sum_of_floats>(list.token()));
    EXPECT_TRUE(error.boxed_type_is<shm_mismatch>()) << error.src_type_str();
    EXPECT_THAT(error.message(), HasSubstr("list of 3 int32 (4 bytes each)"));
    EXPECT_THAT(error.message(), HasSubstr("list of float64 (8 bytes each)"));
    an.cancel();
  });
}

TRACTOR_TEST(shm, an_array_is_attached_a_thousand_times_by_a_child_without_growth) {
  auto array = open_shm_array<int>(10);
  array.push(1);
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&attach_often>());
    auto sum = co_await kid.run<&attach_often>(array.token(), 1000);
    EXPECT_EQ(sum, 1000u);
    an.cancel();
  });
}

TRACTOR_TEST(shm, an_array_that_a_child_made_is_read_by_its_parent_and_its_sibling_and_goes_with_it) {
  std::string key;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", maker());
    auto sibling = co_await an.start_actor("sibling", maker());
    auto token = co_await kid.run<&make_array>(41);
    const auto array = attach_shm_array<int>(token);
    EXPECT_EQ(array.view().back(), 41);
    auto again = co_await kid.run<&make_array>(42);
    EXPECT_EQ(again, token);
    EXPECT_EQ(array.view().back(), 42);
    auto theirs = co_await sibling.run<&newest>(token);
    EXPECT_EQ(theirs, 42);
    co_await kid.cancel_actor();
    // The memory is ours as long as we hold it; its name is no longer there.
    EXPECT_EQ(array.view().back(), 42);
    key = token.key;
    // The acknowledgement comes first: an end may take its time.
    co_await fail_after(roomy(5s), disappears(key));
    auto gone = co_await raises<remote_actor_error>(sibling.run<&newest>(token));
    EXPECT_TRUE(gone.boxed_type_is<shm_error>()) << gone.src_type_str();
    an.cancel();
  });
  EXPECT_FALSE(is_there(key));
}

TRACTOR_TEST(shm, of_a_child_is_gone_after_its_error) {
  std::string key;
  co_await raises<remote_actor_error>(lives_until(key, 0));
  EXPECT_FALSE(is_there(key));
}

TRACTOR_TEST(shm, of_a_child_is_gone_after_an_interrupt) {
  std::string key;
  co_await raises<remote_actor_error>(lives_until(key, SIGINT));
  EXPECT_FALSE(is_there(key));
}

TRACTOR_TEST(shm, of_a_child_is_gone_after_it_was_killed) {
  std::string key;
  co_await raises<actor_failure>(lives_until(key, SIGKILL));
  EXPECT_FALSE(is_there(key));
}

TRACTOR_CELL_TEST(shm, of_a_tree_is_gone_after_an_interrupt,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  for (const int signo : {SIGINT, SIGTERM}) {
    subprocess run(program("shm", method, proto, addr));
    const auto keys = wait_for_segments(run, 3);
    run.signal(signo);
    EXPECT_TRUE(run.wait(roomy(8s)).has_value()) << run.err();
    EXPECT_THAT(left_of(keys), testing::IsEmpty());
  }
}

TRACTOR_CELL_TEST(shm, of_a_killed_actor_in_the_middle_is_gone_with_its_tree,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("shm", method, proto, addr));
  const auto keys = wait_for_segments(run, 3);
  for (const pid_t pid : run.descendants()) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/cmdline");
    std::string title;
    std::getline(in, title, '\0');
    if (title.starts_with("_subactor[level2@")) ::kill(pid, SIGKILL);
  }
  const auto status = run.wait(roomy(8s));
  ASSERT_TRUE(status.has_value()) << run.err();
  EXPECT_EQ(status->code(), 1) << run.err();
  EXPECT_THAT(left_of(keys), testing::IsEmpty());
}

TRACTOR_CELL_TEST(shm, of_a_killed_root_is_removed_by_its_children,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("shm", method, proto, addr));
  const auto keys = wait_for_segments(run, 3);
  const auto below = run.descendants();
  ::kill(run.pid(), SIGKILL);
  run.wait(5s);
  EXPECT_TRUE(all_gone(below, roomy(5s)));
  EXPECT_THAT(left_of(keys), testing::IsEmpty());
  // What it bound is for the next boot.
  subprocess next(program("once", method, proto, addr));
  EXPECT_TRUE(next.wait(roomy(10s)).has_value());
}

TRACTOR_CELL_TEST(shm, of_a_killed_root_without_children_is_removed_by_the_next_that_boots,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("shm_alone", method, proto, addr));
  const auto keys = wait_for_segments(run, 1);
  ::kill(run.pid(), SIGKILL);
  ASSERT_TRUE(run.wait(5s).has_value());
  subprocess next(program("once", method, proto, addr));
  const auto status = next.wait(roomy(10s));
  EXPECT_TRUE(status && status->ok()) << next.err();
  EXPECT_THAT(left_of(keys), testing::IsEmpty());
}

}  // namespace shm_test
