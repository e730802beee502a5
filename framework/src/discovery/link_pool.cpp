#include "discovery/link_pool.hpp"

#include "discovery/ask.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/ipc/transport_closed.hpp"
#include "tractor/log/logger.hpp"

namespace tractor::detail {

// What the portals to one peer share. The link they point to lives in it.
class link_pool::user {
 public:
  user(std::weak_ptr<link_pool> pool, std::shared_ptr<link> via)
      : pool_(std::move(pool)), via_(std::move(via)) {}
  user(const user&) = delete;
  user& operator=(const user&) = delete;
  ~user() {
    if (const auto pool = pool_.lock()) pool->unused(via_);
  }
  link* get() const noexcept { return via_.get(); }

 private:
  std::weak_ptr<link_pool> pool_;
  std::shared_ptr<link> via_;
};

namespace {
// A peer that knows nothing of sharing closes its own connections when it likes.
bool usable(link& via) noexcept {
  return via.connected() && !via.retired && !via.closing &&
         (via.permanent || via.outbound || via.chan().peer_can(ipc::capability::registry));
}
}  // namespace

std::shared_ptr<link> link_pool::use(const std::shared_ptr<link>& via) {
  if (via->permanent) return via;
  if (auto shared = via->in_use.lock()) return shared;
  auto made = std::make_shared<user>(weak_from_this(), via);
  std::shared_ptr<link> shared(made, made->get());
  via->in_use = shared;
  ++via->uses;
  return shared;
}

std::shared_ptr<link> link_pool::find(const std::string& uuid) {
  if (uuid.empty()) return nullptr;
  const auto [first, last] = self_.links().equal_range(uuid);
  for (auto at = first; at != last; ++at)
    if (usable(*at->second)) return use(at->second);
  return nullptr;
}

std::shared_ptr<link> link_pool::find_at(const address& where) {
  const std::shared_ptr<link>& parent = self_.parent_link();
  if (parent && usable(*parent) && (parent->chan().remote() == where || self_.is_parent_at(where)))
    return parent;
  for (const auto& [uuid, via] : self_.links())
    if (via->outbound && usable(*via) && via->chan().remote() == where) return use(via);
  return nullptr;
}

task<std::shared_ptr<link>> link_pool::acquire(address where, std::string uuid) {
  for (;;) {
    if (auto known = find(uuid)) co_return known;
    if (auto known = find_at(where)) co_return known;
    const auto at = dialling_.find(where.text());
    if (at == dialling_.end()) co_return co_await dial(std::move(where));
    const std::shared_ptr<attempt> other = at->second;
    co_await other->done.wait();
    if (other->error) std::rethrow_exception(other->error);
  }
}

task<std::shared_ptr<link>> link_pool::dial(address where) {
  const std::string key = where.text();
  auto ours = std::make_shared<attempt>();
  dialling_[key] = ours;
  std::shared_ptr<link> made;
  std::exception_ptr cut;
  try {
    auto connect = [&]() -> task<> { made = co_await self_.connect(where); };
    auto in_time = co_await move_on_after(self_.config().limits.handshake_timeout.value(), connect);
    if (!in_time) throw transport_closed(key + " did not answer in time", transport_closed::cause::fault);
  } catch (const std::exception&) {
    ours->error = std::current_exception();
  } catch (...) {
    cut = std::current_exception();  // whoever else waits tries by itself
  }
  dialling_.erase(key);
  ours->done.set();
  if (cut) std::rethrow_exception(cut);
  if (ours->error) std::rethrow_exception(ours->error);
  made->outbound = true;
  // It may be somebody we know already, by another of its addresses. (What a peer has dialled does not count:
  // it may be dropping that for ours just now.)
  std::shared_ptr<link> shared = use(made);
  const auto [first, last] = self_.links().equal_range(made->peer().uuid());
  for (auto at = first; at != last; ++at) {
    const bool older = at->second != made && (at->second->permanent || at->second->outbound);
    if (!older || !usable(*at->second)) continue;
    made->closing = true;
    co_return use(at->second);
  }
  co_return shared;
}

bool link_pool::let_go(link& via) noexcept {
  if (via.permanent || !via.in_use.expired()) return false;
  via.retired = true;
  return true;
}

void link_pool::unused(const std::shared_ptr<link>& via) noexcept {
  if (stopped_ || !via->connected() || self_.cancel_requested()) return;
  try {
    self_.services().start_soon(
        task_name("close unused"),
        [pool = shared_from_this()](std::shared_ptr<link> idle) {
          return pool->close_unused(std::move(idle));
        },
        via);
  } catch (const std::exception&) {
    // The runtime is ending; it closes its connections by itself.
  }
}

task<> link_pool::close_unused(std::shared_ptr<link> via) {
  const unsigned uses = via->uses;
  bool agreed = true;
  if (via->in_use.expired() && via->chan().peer_can(ipc::capability::registry)) {
    try {
      // Without a bound: a peer that computes may have a portal here all the same.
      const msg::buffer answer = co_await call_verb(via, "release_link", msg::buffer());
      msg::decode_all(answer.view(), agreed);
    } catch (const std::exception& error) {
      TRACTOR_LOG(discovery, runtime, "closing an unused connection: {}", error.what());
    }
  }
  // Somebody here has used it since, and what was agreed holds no more; or somebody there uses it, who will
  // ask us later on.
  if (via->uses != uses || !via->in_use.expired() || !agreed || !via->connected()) co_return;
  via->closing = true;
  auto flush = [&]() -> task<> { co_await via->chan().flush(); };
  co_await move_on_after(self_.config().timeouts.unregister.value(), flush);
  via->chan().close();
  TRACTOR_LOG(discovery, runtime, "closed the unused connection to '{}'", via->peer().short_form());
}

}  // namespace tractor::detail
