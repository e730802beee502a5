// The rules of plugin/transport.hpp and plugin/address.hpp for addresses.
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "at_hand.hpp"
#include "dead_owner.hpp"
#include "rule.hpp"
#include "streams.hpp"

namespace tractor::conformance {
namespace {

void addresses_round_trip(const subject& it) {
  for (const address& one : {over(it).default_registry(), somewhere(it)}) {
    require(one.transport() == it.key, one.text() + " names the transport '" + one.transport() + "'");
    const auto again = over(it).parse(one.text());
    require(again.has_value(), "parse() does not know its own " + one.text());
    require(*again == one, "parse(\"" + one.text() + "\") yields " + again->text());
    require(again->wire() == one.wire(), one.text() + " has another wire form when it is read");
  }
}

void foreign_texts_are_passed_over(const subject& it) {
  const auto got = over(it).parse("/no_such_transport/x");
  require(!got, "parse() claims /no_such_transport/x");
}

void other_transports_are_passed_over(const subject& it) {
  const std::string ours = over(it).default_registry().text();
  bool any = false;
  for (const plugin::plugin_info& other : plugins_at_hand(it)) {
    if (other.kind != "transport" || other.key == it.key) continue;
    any = true;
    const transport& neighbour = plugin::registry::instance().transport(other.key);
    const std::string theirs = neighbour.default_registry().text();
    require(!over(it).parse(theirs), "parse() claims " + theirs + ", which is of the transport " + other.key);
    require(!neighbour.parse(ours), "the transport " + other.key + " claims " + ours);
  }
  if (!any) throw not_applicable("no other transport is on the path of plugins");
}

// The name that begins its texts and is used by no other, and nothing after it.
void malformed_addresses_are_named(const subject& it) {
  const std::string good = over(it).default_registry().text();
  const std::string cut = good.substr(0, good.find('/', 1)) + '/';
  std::string said;
  try {
    const auto got = over(it).parse(cut);
    throw broken("parse(\"" + cut + "\") yields " + (got ? got->text() : "nothing"));
  } catch (const address_error& error) {
    said = error.what();
  }
  require(names(said, cut), "the error for " + cut + " does not name it: " + said);
}

// Throws if `parse` makes of a text what it must not.
void check_parsed(const subject& it, const std::string& text) {
  try {
    const auto got = over(it).parse(text);
    if (!got) return;
    const auto again = over(it).parse(got->text());
    require(again && *again == *got, "parse(\"" + text + "\") yields " + got->text() + ", which is none");
  } catch (const address_error& error) {
    // What could write on a terminal need not come back as it is.
    const bool printable = std::ranges::all_of(text, [](char c) { return c >= ' ' && c < 127; });
    require(!printable || names(error.what(), text),
            "the error for " + text + " does not name it: " + error.what());
  } catch (const broken&) {
    throw;
  } catch (const std::exception& error) {
    throw broken("parse(\"" + text + "\") throws no address_error: " + error.what());
  }
}

void spoilt_texts_do_no_harm(const subject& it) {
  for (const address& one : {over(it).default_registry(), somewhere(it)})
    for (std::size_t at = 0; at <= one.text().size(); ++at) {
      const std::string begin = one.text().substr(0, at), rest = one.text().substr(at);
      check_parsed(it, begin);
      for (const char more : {'\0', '\n', ' ', '/', ':', '9', '\xff'}) check_parsed(it, begin + more + rest);
    }
}

void random_addresses_differ(const subject& it) {
  // With an address that leaves a part open (a port), listening is what makes it one's own.
  run_loop([&]() -> task<> {
    const address one = somewhere(it), two = somewhere(it);
    const auto first = co_await over(it).listen(one);
    const auto second = co_await over(it).listen(two);
    require(!(first->bound() == second->bound()), "both listeners are at " + first->bound().text());
  });
}

void any_name_has_an_address(const subject& it) {
  run_loop([&]() -> task<> {
    for (const std::string& name :
         {std::string("a/b c"), std::string(300, 'n'), std::string("\t..\xc3\xbc")}) {
      const address where = over(it).random_bind(actor_id(name, "c0ffee01", ::getpid()));
      const auto door = co_await over(it).listen(where);
      const std::string bound = door->bound().text();
      require(over(it).parse(bound).has_value(), "parse() does not know " + bound);
    }
  });
}

void what_is_bound_can_be_sent_to_others(const subject& it) {
  run_loop([&]() -> task<> {
    const address where = somewhere(it);
    const auto door = co_await over(it).listen(where);
    const address bound = door->bound();
    const auto read = over(it).parse(bound.text());
    require(read.has_value(), "parse() does not know " + bound.text());
    require(*read == bound && read->wire() == bound.wire(),
            bound.text() + " is another address when it is read");
    const auto near = co_await over(it).connect(*read);
    co_await send(*near, "x");
    co_await accept_a_live_one(*door);
  });
}

// Nobody listens beyond this host over a transport that does not encrypt.
void require_near(const subject& it, const address& where) {
  require(over(it).encrypts() || over(it).distance(where) != locality::network,
          where.text() + " is beyond this host, and encrypts() says no");
}

void the_registry_is_near_and_the_same(const subject& it) {
  const address one = over(it).default_registry(), two = over(it).default_registry();
  require(one == two, "default_registry() is " + one.text() + " and then " + two.text());
  require_near(it, one);
  require(!(one == somewhere(it)), "random_bind() yields " + one.text() + ", where registrars listen");
}

void distances_are_told(const subject& it) {
  require_near(it, somewhere(it));
  const bool here = over(it).distance(somewhere(it)) == locality::same_process;
  if (!over(it).crosses_processes()) {
    require(here, "both ends must be in this process, and distance() says otherwise");
    return;
  }
  const std::string text = killed_listener(it);
  const locality distance = over(it).distance(read_own(it, text));
  remove_what_is_left_at(it, text);
  require(distance != locality::same_process, text + " is in another process");
}

}  // namespace

const std::vector<rule>& address_rules() {
  static const std::vector<rule> all = {
      {"addresses", "an address survives its text form", addresses_round_trip},
      {"foreign_text", "a text of another transport is passed over", foreign_texts_are_passed_over},
      {"other_texts", "this transport and those at hand pass over each other's texts",
       other_transports_are_passed_over},
      {"malformed", "a malformed address is an address_error that names it", malformed_addresses_are_named},
      {"spoilt", "a spoilt text is an address, nothing, or an address_error", spoilt_texts_do_no_harm},
      {"random_bind", "two random addresses do not meet", random_addresses_differ},
      {"odd_names", "an actor of any name has an address to listen on", any_name_has_an_address},
      {"bound", "where a listener is bound can be read from its text, and reached",
       what_is_bound_can_be_sent_to_others},
      {"registry", "the registrar's address is near, and the same each time",
       the_registry_is_near_and_the_same},
      {"distance", "what is given out is near, and another process is another", distances_are_told},
  };
  return all;
}

}  // namespace tractor::conformance
