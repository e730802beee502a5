#include "tractor/ipc/channel.hpp"

#include <algorithm>
#include <boost/system/system_error.hpp>
#include <utility>

#include "tractor/async/cancel_scope.hpp"

namespace tractor::ipc {

namespace {
// Reads begin small, as most connections carry short messages, and grow with the traffic.
constexpr std::size_t first_read = 2048, largest_read = 256 * 1024;

transport_closed::cause cause_of(const boost::system::error_code& error) noexcept {
  using boost::system::errc::errc_t;
  const bool went_away = error == errc_t::connection_reset || error == errc_t::broken_pipe;
  return went_away ? transport_closed::cause::reset : transport_closed::cause::fault;
}
}  // namespace

channel::channel(std::unique_ptr<byte_stream> stream, const msg::frame_limits& limits)
    : stream_(std::move(stream)),
      limits_(limits),
      parser_(limits.max_unauthenticated),
      read_size_(first_read),
      last_received_(current_time()) {}

channel::~channel() { close(); }

std::string channel::describe_peer() const {
  std::string where;
  try {
    where = stream_->remote().text();
  } catch (const std::exception&) {
    where = "an unknown address";
  }
  return peer_.empty() ? "the peer at " + where : "'" + peer_.short_form() + "' at " + where;
}

void channel::fail_closed() const {
  if (!fault_.empty())
    throw transport_closed("the connection to " + describe_peer() + " broke: " + fault_, cause_);
  throw transport_closed("the connection to " + describe_peer() + " is closed",
                         transport_closed::cause::end_of_stream);
}

void channel::announce() {
  if (!stalled_) request();
}

// What the tasks of one turn have to say leaves in one write: the acknowledgement and the result of a short
// call, all items of a burst.
void channel::at_turn_end() noexcept {
  if (!connected() || stalled_ || queue_.empty()) return;
  try {
    const std::size_t count = stream_->write_now(queue_.view());
    if (count == queue_.size()) {
      queue_.clear();
      drained_.notify_all();
      return;
    }
    sending_.swap(queue_);
    sent_ = count;
    stalled_ = true;
    work_.notify_all();
  } catch (const boost::system::system_error& error) {
    fail_write(error.code().message(), cause_of(error.code()));
  } catch (const std::exception& error) {
    fail_write(error.what(), transport_closed::cause::fault);
  }
}

// The peer's last words, its error most of all, may have arrived before our write failed: they are still
// read.
void channel::fail_write(const std::string& why, transport_closed::cause cause) noexcept {
  if (!connected()) return;
  broken_ = true;
  fault_ = why;
  cause_ = cause;
  stalled_ = false;
  queue_.clear();
  sending_.clear();
  sent_ = 0;
  stream_->shutdown_both();
  work_.notify_all();
  drained_.notify_all();
}

task<> channel::wait_queued_below(std::size_t bound) {
  while (connected() && queued() >= bound) co_await drained_.wait();
}

task<> channel::flush() { co_await wait_queued_below(1); }

task<bool> channel::receive_more() {
  std::string fault;
  auto cause = transport_closed::cause::fault;
  try {
    const std::span<std::byte> room = parser_.prepare(read_size_);
    const std::size_t count = co_await stream_->read_some(room);
    parser_.commit(count);
    if (count == room.size()) read_size_ = std::min(4 * read_size_, largest_read);
    last_received_ = current_time();
    ++reads_;
    if (count > 0) co_return true;
    check_open();
    if (parser_.pending() == 0) co_return false;
    fault = "the stream ended inside a message";
  } catch (const boost::system::system_error& error) {
    // Closed by ourselves, or by a failed write: that is the cause, and not what this read makes of it.
    check_open();
    fault = error.code().message();
    cause = cause_of(error.code());
  }
  fault_ = fault;
  cause_ = cause;
  fail_closed();
}

task<std::optional<msg::byte_view>> channel::receive() {
  for (;;) {
    if (auto body = parser_.next()) co_return body;
    const bool more = co_await receive_more();
    if (!more) co_return std::nullopt;
  }
}

task<> channel::run_writer() {
  while (connected()) {
    if (!stalled_) {
      if (std::exchange(released_, false)) co_return;
      co_await work_.wait();
      continue;
    }
    const std::span<const std::byte> whole = sending_.view().subspan(sent_);
    try {
      co_await stream_->write_all(std::span(&whole, 1));
    } catch (const boost::system::system_error& error) {
      fail_write(error.code().message(), cause_of(error.code()));
      co_return;
    }
    sending_.clear();
    sent_ = 0;
    sending_.swap(queue_);
    stalled_ = !sending_.empty();
    drained_.notify_all();
  }
}

void channel::release_writer() noexcept {
  released_ = true;
  work_.notify_all();
}

task<> channel::shutdown() {
  co_await flush();
  if (connected()) stream_->shutdown_write();
}

void channel::close() noexcept {
  if (closed_) return;
  closed_ = true;
  stream_->close();
  work_.notify_all();
  drained_.notify_all();
}

void channel::set_peer(actor_id peer, std::uint64_t caps, bool is_registrar) noexcept {
  peer_ = std::move(peer);
  peer_caps_ = caps;
  peer_is_registrar_ = is_registrar;
}

}  // namespace tractor::ipc
