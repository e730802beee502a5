// What a root is told by its options, what its children have of it, and the handles to oneself, the parent
// and the root.
#include <gmock/gmock.h>

#include <algorithm>
#include <tractor/discovery/discovery.hpp>
#include <tractor/harness/harness.hpp>
#include <tractor/log/sink.hpp>
#include <tractor/plugin/registry.hpp>
#include <tractor/plugin/settings_error.hpp>
#include <tractor/tractor.hpp>

namespace options_test {

using namespace tractor;
using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::HasSubstr;

/// An address of the cell's transport that nobody listens on, fit to be named before it is bound.
class spare_address {
 public:
  static spare_address provide(test_context& context) { return spare_address(context.where()); }
  explicit spare_address(const cell& where)
      : context_(std::make_shared<test_context>("options", "spare", where)),
        text_(context_->get<reg_addr>().text()) {}
  const std::string& text() const { return text_; }

 private:
  std::shared_ptr<test_context> context_;  // holds the reservation
  std::string text_;
};

/// An address of every other transport of the run.
class other_addresses {
 public:
  static other_addresses provide(test_context& context) {
    other_addresses out;
    for (const std::string& key : current_session().transports)
      if (key != context.where().transport) {
        out.keys.push_back(key);
        out.all.emplace_back(cell(context.where().backend, key));
      }
    return out;
  }
  std::vector<std::string> keys;
  std::vector<spare_address> all;
};

task<std::vector<std::string>> own_addresses() {
  std::vector<std::string> out;
  for (const address& at : current_actor().addresses()) out.push_back(at.text());
  co_return out;
}
task<int> add(int a, int b) { co_return a + b; }

// One word for each thing that a child has from its parent.
task<std::vector<std::string>> inherited() {
  const actor& self = current_actor();
  std::vector<std::string> out{self.start_method(), self.debug_mode() ? "debug" : "no debug",
                               self.is_root() || is_root_process() ? "root" : "no root",
                               self.is_registrar() ? "registrar" : "no registrar"};
  for (const std::string& key : self.transports()) out.push_back(key);
  for (const address& where : self.registry_addrs()) out.push_back(where.text());
  co_return out;
}
task<std::string> parents_and_roots_names() {
  const portal parent = current_actor().parent();
  const portal root = co_await get_root();
  const int sum = co_await root.run<&add>(20, 22);
  co_return parent.peer().name() + " " + root.peer().name() + " " + std::to_string(sum);
}
task<std::string> asked_below() {
  std::string out;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto leaf = co_await an.run_in_actor<&parents_and_roots_names>("leaf");
    out = co_await leaf.wait_for_result();
  });
  co_return out;
}
task<> ends_itself() {
  current_actor().cancel_soon();
  co_await sleep_forever();
}
task<std::string> says_its_state() { co_return current_actor().state(); }

// Waits until `name` is registered in as many places, with a bound.
task<std::size_t> places_of(std::string name, std::size_t wanted) {
  std::size_t places = 0;
  co_await move_on_after(5s, [&](cancel_scope&) -> task<> {
    for (;;) {
      auto where = co_await query_actor(name);
      places = where.size();
      if (places == wanted) break;
      co_await sleep(5ms);
    }
  });
  co_return places;
}

// The address of a documentation network: no machine has it, so that nothing is ever bound there.
constexpr const char* beyond_this_host = "/ip4/192.0.2.1/tcp/0";

task<std::string> why_refused(std::string where) {
  auto failing = open_nursery([&](actor_nursery& an) -> task<> {
    auto options = expose<&own_addresses>().enable_transports("tcp").bind_addrs(where);
    co_await an.start_actor("outdoors", std::move(options));
    co_await sleep_forever();
  });
  auto error = co_await raises<actor_failure>(std::move(failing));
  co_return error.what();
}

TRACTOR_TEST(root_options, bind_the_given_addresses_besides_the_registrars,
             (spare_address spare, reg_addr reg), root([](run_options& options, test_context& context) {
               options.bind_addrs(context.get<spare_address>().text());
             })) {
  auto ours = co_await own_addresses();
  EXPECT_THAT(ours, testing::UnorderedElementsAre(spare.text(), reg.text()));
}

TRACTOR_TEST(root_options, name_the_root_and_expose_its_functions, (),
             root([](run_options& options) { options.name("captain").expose<&add>(); })) {
  EXPECT_EQ(current_actor().id().name(), "captain");
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&parents_and_roots_names, &asked_below>());
    auto near = co_await kid.run<&parents_and_roots_names>();
    EXPECT_EQ(near, "captain captain 42");
    auto far = co_await kid.run<&asked_below>();
    EXPECT_EQ(far, "kid captain 42");
    an.cancel();
  });
}

TRACTOR_TEST(root_options, are_what_children_and_grandchildren_have,
             (reg_addr reg, start_method method, tpt_proto proto),
             root([](run_options& options) { options.debug_mode(); })) {
  const std::vector<std::string> wanted{method.key(),   "debug",     "no root",
                                        "no registrar", proto.key(), reg.text()};
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&inherited>());
    auto theirs = co_await kid.run<&inherited>();
    EXPECT_EQ(theirs, wanted);
    an.cancel();
  });
}

// The address is looked for before the root's loop runs.
TRACTOR_TEST(child_options, bind_exactly_the_given_addresses, (spare_address spare),
             root([](run_options&, test_context& context) { context.get<spare_address>(); })) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto options = expose<&own_addresses>().bind_addrs(spare.text());
    auto kid = co_await an.start_actor("kid", std::move(options));
    auto theirs = co_await kid.run<&own_addresses>();
    EXPECT_THAT(theirs, testing::ElementsAre(spare.text()));
    auto found = co_await wait_for_actor("kid");
    EXPECT_EQ(found.peer(), kid.peer());
    an.cancel();
  });
}

TRACTOR_TEST(binds_beyond_this_host, are_refused_without_encryption) {
  auto why = co_await why_refused(beyond_this_host);
  EXPECT_THAT(why, HasSubstr(std::string("refused to listen on ") + beyond_this_host + ": it is reachable"));
  EXPECT_THAT(why, HasSubstr("--insecure"));
}

TRACTOR_TEST(binds_beyond_this_host, are_tried_when_the_network_is_said_to_be_trusted, (),
             root([](run_options& options) { options.insecure(); })) {
  auto why = co_await why_refused(beyond_this_host);
  EXPECT_THAT(why, HasSubstr(std::string("cannot listen on ") + beyond_this_host + ": "));
}

TRACTOR_TEST(registrars, of_several_transports_all_know_a_child, (other_addresses others, reg_addr reg),
             root([](run_options& options, test_context& context) {
               const auto& others = context.get<other_addresses>();
               options.registry_addrs(context.get<reg_addr>().text());
               for (const std::string& key : others.keys) options.enable_transports(key);
               for (const spare_address& each : others.all) options.registry_addrs(each.text());
             })) {
  std::vector<std::string> warnings;
  const log::sink before = log::set_sink([&](const log::record& it) { warnings.emplace_back(it.message); });
  auto ours = co_await own_addresses();
  EXPECT_EQ(ours.size(), 1 + others.all.size());
  const bool there = std::find(ours.begin(), ours.end(), reg.text()) != ours.end();
  EXPECT_TRUE(there);
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&inherited>());
    // Each of its addresses, and each of them once, though it registers with every registrar.
    auto places = co_await places_of("kid", 1 + others.all.size());
    EXPECT_EQ(places, 1 + others.all.size());
    co_await kid.cancel_actor();
    auto left = co_await places_of("kid", 0);
    EXPECT_EQ(left, 0u);
  });
  log::set_sink(before);
  EXPECT_THAT(warnings, testing::IsEmpty());
}

TRACTOR_TEST(actor_handle, cancel_soon_ends_an_actor_as_if_it_had_been_asked) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&ends_itself>());
    auto error = co_await raises<context_cancelled>(kid.run<&ends_itself>());
    EXPECT_EQ(error.canceller(), kid.peer());
  });
}

TRACTOR_TEST(actor_handle, says_its_state_in_one_line) {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&says_its_state>());
    auto theirs = co_await kid.run<&says_its_state>();
    EXPECT_THAT(theirs, HasSubstr("running, 1 calls, "));
    EXPECT_THAT(theirs, HasSubstr(" peers, 0 children"));
    EXPECT_THAT(current_actor().state(), HasSubstr(" peers, 1 children"));
    an.cancel();
  });
  EXPECT_THAT(current_actor().state(), HasSubstr("0 children"));
}

TRACTOR_TEST(actor_handle, of_the_root_has_no_parent) {
  try {
    current_actor().parent();
    ADD_FAILURE() << "the root has a parent";
  } catch (const runtime_failure& error) {
    EXPECT_THAT(error.what(), HasSubstr("no parent"));
  }
  co_await raises<runtime_failure>(get_root());
}

// Nothing reads the boot record before the child is there: who waited for that would wait for ever.
TRACTOR_TEST(child_options, that_are_too_long_for_the_boot_record_are_refused) {
  auto start = open_nursery([](actor_nursery& an) -> task<> {
    actor_options long_ones;
    long_ones.loglevel("warning" + std::string(900'000, ' '));
    co_await an.start_actor("long", long_ones);
  });
  const auto error = co_await raises<runtime_failure>(std::move(start));
  EXPECT_THAT(error.what(), HasSubstr("are more than its boot socket holds"));
}

TRACTOR_CELL_TEST(root_options, refuse_a_lease_that_ends_at_once, ()) {
  const auto with_no_lease = [] {
    run_tree(run_options().registry_lease(0s), []() -> task<> { co_return; });
  };
  EXPECT_THROW(with_no_lease(), settings_error);
}

}  // namespace options_test
