#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>
#include <string>
#include <tractor/harness/harness.hpp>
#include <tractor/runtime/actor.hpp>
#include <vector>

#include "finished_run.hpp"
#include "program.hpp"

namespace fixtures_test {

using namespace tractor;
using namespace tractor::harness;

static_assert(fixture<reg_addr> && fixture<loglevel> && fixture<debug_mode> && fixture<start_method> &&
              fixture<tpt_proto> && fixture<tmp_dir>);
static_assert(!fixture<int> && !fixture<std::string>);

namespace {

std::vector<std::string>& life() {
  static std::vector<std::string> events;
  return events;
}

/// A fixture of a user, which notes its life.
class first {
 public:
  static first provide(test_context&) { return first(); }
  first(const first&) = delete;
  first& operator=(const first&) = delete;
  ~first() { life().push_back("first ends"); }

 private:
  first() { life().push_back("first begins"); }
};

/// One that needs another one.
class second {
 public:
  static second provide(test_context& context) { return second(context.get<first>()); }
  second(const second&) = delete;
  second& operator=(const second&) = delete;
  ~second() { life().push_back("second ends"); }
  const first* needs;

 private:
  explicit second(const first& of) : needs(&of) { life().push_back("second begins"); }
};

std::string last_folder;

}  // namespace

TRACTOR_TEST(fixture, says_in_what_cell_the_test_runs,
             (start_method how, tpt_proto via, loglevel, debug_mode)) {
  CO_ASSERT_EQ(current_actor().start_method(), how.key());
  CO_ASSERT_EQ(current_actor().transports().front(), via.key());
  co_return;
}

TRACTOR_TEST(fixture, reg_addr_is_where_the_root_is_registrar, (reg_addr reg)) {
  CO_ASSERT_TRUE(current_actor().is_registrar());
  CO_ASSERT_EQ(current_actor().registry_addrs().size(), 1u);
  CO_ASSERT_EQ(current_actor().registry_addrs().front().text(), reg.text());
  co_return;
}

TRACTOR_CELL_TEST(fixture, reg_addr_is_another_one_for_each_test, (reg_addr reg)) {
  static std::set<std::string> seen;
  EXPECT_TRUE(seen.insert(reg.text()).second) << reg.text();
}

TRACTOR_CELL_TEST(fixture, tmp_dir_is_empty_and_gone_after_the_test, (tmp_dir & folder)) {
  EXPECT_FALSE(std::filesystem::exists(last_folder));
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
  std::filesystem::create_directories(folder / "a/b");
  last_folder = folder.path();
}

TRACTOR_CELL_TEST(fixture, of_a_user_lives_from_its_first_use_to_the_end_in_reverse_order) {
  life().clear();
  {
    test_context context("suite", "name", cell("a", "b"));
    const second& it = context.get<second>();
    EXPECT_EQ(it.needs, &context.get<first>());
  }
  EXPECT_EQ(life(), (std::vector<std::string>{"first begins", "second begins", "second ends", "first ends"}));
}

/// One of the whole session, which needs another one.
class first_of_session {
 public:
  static first_of_session provide(session_context&) { return {}; }
};
class second_of_session {
 public:
  static second_of_session provide(session_context& context) {
    return second_of_session(context.get<first_of_session>());
  }
  explicit second_of_session(const first_of_session& of) : needs(&of) {}
  const first_of_session* needs;
};
static_assert(session_fixture<second_of_session> && !test_fixture<second_of_session>);
static_assert(!session_fixture<tmp_dir>);

/// One that says in its parameters what it needs.
class workshop {
 public:
  static workshop provide(test_context& context, tmp_dir& where, second_of_session& of_session) {
    return workshop(context.id(), where, of_session);
  }
  workshop(std::string id, tmp_dir& where, second_of_session& of_session)
      : test(std::move(id)), where(&where), of_session(&of_session) {}
  workshop(const workshop&) = delete;
  std::string test;
  tmp_dir* where;
  second_of_session* of_session;
};
static_assert(test_fixture<workshop> && !session_fixture<workshop>);

TRACTOR_CELL_TEST(fixture, has_what_its_provide_takes_and_shares_it_with_the_test,
                  (workshop & shop, tmp_dir& where, second_of_session& of_session)) {
  EXPECT_THAT(shop.test, testing::StartsWith("fixture.has_what_its_provide_takes"));
  EXPECT_EQ(shop.where, &where);
  EXPECT_EQ(shop.of_session, &of_session);
}

class egg {
 public:
  static egg provide(test_context& context);
};
class hen {
 public:
  static hen provide(test_context& context) { return context.get<egg>(), hen(); }
};
egg egg::provide(test_context& context) { return context.get<hen>(), egg(); }

TRACTOR_CELL_TEST(fixture, that_needs_itself_is_an_error) {
  test_context context("suite", "name", cell("a", "b"));
  EXPECT_THROW(context.get<hen>(), std::logic_error);
  EXPECT_THROW(context.get<egg>(), std::logic_error);
}

TRACTOR_CELL_TEST(fixture, of_a_session_is_the_same_wherever_it_is_asked_for, (second_of_session & shared)) {
  test_context other("suite", "name", cell("a", "b"));
  EXPECT_EQ(&other.get<second_of_session>(), &shared);
  EXPECT_EQ(&current_session_context().get<first_of_session>(), shared.needs);
}

TRACTOR_CELL_TEST(fixture, of_a_session_lives_from_the_first_test_that_has_it_to_the_last_test,
                  (start_method how, tpt_proto via)) {
  const test::finished_run run(command(test::program("tractor_harness_probe"))
                                   .arg("--spawn-backend", how.key(), "--tpt-proto", via.key())
                                   .arg("--isolate", "none", "--gtest_filter=shared.*"));
  EXPECT_EQ(run.code, 0) << run.text;
  // The second test takes it as the first has left it; a third one has none.
  EXPECT_THAT(run.text, testing::ContainsRegex("without(.|\n)*shared begins(.|\n)*used once(.|\n)*used twice"
                                               "(.|\n)*shared ends after 2"));
  EXPECT_EQ(run.text.find("shared begins"), run.text.rfind("shared begins"));
}

TRACTOR_TEST(options, reach_the_root_actor, (), timeout(std::chrono::seconds(10)), label("quick"),
             root([](run_options& options) { options.name("renamed"); })) {
  CO_ASSERT_EQ(current_actor().id().name(), "renamed");
  co_return;
}

TEST(counts, follow_the_kind_of_the_run) { EXPECT_EQ(count(3, 30), full_run() ? 30 : 3); }

TEST(seed, is_that_of_the_run) { EXPECT_EQ(seed(), current_session().seed); }

}  // namespace fixtures_test
