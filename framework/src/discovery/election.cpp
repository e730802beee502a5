// Who is the registrar: found out, or settled, when a root boots.
//
// Asking first and binding afterwards would be a race between programs that start at once. What settles it is
// the bind itself: of those who find nobody, the one that gets all addresses is the registrar, and the others
// ask again.
#include <algorithm>
#include <boost/system/system_error.hpp>
#include <random>

#include "discovery/registrar.hpp"
#include "runtime/socket_reason.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/plugin/registry.hpp"

namespace tractor::detail {

using namespace std::chrono_literals;

namespace {

constexpr duration probe_bound = 1s;

bool is_in_use(const boost::system::system_error& error) {
  return error.code() == boost::system::errc::address_in_use;
}

task<std::vector<probe_answer>> probe_all(actor_runtime& self, const std::vector<address>& addresses) {
  std::vector<probe_answer> answers(addresses.size());
  auto ask_all = [&](task_nursery& tasks) -> task<> {
    for (std::size_t i = 0; i < addresses.size(); ++i)
      tasks.start_soon(task_name("probe " + addresses[i].text()), [&, i]() -> task<> {
        probe_answer found = co_await probe(self, addresses[i]);
        answers[i] = std::move(found);
      });
    co_return;
  };
  co_await open_task_nursery(ask_all);
  co_return answers;
}

// Binds all or none, in an order that is the same in every program: two that start at once cannot each wait
// for what the other has. Yields nothing when one of them is in use; any other error holds for as long as we
// could wait.
task<std::vector<std::unique_ptr<listener>>> claim(actor_runtime& self, std::vector<address> order) {
  std::sort(order.begin(), order.end());
  order.erase(std::unique(order.begin(), order.end()), order.end());
  std::vector<std::unique_ptr<listener>> bound;
  for (const address& at : order) {
    self.check_bind(at);
    bool in_use = false;
    try {
      bound.push_back(co_await plugin::registry::instance().transport(at.transport()).listen(at));
    } catch (const boost::system::system_error& error) {
      in_use = is_in_use(error);
      if (!in_use)
        throw runtime_failure("no registrar answers at " + at.text() +
                              ", and this actor cannot listen there itself: " + reason_of(error, at));
    }
    if (in_use) {
      bound.clear();
      break;
    }
  }
  co_return bound;
}

// With open ports filled in, in the order of the choices.
std::vector<address> bound_forms(const std::vector<address>& wanted,
                                 const std::vector<std::unique_ptr<listener>>& bound) {
  std::vector<address> order = wanted;
  std::sort(order.begin(), order.end());
  order.erase(std::unique(order.begin(), order.end()), order.end());
  std::vector<address> out;
  for (const address& each : wanted) {
    const auto at = std::find(order.begin(), order.end(), each);
    out.push_back(bound[static_cast<std::size_t>(at - order.begin())]->bound());
  }
  return out;
}

}  // namespace

duration backoff::next() {
  static std::minstd_rand random{std::random_device{}()};
  const duration longest = next_;
  next_ = std::min(next_ * 2, longest_);
  std::uniform_int_distribution<duration::rep> within(longest.count() / 2, longest.count());
  return duration(within(random));
}

task<probe_answer> probe(actor_runtime& self, address where) {
  probe_answer found;
  auto ask = [&]() -> task<> {
    std::shared_ptr<ipc::channel> chan = co_await self.dial(where, std::vector<std::byte>(), true);
    found.what = chan->peer_is_registrar() ? probe_answer::kind::registrar : probe_answer::kind::occupied;
    found.who = "the actor '" + chan->peer().short_form() + "', which is no registrar";
    chan->close();
  };
  try {
    // Less than a handshake may take, so that silence is told from a refusal.
    const duration bound =
        std::min<duration>(probe_bound, self.config().limits.handshake_timeout.value() / 2);
    auto in_time = co_await move_on_after(bound, ask);
    if (!in_time && found.what == probe_answer::kind::absent) {
      found.what = probe_answer::kind::silent;
      found.who = "something that says nothing";
    }
  } catch (const boost::system::system_error&) {
    // Refused, or not there.
  } catch (const transport_closed&) {
    // It may be ending; whoever comes after it will answer.
    found.what = probe_answer::kind::silent;
    found.who = "something that closes the connection";
  } catch (const handshake_error& error) {
    found.what = probe_answer::kind::foreign;
    found.who = std::string("something else: ") + error.what();
  } catch (const std::exception& error) {
    found.what = probe_answer::kind::occupied;
    found.who = std::string("something else: ") + error.what();
  }
  co_return found;
}

task<std::vector<std::unique_ptr<listener>>> registrar_hooks::elect(actor_runtime& self,
                                                                    const run_options& options) {
  table_.set_policy(options.duplicate_names());
  lease_ = options.registry_lease();
  const std::vector<address> addresses = self.registry_addrs();
  const time_point give_up = current_time() + self.config().limits.handshake_timeout.value();
  backoff pause(20ms, 500ms);
  std::string in_the_way;
  int foreign_in_a_row = 0;
  do {
    const std::vector<probe_answer> answers = co_await probe_all(self, addresses);
    in_the_way.clear();
    bool is_settled = false, is_foreign = false;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto what = answers[i].what;
      if (what == probe_answer::kind::registrar) {
        if (options.ensure_registry())
          throw runtime_failure("a registrar answers already at " + addresses[i].text() +
                                ", but this program must be the registrar");
        co_return std::vector<std::unique_ptr<listener>>();
      }
      if (what == probe_answer::kind::absent) continue;
      in_the_way = addresses[i].text() + " is in use by " + answers[i].who;
      is_settled = is_settled || what == probe_answer::kind::occupied;
      is_foreign = is_foreign || what == probe_answer::kind::foreign;
    }
    // Once, one of ours may look so that ends at that very moment.
    foreign_in_a_row = is_foreign ? foreign_in_a_row + 1 : 0;
    is_settled = is_settled || foreign_in_a_row == 3;
    if (in_the_way.empty()) {
      std::vector<std::unique_ptr<listener>> bound = co_await claim(self, addresses);
      if (!bound.empty()) {
        self.set_registry_addrs(bound_forms(addresses, bound));
        co_return bound;
      }
      in_the_way = addresses.front().text() + " is in use by something that does not listen";
    } else if (is_settled) {
      break;
    }
    co_await sleep(pause.next());
  } while (current_time() < give_up);
  throw runtime_failure("the registry address " + in_the_way + ": choose another with --registry-addr");
}

}  // namespace tractor::detail
