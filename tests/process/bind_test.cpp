// Where actors listen, and where they say that they do.
#include <tractor/discovery/multiaddr.hpp>
#include <tractor/plugin/registry.hpp>
#include <tractor/plugin/transport.hpp>

#include "registry.hpp"

namespace bind_test {

using namespace process_tests;
using process_program::hello;

task<std::vector<std::string>> own_addresses() {
  std::vector<std::string> out;
  for (const address& where : current_actor().addresses()) out.push_back(where.text());
  co_return out;
}

std::vector<std::string> texts_of(const std::vector<address>& all) {
  std::vector<std::string> out;
  for (const address& each : all) out.push_back(each.text());
  return out;
}

// An address as the pair that travels in messages.
any_address pair_of(const std::string& text) {
  return std::visit([](const auto& form) { return any_address(form); }, parse_address(text).wire());
}

// The greeting of an actor, by way of another process.
task<std::string> greeting_by_name(std::string name) {
  auto other = co_await wait_for_actor(name);
  const std::string where = other.remote().text();
  co_return where + " " + co_await other.run<&hello>("you");
}

task<> pump(byte_stream& from, byte_stream& to) {
  std::vector<std::byte> buffer(4096);
  for (;;) {
    const std::size_t count = co_await from.read_some(std::span(buffer));
    if (count == 0) break;
    const std::span<const std::byte> part(buffer.data(), count);
    co_await to.write_all(std::span(&part, 1));
  }
  to.shutdown_write();
}

// Passes on one connection after another, as a gateway does that stands before an actor.
task<> gateway(listener& from, address to) {
  auto& via = plugin::registry::instance().transport(to.transport());
  for (;;) {
    auto near = co_await from.accept();
    auto far = co_await via.connect(to);
    auto both = [&](task_nursery& tn) -> task<> {
      tn.start_soon([&] { return pump(*near, *far); });
      tn.start_soon([&] { return pump(*far, *near); });
      co_return;
    };
    co_await open_task_nursery(both);
  }
}

// Where the root listens besides the registry address: as text, as a pair, or twice the same.
template <int Form> void bind_as(run_options& options, test_context& context) {
  const std::string more = context.get<more_addresses>().fresh();
  const std::string ours = context.get<reg_addr>().text();
  if (Form == 0) options.bind_addrs(more);
  if (Form == 1) options.bind_addrs(pair_of(more), parse_address(ours));
  if (Form == 2) options.bind_addrs(ours);
}

TRACTOR_TEST(binding, of_a_registrar_joins_the_registry_address_and_others, (reg_addr ours),
             root(&bind_as<0>)) {
  auto all = current_actor().addresses();
  EXPECT_EQ(all.size(), 2u);
  EXPECT_THAT(texts_of(all), testing::Contains(ours.text()));
  auto told = co_await fail_after(roomy(5s), query_actor("root"));
  EXPECT_THAT(texts_of(told), testing::UnorderedElementsAreArray(texts_of(all)));
}

TRACTOR_TEST(binding, takes_addresses_as_pairs_and_multiaddrs_and_each_once, (reg_addr ours),
             root(&bind_as<1>)) {
  auto all = texts_of(current_actor().addresses());
  EXPECT_EQ(all.size(), 2u);
  EXPECT_THAT(all, testing::Contains(ours.text()));
  co_return;
}

TRACTOR_TEST(binding, of_the_registry_address_itself_is_no_second_one, (reg_addr ours), root(&bind_as<2>)) {
  EXPECT_THAT(texts_of(current_actor().addresses()), testing::ElementsAre(ours.text()));
  co_return;
}

TRACTOR_TEST(binding, of_a_root_that_is_no_registrar_is_exactly_what_it_was_told,
             (start_method method, tpt_proto proto, reg_addr ours, more_addresses more)) {
  const std::string one = more.fresh(), two = more.fresh();
  command line = program("bound", method, proto, ours);
  subprocess second(line.env("BIND_ADDRS", one + " " + two));
  auto [code, err] = co_await end_of(second);
  EXPECT_EQ(code, 0) << err;
  EXPECT_EQ(second.out(), parse_address(one).text() + " " + parse_address(two).text() + "\n");
}

TRACTOR_TEST(binding, of_a_root_that_was_told_nothing_is_one_address_of_its_own,
             (start_method method, tpt_proto proto, reg_addr ours)) {
  subprocess second(program("bound", method, proto, ours));
  auto [code, err] = co_await end_of(second);
  EXPECT_EQ(code, 0) << err;
  const address there = parse_address(second.out().substr(0, second.out().size() - 1));
  EXPECT_EQ(there.transport(), proto.key());
  EXPECT_NE(there.text(), ours.text());
}

TRACTOR_TEST(binding, of_a_child_is_what_its_spawner_says_in_any_form, (more_addresses more)) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    for (int form = 0; form < 3; ++form) {
      const std::string where = more.fresh();
      auto options = expose<&own_addresses>();
      if (form == 0) options.bind_addrs(where);
      if (form == 1) options.bind_addrs(pair_of(where));
      if (form == 2) options.bind_addrs(parse_address(where));
      auto kid = co_await an.start_actor("kid", std::move(options));
      auto bound = co_await kid.run<&own_addresses>();
      EXPECT_THAT(bound, testing::ElementsAre(parse_address(where).text()));
    }
    an.cancel();
  });
}

TRACTOR_TEST(advertising, another_address_is_what_others_find_and_call,
             (tpt_proto proto, more_addresses more)) {
  const std::string inside = more.fresh(), outside = more.fresh();
  auto door = co_await plugin::registry::instance().transport(proto.key()).listen(parse_address(outside));
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    an.tasks().start_soon([&] { return gateway(*door, parse_address(inside)); });
    auto options = expose<&hello, &own_addresses>();
    auto kid = co_await an.start_actor("kid", options.bind_addrs(inside).advertise_addrs(pair_of(outside)));
    auto bound = co_await kid.run<&own_addresses>();
    EXPECT_THAT(bound, testing::ElementsAre(parse_address(inside).text()));
    auto asker = co_await an.start_actor("asker", expose<&greeting_by_name>());
    auto text = co_await asker.run<&greeting_by_name>("kid");
    EXPECT_EQ(text, parse_address(outside).text() + " hello you, says kid");
    auto told = co_await query_actor("kid");
    EXPECT_THAT(texts_of(told), testing::ElementsAre(parse_address(outside).text()));
    an.cancel();
  });
  door->close();
}

TRACTOR_TEST(advertising, of_a_root_is_told_to_the_registry_and_to_its_children, (reg_addr ours),
             root([](run_options& options, test_context& context) {
               // It listens there as well, so that it can be called.
               const std::string shown = context.get<more_addresses>().fresh();
               options.bind_addrs(shown).advertise_addrs(shown);
             })) {
  EXPECT_EQ(current_actor().addresses().size(), 2u);
  CO_ASSERT_EQ(current_actor().advertised().size(), 1u);
  EXPECT_NE(current_actor().advertised().front().text(), ours.text());
  auto told = co_await fail_after(roomy(5s), query_actor("root"));
  EXPECT_EQ(told, current_actor().advertised());
}

}  // namespace bind_test
