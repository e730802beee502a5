// What travels has a type. Structs that are described travel as maps of named fields, several types in one
// tag make a variant, and a value of another type is refused where it arrives, with the field that is wrong.
#include <iostream>
#include <optional>
#include <string>
#include <tractor/tractor.hpp>
#include <variant>
#include <vector>

using namespace tractor;

struct item {
  std::string name;
  int count = 0;
};
BOOST_DESCRIBE_STRUCT(item, (), (name, count))

struct order {
  int number = 0;
  std::vector<item> items;
  std::optional<std::string> note;
};
BOOST_DESCRIBE_STRUCT(order, (), (number, items, note))

struct cancel_order {
  int order_number = 0;
};
BOOST_DESCRIBE_STRUCT(cancel_order, (), (order_number))

// Two types in one tag: the stream's items are std::variant<order, cancel_order>.
task<int> shop(context<receives<order, cancel_order>, sends<std::string>>& ctx) {
  auto& stream = co_await ctx.open_stream();
  int open_orders = 0;
  while (auto message = co_await stream.next()) {
    if (const auto* placed = std::get_if<order>(&*message)) {
      ++open_orders;
      std::string text = "order " + std::to_string(placed->number) + ":";
      for (const item& each : placed->items) text += " " + std::to_string(each.count) + " " + each.name;
      if (placed->note) text += " (" + *placed->note + ")";
      co_await stream.send(text);
    } else {
      --open_orders;
      const int number = std::get<cancel_order>(*message).order_number;
      co_await stream.send("order " + std::to_string(number) + " is cancelled");
    }
  }
  co_return open_orders;
}

task<int> weigh(order of) {
  int total = 0;
  for (const item& each : of.items) total += each.count;
  co_return total;
}

// Calls `weigh` by its name, as a peer in another language would, with a field of a wrong type.
task<bool> is_refused(portal child) {
  msg::buffer arguments;
  msg::writer to(arguments);
  to.map_header(1);
  to.str("of");
  to.map_header(1);
  to.str("number");
  to.str("seven");
  try {
    co_await child.run_from_ns("shop", "weigh", std::move(arguments));
  } catch (const remote_actor_error& error) {
    std::cout << "refused: " << error.message() << std::endl;
    co_return error.boxed_type_is<msg_type_error>();
  }
  co_return false;
}

task<int> app() {
  co_return co_await open_nursery([](actor_nursery& an) -> task<int> {
    actor_options options = expose<&shop>();
    options.expose_as<&weigh>("shop:weigh", "of");
    portal child = co_await an.start_actor("shop", options);

    const int left = co_await child.open_context<&shop>([](auto& ctx) -> task<int> {
      auto& stream = co_await ctx.open_stream();
      order first;
      first.number = 1;
      first.items = {{"apples", 3}, {"pears", 2}};
      first.note = "ripe ones";
      order second;
      second.number = 2;
      cancel_order no_more;
      no_more.order_number = 1;
      co_await stream.send(first);
      co_await stream.send(second);
      co_await stream.send(no_more);
      for (int i = 0; i < 3; ++i) {
        const std::string line = co_await stream.receive();
        std::cout << line << std::endl;
      }
      co_await stream.aclose();
      co_return co_await ctx.wait_for_result();
    });
    std::cout << left << " order is open" << std::endl;
    const bool refused = co_await is_refused(child);
    co_await child.cancel_actor();
    co_return left == 1 && refused ? 0 : 1;
  });
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
