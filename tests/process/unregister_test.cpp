// Who ends leaves the registry: a whole program does so actor by actor, however it ends and wherever its
// registrar is.
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <map>

#include "program/crew.hpp"
#include "registry.hpp"

namespace unregister_test {

using namespace process_tests;
using process_program::start_crew;

// How a program comes to its end: as its registry is asked to by somebody else, or as a person does it.
enum class ending { cancelled, interrupted };
constexpr std::size_t crew_size = 4;  // its root and three children

const std::vector<std::string> crews = {"idle_crew", "streaming_crew"};

task<> crew_is_up(subprocess& crew) {
  const bool said = co_await has_said(crew, "the crew is up\n");
  if (!said) CO_FAIL("the program said '" + crew.out() + "' and '" + crew.err() + "'");
}

// Ends the program whose root stands as "crew" in the registry at `where`.
task<> end_crew(subprocess& crew, const std::string& where, ending how) {
  if (how == ending::interrupted) crew.signal(SIGINT);
  bool acknowledged = how == ending::interrupted;
  co_await fail_after(roomy(10s), [&]() -> task<> {
    while (!acknowledged) {
      auto root = co_await wait_for_actor("crew", at(where));
      // Not over a connection that has just been cut.
      acknowledged = co_await root.cancel_actor(roomy(5s));
    }
  });
  auto [code, err] = co_await end_of(crew);
  EXPECT_EQ(code, how == ending::cancelled ? 0 : 130) << err;
}

// A crew registers where `others` stand already; when it has ended none of it is left.
task<> see_off(command line, std::string where, std::size_t others, ending how) {
  subprocess crew(line);
  co_await crew_is_up(crew);
  auto entered = co_await registry_of(others + crew_size, where);
  EXPECT_EQ(entered, others + crew_size);
  co_await end_crew(crew, where, how);
  auto left = co_await registry_of(others, where);
  EXPECT_EQ(left, others);
  for (const std::string name : {"crew", "first", "second", "third"}) {
    auto found = co_await query_actor(name, at(where));
    EXPECT_TRUE(found.empty()) << name;
  }
}

TRACTOR_TEST(unregistering, of_a_program_that_is_cancelled_is_complete_at_the_registrar_of_another,
             (start_method method, tpt_proto proto, reg_addr ours), timeout(60s)) {
  for (const std::string& mode : crews)
    co_await see_off(program(mode, method, proto, ours), ours, 1, ending::cancelled);
}

TRACTOR_TEST(unregistering, of_a_program_that_is_interrupted_is_complete_at_the_registrar_of_another,
             (start_method method, tpt_proto proto, reg_addr ours), timeout(60s)) {
  for (const std::string& mode : crews)
    co_await see_off(program(mode, method, proto, ours), ours, 1, ending::interrupted);
}

task<> registrar_of_all() { co_await sleep_forever(); }
using third_program = daemon_of<&registrar_of_all>;

TRACTOR_TEST(unregistering, is_complete_at_a_registrar_that_has_nothing_else_to_do_with_them,
             (start_method method, tpt_proto proto, third_program& registrar), timeout(60s)) {
  const std::string where = registrar.address();
  auto two = co_await registry_of(2, where);
  EXPECT_EQ(two, 2u);
  for (const ending how : {ending::cancelled, ending::interrupted})
    co_await see_off(program("streaming_crew", method, proto, where), where, 2, how);
}

TRACTOR_TEST(unregistering, of_children_reaches_a_registrar_elsewhere_when_their_nursery_has_ended,
             (third_program & registrar), timeout(60s)) {
  for (const bool streaming : {false, true}) {
    std::list<event> begun;
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      co_await start_crew(an, streaming, begun);
      auto entered = co_await registry_of(5, registrar.address());
      EXPECT_EQ(entered, 5u);
      an.cancel();
    });
    // They told another process; that has read it by the time it answers us, or soon after.
    auto left = co_await registry_of(2, registrar.address());
    EXPECT_EQ(left, 2u);
  }
}

// The registrar is the program's own root, which says what its table holds when the nursery has ended.
task<> see_own_registrar_left(command line, std::string where, ending how) {
  subprocess crew(line);
  co_await crew_is_up(crew);
  auto entered = co_await registry_of(crew_size, where);
  EXPECT_EQ(entered, crew_size);
  co_await end_crew(crew, where, how);
  EXPECT_THAT(crew.out(), testing::HasSubstr("left: 1\n"));
}

TRACTOR_TEST(unregistering, from_ones_own_root_is_done_when_the_nursery_of_a_cancelled_program_has_ended,
             (start_method method, tpt_proto proto, more_addresses more), timeout(60s)) {
  for (const std::string& mode : crews) {
    const std::string where = more.fresh();
    co_await see_own_registrar_left(program(mode, method, proto, where), where, ending::cancelled);
  }
}

TRACTOR_TEST(unregistering, from_ones_own_root_is_done_when_the_nursery_of_an_interrupted_program_has_ended,
             (start_method method, tpt_proto proto, more_addresses more), timeout(60s)) {
  for (const std::string& mode : crews) {
    const std::string where = more.fresh();
    co_await see_own_registrar_left(program(mode, method, proto, where), where, ending::interrupted);
  }
}

// By what they are, as a number may be that of another one soon.
std::map<std::string, int> sockets_of_ours() {
  std::map<std::string, int> out;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string what = std::filesystem::read_symlink(entry.path(), gone);
    if (what.starts_with("socket:")) out.emplace(what, std::stoi(entry.path().filename()));
  }
  return out;
}

TRACTOR_TEST(unregistering, is_complete_also_after_the_connections_to_the_registrar_were_cut,
             (start_method method, tpt_proto proto, reg_addr ours), timeout(60s)) {
  for (const ending how : {ending::cancelled, ending::interrupted}) {
    const auto before = sockets_of_ours();
    subprocess crew(program("streaming_crew", method, proto, ours));
    co_await crew_is_up(crew);
    auto entered = co_await registry_of(1 + crew_size);
    EXPECT_EQ(entered, 1 + crew_size);
    std::size_t cut = 0;
    for (const auto& [what, fd] : sockets_of_ours())
      if (!before.contains(what) && ::shutdown(fd, SHUT_RDWR) == 0) ++cut;
    EXPECT_EQ(cut, crew_size);
    // Interrupted, it ends while its actors begin to register anew; to be cancelled its root has to have done
    // so.
    co_await end_crew(crew, ours, how);
    auto left = co_await registry_of(1);
    EXPECT_EQ(left, 1u);
  }
}

}  // namespace unregister_test
