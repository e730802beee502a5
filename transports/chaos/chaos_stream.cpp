#include "chaos_stream.hpp"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tractor/async/checkpoint.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/plugin/loop_socket.hpp"

namespace tractor::chaos {

address with_key(const std::string& key, const address& where) { return {key, where.text(), where.wire()}; }

chaos_stream::chaos_stream(std::unique_ptr<byte_stream> inner, const fault_course& course, std::string name,
                           std::string key)
    : inner_(std::move(inner)), course_(course), name_(std::move(name)), key_(std::move(key)) {}

chaos_stream::~chaos_stream() { close(); }

// Ends early when the stream is closed, with an error.
task<> chaos_stream::pause(std::shared_ptr<state> of, std::chrono::nanoseconds span) {
  if (span.count() > 0) co_await move_on_after(span, of->over.wait());
  if (of->closed) throw socket_failure(ECANCELED, "the stream was closed");
}

task<> chaos_stream::stand_still(std::shared_ptr<state> of) {
  co_await of->over.wait();
  if (of->closed) throw socket_failure(ECANCELED, "the stream was closed");
}

task<std::size_t> chaos_stream::read_some(std::span<std::byte> into) {
  const std::shared_ptr<state> now = state_;
  if (!now->stalled && !ahead_.empty()) {
    co_await checkpoint();
    if (now->closed) throw socket_failure(ECANCELED, "the stream was closed");
    co_return give_some(into);
  }
  if (fault_) std::rethrow_exception(std::exchange(fault_, nullptr));
  std::size_t count = 0;
  if (!now->stalled) count = co_await inner_->read_some(into);
  if (now->stalled) {
    // What came after the stall had begun is not told either.
    co_await stand_still(now);
    co_return 0;
  }
  const auto span = course_.next_read_pause();
  if (count == 0 || span.count() == 0) co_return keep_some(into.first(count));
  ahead_.assign(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(count));
  given_ = 0;
  co_await gather(now, span);
  co_return give_some(into);
}

// Reads on for a while, so that more comes at once. Nothing is left unread meanwhile: to close then would be
// a reset for the peer.
task<> chaos_stream::gather(std::shared_ptr<state> now, std::chrono::nanoseconds span) {
  constexpr std::size_t enough = 256 * 1024;
  std::vector<std::byte> more(16 * 1024);
  co_await move_on_after(span, [&]() -> task<> {
    try {
      std::size_t count = more.size();
      while (count > 0 && ahead_.size() < enough) {
        count = co_await inner_->read_some(more);
        ahead_.insert(ahead_.end(), more.begin(), more.begin() + static_cast<std::ptrdiff_t>(count));
      }
    } catch (const boost::system::system_error&) {
      if (now->closed) throw;
      fault_ = std::current_exception();  // for the read after these bytes
    }
  });
  if (now->closed) throw socket_failure(ECANCELED, "the stream was closed");
}

// What arrived is taken whole and given piece by piece: a close must not find more unread than without us,
// which would be a reset for the peer.
std::size_t chaos_stream::keep_some(std::span<const std::byte> arrived) {
  if (arrived.empty()) return 0;
  const std::size_t count = course_.read_room(arrived.size());
  course_.read(count);
  ahead_.assign(arrived.begin() + static_cast<std::ptrdiff_t>(count), arrived.end());
  given_ = 0;
  return count;
}

std::size_t chaos_stream::give_some(std::span<std::byte> into) noexcept {
  const std::span<const std::byte> rest = std::span<const std::byte>(ahead_).subspan(given_);
  const std::size_t count = course_.read_room(std::min(into.size(), rest.size()));
  course_.read(count);
  std::ranges::copy(rest.first(count), into.begin());
  given_ += count;
  if (given_ == ahead_.size()) ahead_.clear();
  return count;
}

task<> chaos_stream::write_all(std::span<const std::span<const std::byte>> parts) {
  if (const auto span = course_.next_write_pause(); span.count() > 0) co_await pause(state_, span);
  if (course_.idle()) {
    co_await inner_->write_all(parts);
    co_return;
  }
  checkpoint_if_cancelled();
  for (std::span<const std::byte> part : parts)
    while (!part.empty()) {
      const std::span<const std::byte> piece = part.first(meter_.of_this_message(part));
      co_await write_message_part(piece);
      part = part.subspan(piece.size());
    }
}

std::size_t chaos_stream::write_now(std::span<const std::byte> bytes) {
  return course_.idle() ? inner_->write_now(bytes) : 0;
}

task<> chaos_stream::write_message_part(std::span<const std::byte> bytes) {
  const std::optional<fault> what = course_.strike_at(meter_.messages());
  if (what && meter_.at_border() && !std::exchange(struck_, true)) {
    const std::uint64_t sent = meter_.messages();
    log::subsystem::transport.error("chaos: {}: {} after {} {}", name_, to_text(*what), sent,
                                    sent == 1 ? "message" : "messages");
    co_await strike(*what, bytes);
  } else if (state_->stalled) {
    co_await stand_still(state_);
    throw socket_failure(EPIPE, name_ + ": write");
  } else {
    co_await write_pieces(bytes);
  }
  meter_.pass(bytes);
}

task<> chaos_stream::write_pieces(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::span<const std::byte> piece = bytes.first(course_.write_room(bytes.size()));
    co_await inner_->write_all(std::span(&piece, 1));
    course_.wrote(piece.size());
    bytes = bytes.subspan(piece.size());
  }
}

task<> chaos_stream::strike(fault what, std::span<const std::byte> bytes) {
  if (what == fault::stall) {
    state_->stalled = true;
    co_await stand_still(state_);
    throw socket_failure(EPIPE, name_ + ": write");
  }
  if (what == fault::corrupt) {
    std::vector<std::byte> changed(bytes.begin(), bytes.end());
    changed[std::min(course_.byte_to_flip(), changed.size() - 1)] ^= std::byte{0xff};
    co_await write_pieces(changed);
    co_return;
  }
  if (what == fault::truncate) {
    co_await write_pieces(bytes.first(std::max<std::size_t>(bytes.size() / 2, 1)));
    inner_->shutdown_both();
    throw socket_failure(ECONNRESET, name_ + ": write");
  }
  inner_->shutdown_write();
  throw socket_failure(EPIPE, name_ + ": write");
}

void chaos_stream::shutdown_write() noexcept {
  if (!state_->stalled) inner_->shutdown_write();
}

void chaos_stream::shutdown_both() noexcept {
  state_->over.set();
  inner_->shutdown_both();
}

void chaos_stream::close() noexcept {
  state_->closed = true;
  state_->over.set();
  inner_->close();
}

address chaos_stream::local() const { return with_key(key_, inner_->local()); }
address chaos_stream::remote() const { return with_key(key_, inner_->remote()); }

}  // namespace tractor::chaos
