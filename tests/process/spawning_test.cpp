// How children are made, what they inherit, and what happens when they are not born.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <tractor/harness/harness.hpp>
#include <tractor/log/level.hpp>
#include <tractor/log/spec.hpp>
#include <tractor/plugin/registry.hpp>
#include <tractor/plugin/spawn_backend.hpp>
#include <tractor/tractor.hpp>

namespace spawning_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::HasSubstr;

// A program whose static initialiser ends it: an exec'd child runs this, a forked one does not.
const bool initialised = [] {
  const char* how = std::getenv("SPAWNING_TEST_DIES");
  if (!how) return true;
  std::fprintf(stderr, "last words of %s\n", how);
  if (std::string_view(how) == "abort") std::abort();
  std::_Exit(3);
}();

task<int> twice(int n) { co_return 2 * n; }
task<std::string> where_am_i() { co_return is_root_process() ? "root" : current_actor().id().name(); }
task<std::optional<int>> no_value() { co_return std::nullopt; }
task<> nothing() { co_return; }
task<std::string> level() { co_return log::level_name(log::general_level()); }
task<std::string> variable(std::string name) {
  const char* value = std::getenv(name.c_str());
  co_return value ? value : "(not set)";
}
task<std::string> folder() { co_return std::filesystem::current_path().string(); }
task<bool> write_to(int fd, std::string text) {
  co_return ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}
task<std::string> target_of(int fd) {
  co_return std::filesystem::read_symlink("/proc/self/fd/" + std::to_string(fd)).string();
}
task<std::vector<std::string>> path_below(int levels) {
  std::vector<std::string> path;
  if (levels > 0)
    co_await open_nursery([&](actor_nursery& an) -> task<> {
      auto child = co_await an.run_in_actor<&path_below>("level" + std::to_string(levels), levels - 1);
      path = co_await child.wait_for_result();
    });
  path.push_back(current_actor().id().name());
  co_return path;
}
task<int> never_exposed() { co_return 1; }

task<> end(const portal& child) {
  const bool acknowledged = co_await child.cancel_actor();
  CO_ASSERT_TRUE(acknowledged);
}

bool runs_main_in_children(const start_method& method) {
  return has(plugin::registry::instance().spawn(method.key()).caps(), spawn_capability::fresh_exec);
}

TRACTOR_TEST(spawning, the_same_function_runs_in_the_parent_and_in_a_child) {
  auto here = co_await where_am_i();
  EXPECT_EQ(here, "root");
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto child = co_await an.run_in_actor<&where_am_i>("kid");
    auto there = co_await child.wait_for_result();
    EXPECT_EQ(there, "kid");
    auto again = co_await child.wait_for_result();
    EXPECT_EQ(again, "kid");
    EXPECT_EQ(child.peer().name(), "kid");
    EXPECT_NE(child.peer().pid(), ::getpid());
  });
}

TRACTOR_TEST(spawning, a_daemon_answers_two_calls_and_ends_when_cancelled) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&twice>());
    auto four = co_await kid.run<&twice>(2);
    auto eight = co_await kid.run<&twice>(four);
    EXPECT_EQ(eight, 8);
    EXPECT_EQ(an.child_count(), 1u);
    co_await end(kid);
    const bool once_more = co_await kid.cancel_actor();
    EXPECT_FALSE(once_more && kid.connected());
  });
}

TRACTOR_TEST(spawning, an_actor_for_one_call_takes_options_too) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto options = expose<&twice>().env("SPAWNING_TEST", "told").loglevel("cancel");
    auto child = co_await an.run_in_actor<&variable>(actor_spec("kid", std::move(options)), "SPAWNING_TEST");
    auto told = co_await child.wait_for_result();
    EXPECT_EQ(told, "told");
    auto lasting = actor_spec("lasting", actor_options().lives(lifetime::forever));
    co_await raises<std::invalid_argument>(an.run_in_actor<&where_am_i>(lasting));
  });
}

TRACTOR_TEST(spawning, a_number_that_does_not_fit_its_parameter_is_a_type_error_of_the_caller) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&twice>());
    try {
      co_await kid.run<&twice>(5'000'000'000);
      CO_FAIL("it was sent");
    } catch (const msg_type_error& error) {
      EXPECT_THAT(error.what(), HasSubstr("argument 1 of "));
      EXPECT_THAT(error.what(), HasSubstr("5000000000 does not fit"));
    }
    auto four = co_await kid.run<&twice>(2L);
    EXPECT_EQ(four, 4);
    co_await end(kid);
  });
}

TRACTOR_TEST(spawning, results_without_a_value_are_kept) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto none = co_await an.run_in_actor<&no_value>("none");
    auto empty = co_await none.wait_for_result();
    EXPECT_FALSE(empty.has_value());
    auto nil = co_await an.run_in_actor<&nothing>("nil");
    co_await nil.wait_for_result();
  });
}

TRACTOR_TEST(spawning, a_child_has_its_parents_log_level_unless_told_another, (),
             root([](run_options& o) { o.loglevel("critical"); })) {
  auto ours = co_await level();
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&level>());
    auto inherited = co_await kid.run<&level>();
    EXPECT_EQ(inherited, ours);
    auto other = expose<&level>().loglevel("error");
    auto told = co_await an.start_actor("told", std::move(other));
    auto given = co_await told.run<&level>();
    EXPECT_EQ(given, "ERROR");
    co_await end(kid);
    co_await end(told);
  });
}

TRACTOR_TEST(spawning, environment_and_folder_of_a_child_are_those_asked_for, (tmp_dir & tmp)) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto options = expose<&variable, &folder>()
                       .env("SPAWNING_TEST_WORD", "a=b c")
                       .env("SPAWNING_TEST_EMPTY", "")
                       .working_directory(tmp.path());
    auto kid = co_await an.start_actor("kid", std::move(options));
    auto word = co_await kid.run<&variable>("SPAWNING_TEST_WORD");
    EXPECT_EQ(word, "a=b c");
    auto empty = co_await kid.run<&variable>("SPAWNING_TEST_EMPTY");
    EXPECT_EQ(empty, "");
    auto path = co_await kid.run<&folder>();
    EXPECT_EQ(path, std::filesystem::canonical(tmp.path()).string());
    // A sibling has none of it.
    auto plain = co_await an.start_actor("plain", expose<&variable, &folder>());
    auto unset = co_await plain.run<&variable>("SPAWNING_TEST_WORD");
    EXPECT_EQ(unset, "(not set)");
    auto ours = co_await plain.run<&folder>();
    EXPECT_EQ(ours, std::filesystem::current_path().string());
    co_await end(kid);
    co_await end(plain);
  });
}

TRACTOR_TEST(spawning, a_passed_descriptor_works_in_the_child_and_stays_ours) {
  std::array<int, 2> pipe{};
  CO_ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK), 0);
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto options = expose<&write_to, &target_of>().pass_fd(pipe[1], 20).null_stdio(0).null_stdio(1);
    auto kid = co_await an.start_actor("kid", std::move(options));
    auto written = co_await kid.run<&write_to>(20, "hello");
    EXPECT_TRUE(written);
    auto in = co_await kid.run<&target_of>(0);
    EXPECT_EQ(in, "/dev/null");
    auto out = co_await kid.run<&target_of>(1);
    EXPECT_EQ(out, "/dev/null");
    co_await end(kid);
  });
  std::array<char, 16> text{};
  EXPECT_EQ(::read(pipe[0], text.data(), text.size()), 5);
  EXPECT_STREQ(text.data(), "hello");
  EXPECT_EQ(::write(pipe[1], "x", 1), 1);
  EXPECT_EQ(::read(pipe[0], text.data(), text.size()), 1);
  EXPECT_EQ(::read(pipe[0], text.data(), text.size()), -1);
  ::close(pipe[0]);
  ::close(pipe[1]);
}

// Those where the kernel's own are unless they are wanted.
TRACTOR_TEST(spawning, a_passed_descriptor_may_have_any_number) {
  std::array<int, 2> pipe{};
  CO_ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK), 0);
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto options = expose<&write_to>().pass_fd(pipe[1], 240).pass_fd(pipe[1], 239);
    auto kid = co_await an.start_actor("kid", std::move(options));
    for (const int number : {239, 240}) {
      auto written = co_await kid.run<&write_to>(number, "x");
      EXPECT_TRUE(written) << number;
    }
    co_await end(kid);
  });
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TRACTOR_TEST(spawning, a_null_stream_other_than_the_standard_ones_is_refused) {
  std::string refusal;
  try {
    co_await open_nursery(
        [](actor_nursery& an) -> task<> { co_await an.start_actor("kid", expose<&twice>().null_stdio(3)); });
  } catch (const std::exception& error) {
    refusal = error.what();
  }
  EXPECT_THAT(refusal, HasSubstr("cannot start 'kid': null_stdio takes 0, 1 or 2, and not 3"));
}

TRACTOR_TEST(spawning, a_childs_standard_streams_can_be_descriptors_of_its_parent) {
  std::array<int, 2> pipe{};
  CO_ASSERT_EQ(::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK), 0);
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto options =
        expose<&write_to, &target_of>().pass_fd(pipe[0], 0).pass_fd(pipe[1], 1).pass_fd(pipe[1], 2);
    auto kid = co_await an.start_actor("kid", std::move(options));
    auto in = co_await kid.run<&target_of>(0);
    EXPECT_TRUE(in.starts_with("pipe:")) << in;
    EXPECT_TRUE(co_await kid.run<&write_to>(1, "out,"));
    EXPECT_TRUE(co_await kid.run<&write_to>(2, "err"));
    co_await end(kid);
  });
  std::array<char, 16> text{};
  EXPECT_EQ(::read(pipe[0], text.data(), text.size()), 7);
  EXPECT_STREQ(text.data(), "out,err");
  ::close(pipe[0]);
  ::close(pipe[1]);
}

TRACTOR_CELL_TEST(spawning, by_an_alias_of_the_backend_is_the_same,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  for (const plugin::plugin_info& each : plugin::registry::instance().list()) {
    if (each.kind != "spawn" || each.key != method.key()) continue;
    for (const std::string& alias : each.aliases) {
      run_options options;
      options.start_method(alias).enable_transports(proto.key()).registry_addrs(addr.text());
      run_tree(options, [&]() -> task<> {
        EXPECT_EQ(current_actor().start_method(), method.key());
        co_await open_nursery([](actor_nursery& an) -> task<> {
          auto kid = co_await an.start_actor("kid", expose<&target_of>());
          co_await end(kid);
        });
      });
    }
  }
}

TRACTOR_TEST(spawning, a_childs_stderr_can_be_null) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto options = expose<&target_of>().null_stdio(2);
    auto kid = co_await an.start_actor("kid", std::move(options));
    auto err = co_await kid.run<&target_of>(2);
    EXPECT_EQ(err, "/dev/null");
    co_await end(kid);
  });
}

TRACTOR_TEST(spawning, a_child_that_dies_in_its_boot_is_a_named_error_with_its_last_words,
             (start_method method)) {
  const std::vector<std::string> ways = {"exit", "abort"};
  for (const std::string& how : ways) {
    auto options = expose<&twice>();
    // A forked child has no beginning of its own in the program: it fails where it listens.
    const bool from_the_start = runs_main_in_children(method);
    if (from_the_start)
      options.env("SPAWNING_TEST_DIES", how);
    else
      options.bind_addrs("no-such-address:" + how);
    auto failing = open_nursery([&](actor_nursery& an) -> task<> {
      co_await an.start_actor("stillborn", options);
      co_await sleep_forever();
    });
    auto failure = co_await raises<actor_failure>(std::move(failing));
    EXPECT_EQ(failure.who().name(), "stillborn");
    EXPECT_FALSE(failure.status().success());
    EXPECT_THAT(failure.what(), HasSubstr("stillborn"));
    EXPECT_THAT(failure.what(), HasSubstr("before it had booted"));
    EXPECT_THAT(failure.stderr_tail(), HasSubstr(how));
    if (from_the_start) {
      EXPECT_EQ(failure.status().code(), how == "exit" ? 3 : 0);
      EXPECT_EQ(failure.status().signo(), how == "exit" ? 0 : SIGABRT);
    }
  }
}

TRACTOR_TEST(spawning, an_address_that_cannot_be_had_is_told_in_the_error_of_the_child) {
  auto failing = open_nursery([](actor_nursery& an) -> task<> {
    auto options = expose<&twice>().bind_addrs("no-such-address");
    co_await an.start_actor("homeless", std::move(options));
    co_await sleep_forever();
  });
  auto failure = co_await raises<actor_failure>(std::move(failing));
  EXPECT_THAT(failure.what(), HasSubstr("no-such-address"));
}

TRACTOR_TEST(spawning, a_folder_that_does_not_exist_is_an_error_and_leaves_nothing) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto options = expose<&twice>().working_directory("/no/such/folder");
    bool failed = false;
    try {
      co_await an.start_actor("lost", std::move(options));
    } catch (const std::exception& error) {
      failed = true;
      EXPECT_THAT(error.what(), testing::AnyOf(HasSubstr("lost"), HasSubstr("/no/such/folder")));
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(an.child_count(), 0u);
  });
}

TRACTOR_TEST(spawning, what_is_not_exposed_is_not_served) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&twice>());
    auto error = co_await raises<remote_actor_error>(kid.run<&never_exposed>());
    EXPECT_TRUE(error.boxed_type_is<module_not_exposed>());
    EXPECT_TRUE(is_error<module_not_exposed>(error.unwrap()));
    EXPECT_THAT(error.message(), HasSubstr("never_exposed"));
    auto by_name = co_await raises<remote_actor_error>(kid.run_from_ns("spawning_test", "no_such"));
    EXPECT_TRUE(by_name.boxed_type_is<module_not_exposed>());
    auto verb = co_await raises<remote_actor_error>(kid.run_from_ns("self", "exit"));
    EXPECT_TRUE(verb.boxed_type_is<module_not_exposed>());
    // None of this harmed it.
    auto four = co_await kid.run<&twice>(2);
    EXPECT_EQ(four, 4);
    co_await end(kid);
  });
}

TRACTOR_TEST(spawning, wrong_arguments_by_name_are_a_type_error_that_names_them) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&twice>());
    msg::buffer kwargs;
    msg::writer to(kwargs);
    to.map_header(1);
    to.str("m");
    msg::encode(to, 21);
    auto unknown =
        co_await raises<remote_actor_error>(kid.run_from_ns("spawning_test", "twice", std::move(kwargs)));
    EXPECT_TRUE(unknown.boxed_type_is<argument_error>());
    EXPECT_THAT(unknown.message(), HasSubstr("'m'"));
    auto none = co_await raises<remote_actor_error>(kid.run_from_ns("spawning_test", "twice"));
    EXPECT_TRUE(none.boxed_type_is<argument_error>());
    EXPECT_THAT(none.message(), HasSubstr("takes 1 arguments, but 0"));
    co_await end(kid);
  });
}

TRACTOR_TEST(spawning, sixteen_children_are_started_and_called_at_once) {
  int sum = 0;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      for (int i = 0; i < 16; ++i)
        tn.start_soon(
            [&](int n) -> task<> {
              // All of one name: names need not be unique.
              auto kid = co_await an.start_actor("kid", expose<&twice>());
              auto result = co_await kid.run<&twice>(n);
              sum += result;
            },
            i);
      co_return;
    });
    EXPECT_EQ(an.child_count(), 16u);
    an.cancel();
  });
  EXPECT_EQ(sum, 240);
}

TRACTOR_TEST(spawning, actors_nest_three_levels_deep) {
  auto path = co_await path_below(3);
  EXPECT_THAT(path, testing::ElementsAre("level1", "level2", "level3", "root"));
}

}  // namespace spawning_test
