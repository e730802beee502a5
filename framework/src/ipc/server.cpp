#include "tractor/ipc/server.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <map>

#include "tractor/async/condition.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/msg/codec_error.hpp"

namespace tractor::ipc {

using namespace std::chrono_literals;

namespace {

struct endpoint {
  explicit endpoint(std::unique_ptr<listener> from) : listening(std::move(from)), where(listening->bound()) {}
  std::unique_ptr<listener> listening;
  address where;
  bool closed = false;
};

}  // namespace

class server::state : public std::enable_shared_from_this<state> {
 public:
  state(task_nursery& nursery, server_options options, handler serve)
      : nursery_(nursery), options_(std::move(options)), serve_(std::move(serve)) {}

  task<address> listen_on(transport& via, address where);
  address adopt(std::unique_ptr<listener> bound);
  void cancel() noexcept;

  std::vector<std::shared_ptr<endpoint>> endpoints;
  std::multimap<std::string, std::shared_ptr<channel>> peers;
  condition changed;

 private:
  task<> accept_loop(std::shared_ptr<endpoint> at);
  task<> make_room();
  task<> serve_one(std::shared_ptr<channel> chan);

  task_nursery& nursery_;
  const server_options options_;
  const handler serve_;
  // In their handshake, oldest first.
  std::vector<std::pair<time_point, std::shared_ptr<channel>>> newcomers_;
};

server::server(task_nursery& nursery, server_options options, handler serve)
    : state_(std::make_shared<state>(nursery, std::move(options), std::move(serve))) {}

server::~server() { cancel(); }

task<address> server::listen_on(transport& via, address where) {
  return state_->listen_on(via, std::move(where));
}

address server::adopt(std::unique_ptr<listener> bound) { return state_->adopt(std::move(bound)); }

task<address> server::state::listen_on(transport& via, address where) {
  co_return adopt(co_await via.listen(std::move(where)));
}

address server::state::adopt(std::unique_ptr<listener> bound) {
  auto at = std::make_shared<endpoint>(std::move(bound));
  endpoints.push_back(at);
  nursery_.start_soon(
      task_name("accept " + at->where.text()),
      [](std::shared_ptr<state> self, std::shared_ptr<endpoint> on) -> task<> {
        co_await self->accept_loop(std::move(on));
      },
      shared_from_this(), at);
  return at->where;
}

std::vector<address> server::endpoints() const {
  std::vector<address> out;
  for (const auto& at : state_->endpoints) out.push_back(at->where);
  return out;
}

void server::cancel() noexcept { state_->cancel(); }

void server::state::cancel() noexcept {
  for (auto& at : endpoints) {
    at->closed = true;
    at->listening->close();
  }
  changed.notify_all();  // whoever waits for room to accept in
}

task<> server::wait_shutdown() {
  while (!state_->endpoints.empty()) co_await state_->changed.wait();
}

std::size_t server::peer_count() const noexcept { return state_->peers.size(); }

std::shared_ptr<channel> server::find_peer(const std::string& uuid) const {
  auto at = state_->peers.find(uuid);
  return at == state_->peers.end() ? nullptr : at->second;
}

task<std::shared_ptr<channel>> server::wait_for_peer(std::string uuid) {
  for (;;) {
    if (auto found = find_peer(uuid)) co_return found;
    co_await state_->changed.wait();
  }
}

task<> server::wait_for_no_more_peers() {
  while (!state_->peers.empty()) co_await state_->changed.wait();
}

// Silent connections must not keep others out until their handshakes time out; but many that come at once and
// are only slow must not be dropped for each other.
task<> server::state::make_room() {
  constexpr duration patience = 200ms;
  const time_point due = newcomers_.front().first + patience;
  if (current_time() < due) {
    co_await move_on_at(due, [this]() -> task<> { co_await changed.wait(); });
    co_return;
  }
  const std::shared_ptr<channel> oldest = newcomers_.front().second;
  newcomers_.erase(newcomers_.begin());
  TRACTOR_LOG(ipc, error,
              "refused a connection: {} did not finish its handshake, and was dropped to make room",
              oldest->describe_peer());
  oldest->close();
}

task<> server::state::accept_loop(std::shared_ptr<endpoint> at) {
  duration pause{};
  while (!at->closed) {
    while (newcomers_.size() >= std::max<std::size_t>(options_.max_unauthenticated, 1) && !at->closed)
      co_await make_room();
    if (at->closed) break;
    std::unique_ptr<byte_stream> stream;
    std::string fault;
    try {
      stream = co_await at->listening->accept();
    } catch (const boost::system::system_error& error) {
      fault = error.code().message();
    } catch (const std::exception& error) {
      fault = error.what();
    }
    if (stream) {
      pause = {};
      auto chan = std::make_shared<channel>(std::move(stream), options_.limits);
      newcomers_.emplace_back(current_time(), chan);
      nursery_.start_soon(
          task_name("peer of " + at->where.text()),
          [](std::shared_ptr<state> self, std::shared_ptr<channel> from) -> task<> {
            co_await self->serve_one(std::move(from));
          },
          shared_from_this(), std::move(chan));
    } else if (!at->closed) {
      // Out of descriptors, most likely: what is open now may end soon.
      pause = std::min<duration>(std::max<duration>(pause * 2, 10ms), 1s);
      TRACTOR_LOG(ipc, warning, "cannot accept on {}: {}; trying again in {}", at->where.text(), fault,
                  pause);
      co_await sleep(pause);
    }
  }
  std::erase(endpoints, at);
  changed.notify_all();
}

task<> server::state::serve_one(std::shared_ptr<channel> chan) {
  handshake_result result;
  std::string refused;
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon(task_name("writer"), [chan] { return chan->run_writer(); });
    bool known = false;
    try {
      auto shake = co_await move_on_after(options_.handshake_timeout, [&](cancel_scope&) -> task<> {
        result = co_await shake_hands(*chan, options_.identity);
        if (result.is_probe) co_await chan->flush();
      });
      if (shake)
        known = !result.is_probe;
      else
        refused = chan->describe_peer() + " did not finish its handshake in time";
    } catch (const transport_closed& gone) {
      // It went away by itself, as one that is killed does: nobody was refused.
      TRACTOR_LOG(ipc, runtime, "a connection ended in its handshake: {}", gone.what());
    } catch (const std::exception& error) {
      refused = error.what();
    }
    const auto left = std::erase_if(newcomers_, [&](const auto& each) { return each.second == chan; });
    if (left == 0) {
      // Dropped to make room, and said so.
      known = false;
      refused.clear();
    }
    changed.notify_all();
    if (!refused.empty()) TRACTOR_LOG(ipc, error, "refused a connection: {}", refused);
    std::exception_ptr cut;
    if (known) {
      const auto entry = peers.emplace(chan->peer().uuid(), chan);
      changed.notify_all();
      try {
        co_await serve_(chan, std::move(result));
      } catch (const std::exception& error) {
        TRACTOR_LOG(ipc, error, "serving {} failed: {}", chan->describe_peer(), error.what());
      } catch (...) {
        cut = std::current_exception();
      }
      peers.erase(entry);
      changed.notify_all();
    }
    chan->close();
    tn.scope().cancel();
    if (cut) std::rethrow_exception(cut);
  });
}

}  // namespace tractor::ipc
