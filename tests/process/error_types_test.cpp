// Types of errors by name: which come back as themselves in another process, and what is kept of the others.
#include <gmock/gmock.h>

#include <tractor/harness/harness.hpp>
#include <tractor/tractor.hpp>

#include "fake_actor.hpp"

namespace error_types_test {

using namespace tractor;
using namespace tractor::harness;
using namespace process_tests;
using testing::HasSubstr;

class registered_alone : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
class registered_first : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};
class registered_second : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};
class unknown_there : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

const bool done =
    (register_errors<registered_alone>(), register_errors<registered_first, registered_second>(), true);

// The error as another process would get it.
remote_actor_error boxed(const std::exception_ptr& error) {
  const actor_id there("there", "00000000-0000-4000-8000-000000000001", 7);
  try {
    std::rethrow_exception(tractor::detail::unbox_error(tractor::detail::box_error(error, there)));
  } catch (const remote_actor_error& remote) {
    return remote;
  }
}

template <class E> void expect_itself() {
  const std::exception_ptr local = boxed(std::make_exception_ptr(E("the text"))).unwrap();
  ASSERT_NE(local, nullptr) << typeid(E).name();
  try {
    std::rethrow_exception(local);
  } catch (const E& same) {
    EXPECT_EQ(typeid(same), typeid(E));
    EXPECT_STREQ(same.what(), "the text");
  }
}

task<> throws_registered(bool first) {
  if (first) throw registered_first("of the first kind");
  throw registered_second("of the second kind");
  co_return;
}
task<> throws_unknown(context<starts<void>>& ctx) {
  co_await ctx.started();
  throw unknown_there("of no kind");
}

TEST(error_registry, of_the_standard_library_resolve) {
  expect_itself<std::runtime_error>();
  expect_itself<std::logic_error>();
  expect_itself<std::invalid_argument>();
  expect_itself<std::domain_error>();
  expect_itself<std::length_error>();
  expect_itself<std::out_of_range>();
  expect_itself<std::range_error>();
  expect_itself<std::overflow_error>();
  expect_itself<std::underflow_error>();
}

TEST(error_registry, of_the_runtime_resolve) {
  expect_itself<module_not_exposed>();
  expect_itself<msg_type_error>();
  expect_itself<actor_too_slow_error>();
  expect_itself<stream_overrun>();
  expect_itself<no_runtime>();
  expect_itself<runtime_failure>();
  expect_itself<too_slow_error>();
  // The ends of streams, which an endpoint may let out.
  expect_itself<end_of_channel>();
  expect_itself<closed_resource>();
}

TEST(error_registry, of_a_program_resolve_once_they_are_registered_one_by_one_or_together) {
  expect_itself<registered_alone>();
  expect_itself<registered_first>();
  expect_itself<registered_second>();
}

TEST(error_registry, that_nobody_registered_keep_their_name_and_text) {
  const remote_actor_error error = boxed(std::make_exception_ptr(unknown_there("lost")));
  EXPECT_EQ(error.unwrap(), nullptr);
  EXPECT_TRUE(error.boxed_type_is<unknown_there>());
  EXPECT_THAT(error.boxed_type_str(), HasSubstr("unknown_there"));
  EXPECT_EQ(error.boxed_type_str(), error.src_type_str());
  EXPECT_EQ(error.message(), "lost");
  EXPECT_THAT(error.what(), HasSubstr("unknown_there: lost"));
}

template <class E> void expect_for(const std::string& name) {
  error_record record;
  record.src_type_str = record.boxed_type_str = name;
  record.message = "as they say there";
  const std::exception_ptr local = remote_actor_error(std::make_shared<error_record>(record)).unwrap();
  ASSERT_NE(local, nullptr) << name;
  try {
    std::rethrow_exception(local);
  } catch (const E& ours) {
    EXPECT_EQ(typeid(ours), typeid(E)) << name;
    EXPECT_STREQ(ours.what(), "as they say there");
  }
}

TEST(error_registry, of_the_runtime_of_the_reference_resolve_to_ours) {
  expect_for<no_runtime>("NoRuntime");
  for (const char* name : {"NoResult", "InternalError", "MessagingError"}) expect_for<runtime_failure>(name);
}

// What has no name there is relayed without one.
TEST(error_registry, without_a_type_are_sent_on_as_they_came) {
  const std::exception_ptr error =
      std::make_exception_ptr(remote_actor_error(std::make_shared<error_record>()));
  const actor_id here("here", "00000000-0000-4000-8000-000000000002", 8);
  EXPECT_EQ(tractor::detail::box_error(error, here).src_type_str, "");
}

TEST(error_registry, of_an_empty_record_are_told_without_a_fault) {
  const remote_actor_error error(std::make_shared<error_record>());
  EXPECT_EQ(error.unwrap(), nullptr);
  EXPECT_EQ(error.src_type_str(), "<unknown>");
  EXPECT_EQ(error.boxed_type_str(), "<unknown>");
  EXPECT_THAT(error.what(), HasSubstr("<unknown>"));
  EXPECT_TRUE(error.exceptions().empty());
  EXPECT_FALSE(error.is_inception());
}

TRACTOR_TEST(error_types, that_are_registered_arrive_as_themselves) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&throws_registered>());
    auto first = co_await raises<remote_actor_error>(kid.run<&throws_registered>(true));
    EXPECT_TRUE(first.boxed_type_is<registered_first>());
    EXPECT_TRUE(is_error<registered_first>(first.unwrap()));
    auto second = co_await raises<remote_actor_error>(kid.run<&throws_registered>(false));
    EXPECT_TRUE(second.boxed_type_is<registered_second>());
    EXPECT_FALSE(is_error<registered_first>(second.unwrap()));
    co_await kid.cancel_actor();
  });
}

TRACTOR_TEST(error_types, that_are_not_arrive_from_a_context_with_name_text_and_source) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("kid", expose<&throws_unknown>());
    auto body = [](auto& ctx) -> task<> { co_await ctx.wait_for_result(); };
    auto error = co_await raises<remote_actor_error>(kid.open_context<&throws_unknown>(body));
    EXPECT_EQ(error.unwrap(), nullptr);
    EXPECT_THAT(error.boxed_type_str(), HasSubstr("unknown_there"));
    EXPECT_THAT(error.tb_str(), HasSubstr("of no kind"));
    EXPECT_EQ(error.src_uid(), kid.peer());
    co_await kid.cancel_actor();
  });
}

// What the errors of a made-up actor are here, one for each of these types.
task<std::vector<remote_actor_error>> raised_by_types(std::vector<std::string> types) {
  std::vector<remote_actor_error> raised;
  auto lines = [&](wire_peer& peer, std::string cid) -> task<> {
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (i > 0) {
        const msg::value start = co_await peer.expect("Start");
        cid = text_of(start, "cid");
      }
      co_await peer.send(wire_peer::ack(cid, "asyncfunc"));
      co_await peer.send(peer.error(types[i], cid, "so it is"));
    }
  };
  auto calls = [&](portal fake) -> task<> {
    for (std::size_t i = 0; i < types.size(); ++i) {
      auto error = co_await raises<remote_actor_error>(fake.run_from_ns("mod", "function"));
      raised.push_back(error);
    }
  };
  co_await with_fake(lines, calls);
  co_return raised;
}

TRACTOR_TEST(error_types, of_the_runtime_of_the_reference_come_back_as_a_runtime_failure, (), keyless()) {
  std::vector<std::string> types{"NoResult", "InternalError", "MessagingError"};
  auto raised = co_await raised_by_types(types);
  CO_ASSERT_EQ(raised.size(), types.size());
  for (const remote_actor_error& error : raised) EXPECT_TRUE(is_error<runtime_failure>(error.unwrap()));
}

TRACTOR_TEST(error_types, that_are_none_are_shown_as_unknown, (), keyless()) {
  std::vector<std::string> none{""};
  auto raised = co_await raised_by_types(none);
  CO_ASSERT_EQ(raised.size(), 1u);
  EXPECT_THAT(raised[0].what(), HasSubstr("<unknown>"));
}

}  // namespace error_types_test
