#include "runtime/ring_end.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "tractor/async/channel_errors.hpp"
#include "tractor/async/loop.hpp"

namespace tractor::detail {

namespace {

// Work between two turns of the others: a unit is an operation or 16 KiB.
constexpr std::size_t turn = 64;
constexpr std::size_t unit = 16 * 1024;

constexpr std::size_t in_ring(std::size_t size) noexcept { return sizeof(ring_piece) + (size + 7) / 8 * 8; }

ring_role other(ring_role role) noexcept {
  return role == ring_role::sender ? ring_role::receiver : ring_role::sender;
}

void assign(asio::posix::stream_descriptor& to, owned_fd& fd) {
  to.assign(fd.get());
  fd.release();
}

}  // namespace

ring_end::ring_end(ring_role role, std::shared_ptr<ring_memory> memory, ring_fds& fds)
    : role_(role),
      memory_(std::move(memory)),
      own_event_(this_context()),
      peers_event_((role == ring_role::sender ? fds.item_event : fds.room_event).release()),
      lifeline_(this_context()) {
  assign(own_event_, role == ring_role::sender ? fds.room_event : fds.item_event);
  assign(lifeline_, fds.lifeline);
}

void ring_end::start() {
  // Nobody writes to it: what comes is the end.
  lifeline_.async_read_some(asio::buffer(nothing_), [weak = weak_from_this()](auto error, std::size_t) {
    const auto self = weak.lock();
    if (!self || error == asio::error::operation_aborted) return;
    self->peer_gone_ = true;
    self->work_in_handler();
  });
}

void ring_end::close() noexcept {
  if (std::exchange(closed_, true)) return;
  shared().closed[static_cast<std::size_t>(role_)].store(1);
  wake_peer_at_end();
  boost::system::error_code ignored;
  // After the mark: the other side must be able to tell an end from a death.
  lifeline_.close(ignored);
  own_event_.close(ignored);
  peers_event_.reset();
  if (ring_operation* const one = std::exchange(waiting_, nullptr)) {
    one->error_ = std::make_exception_ptr(closed_resource());
    one->wake();
  }
}

bool ring_end::peer_closed() noexcept {
  return shared().closed[static_cast<std::size_t>(other(role_))].load() != 0;
}

void ring_end::signal_peer() noexcept {
  const std::uint64_t one = 1;
  // It fails only when the count is full already, and then the peer is being woken.
  [[maybe_unused]] const ssize_t written = ::write(peers_event_.get(), &one, sizeof one);
}

void ring_end::count(std::size_t bytes) noexcept { worked_ += 1 + bytes / unit; }
bool ring_end::has_worked_long() const noexcept { return worked_ >= turn; }

bool ring_end::turn_is_over() noexcept {
  if (!has_worked_long()) return false;
  worked_ = 0;
  return true;
}

void ring_end::fail_gone() const {
  throw broken_channel(role_ == ring_role::sender
                           ? "the receiving side of the ring died, or nobody can take it any more"
                           : "the sending side of the ring died, or nobody can take it any more");
}

void ring_end::fail_garbled() const {
  throw broken_channel("the other side of the ring has garbled its memory");
}

void ring_end::refuse_second(const ring_operation& one) const {
  if (waiting_ && waiting_ != &one)
    throw std::logic_error("another task is waiting at this end of the ring already");
}

void ring_end::wait(ring_operation& one) {
  waiting_ = &one;
  worked_ = 0;
  if (work()) std::exchange(waiting_, nullptr)->wake();
}

void ring_end::withdraw(ring_operation& one) noexcept {
  if (waiting_ != &one) return;
  waiting_ = nullptr;
  retract();
}

// Goes on with what waits, as far as that goes now; true when it is over.
bool ring_end::work() {
  while (waiting_) {
    ring_step how = ring_step::blocked;
    if (waiting_->try_to_end(how)) return true;
    if (how == ring_step::pause) {
      post_work();
      break;
    }
    announce();
    if (!possible()) {
      arm();
      break;
    }
    retract();
  }
  return false;
}

void ring_end::work_in_handler() {
  if (work()) std::exchange(waiting_, nullptr)->resume_from_handler();
}

// The event stays watched when nobody waits any more: a wake-up that comes late is taken note of, no more.
void ring_end::arm() {
  if (armed_) return;
  armed_ = true;
  own_event_.async_read_some(asio::buffer(&event_count_, sizeof event_count_),
                             [weak = weak_from_this()](auto error, std::size_t) {
                               const auto self = weak.lock();
                               if (!self) return;
                               self->armed_ = false;
                               if (error != asio::error::operation_aborted) self->work_in_handler();
                             });
}

void ring_end::post_work() {
  worked_ = 0;
  asio::post(own_event_.get_executor(), [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->work_in_handler();
  });
}

ring_sender::ring_sender(std::shared_ptr<ring_memory> memory, ring_fds& fds)
    : ring_end(ring_role::sender, std::move(memory), fds),
      largest_whole_(std::min<std::size_t>(memory_->capacity() / 2 - sizeof(ring_piece), 1U << 30)),
      largest_piece_(std::min<std::size_t>(memory_->capacity() / 4 - sizeof(ring_piece), 1U << 30)),
      head_(shared().head.load()),
      tail_seen_(shared().tail.load()),
      at_(head_ % memory_->capacity()) {}

std::size_t ring_sender::room() {
  const std::uint64_t used = head_ - tail_seen_;
  if (used > memory_->capacity()) fail_garbled();
  return memory_->capacity() - static_cast<std::size_t>(used);
}

void ring_sender::put(const std::byte* from, std::size_t size, std::uint32_t flags) noexcept {
  std::byte* const to = memory_->data() + at_;
  const ring_piece piece{static_cast<std::uint32_t>(size), flags};
  std::memcpy(to, &piece, sizeof piece);
  if (size != 0) std::memcpy(to + sizeof piece, from, size);
  head_ += in_ring(size);
  at_ += in_ring(size);
  if (at_ >= memory_->capacity()) at_ -= memory_->capacity();
  shared().head.store(head_);
  if (shared().receiver_waits.load() != 0 && shared().receiver_waits.exchange(0) != 0) signal_peer();
}

ring_step ring_sender::write(ring_write& one) {
  const msg::byte_view item = one.item_;
  const std::size_t most = item.size() <= largest_whole_ ? largest_whole_ : largest_piece_;
  for (;;) {
    if (peer_closed()) throw broken_channel("the receiving side of the ring was closed");
    if (peer_gone()) fail_gone();
    const std::size_t size = std::min(item.size() - one.written_, most);
    needs_ = in_ring(size);
    if (room() < needs_) {
      tail_seen_ = shared().tail.load();
      if (room() < needs_) return ring_step::blocked;
    }
    // The first piece also says that what came of an item before it is void: its sender was cancelled.
    const std::uint32_t flags = (one.written_ == 0 ? ring_piece::first : 0) |
                                (one.written_ + size == item.size() ? ring_piece::last : 0);
    put(item.data() + one.written_, size, flags);
    one.written_ += size;
    count(size);
    if (flags & ring_piece::last) return ring_step::done;
    if (has_worked_long()) return ring_step::pause;
  }
}

void ring_sender::announce() noexcept { shared().sender_needs.store(needs_); }
void ring_sender::retract() noexcept { shared().sender_needs.store(0); }
bool ring_sender::possible() noexcept {
  tail_seen_ = shared().tail.load();
  const std::uint64_t used = head_ - tail_seen_;
  return used > memory_->capacity() || memory_->capacity() - used >= needs_ || peer_closed() || peer_gone();
}
void ring_sender::wake_peer_at_end() noexcept {
  if (shared().receiver_waits.exchange(0) != 0) signal_peer();
}

ring_receiver::ring_receiver(std::shared_ptr<ring_memory> memory, ring_fds& fds)
    : ring_end(ring_role::receiver, std::move(memory), fds),
      tail_(shared().tail.load()),
      head_seen_(shared().head.load()),
      at_(tail_ % memory_->capacity()) {}

void ring_receiver::give_back(std::size_t size) noexcept {
  tail_ += size;
  at_ += size;
  if (at_ >= memory_->capacity()) at_ -= memory_->capacity();
  shared().tail.store(tail_);
  const std::uint64_t needs = shared().sender_needs.load();
  if (needs == 0 || memory_->capacity() - (shared().head.load() - tail_) < needs) return;
  if (shared().sender_needs.exchange(0) != 0) signal_peer();
}

void ring_receiver::release() noexcept {
  if (viewed_ != 0) give_back(std::exchange(viewed_, 0));
  if (std::exchange(assembled_, false)) assembly_.clear();
}

std::vector<std::byte> ring_receiver::take_bytes(msg::byte_view item) {
  std::vector<std::byte> out;
  if (assembled_)
    out.swap(assembly_);
  else
    out.assign(item.begin(), item.end());
  release();
  return out;
}

// Asked when nothing is there. What the other side wrote before it left is there by the second look.
bool ring_receiver::is_over() {
  const bool closed = peer_closed();
  if (!closed && !peer_gone()) return false;
  head_seen_ = shared().head.load();
  if (head_seen_ != tail_) return false;
  if (!closed) fail_gone();
  if (in_item_) throw broken_channel("the sending side of the ring left in the middle of an item");
  return true;
}

ring_step ring_receiver::read(ring_read& one) {
  for (;;) {
    if (head_seen_ == tail_) head_seen_ = shared().head.load();
    if (head_seen_ == tail_ && is_over()) {
      one.over_ = true;
      return ring_step::done;
    }
    const std::uint64_t used = head_seen_ - tail_;
    if (used == 0) return ring_step::blocked;
    ring_piece piece;
    std::memcpy(&piece, memory_->data() + at_, sizeof piece);
    if (used > memory_->capacity() || used < sizeof piece || in_ring(piece.size) > used) fail_garbled();
    const std::byte* const bytes = memory_->data() + at_ + sizeof piece;
    const bool first = (piece.flags & ring_piece::first) != 0, last = (piece.flags & ring_piece::last) != 0;
    if (first) assembly_.clear();
    if (!first && !in_item_) fail_garbled();
    in_item_ = !last;
    count(piece.size);
    if (first && last) {
      one.item_ = {bytes, piece.size};
      viewed_ = in_ring(piece.size);
      return ring_step::done;
    }
    assembly_.insert(assembly_.end(), bytes, bytes + piece.size);
    give_back(in_ring(piece.size));
    if (last) {
      assembled_ = true;
      one.item_ = assembly_;
      return ring_step::done;
    }
    if (has_worked_long()) return ring_step::pause;
  }
}

void ring_receiver::announce() noexcept { shared().receiver_waits.store(1); }
void ring_receiver::retract() noexcept { shared().receiver_waits.store(0); }
bool ring_receiver::possible() noexcept {
  head_seen_ = shared().head.load();
  return head_seen_ != tail_ || peer_closed() || peer_gone();
}
void ring_receiver::wake_peer_at_end() noexcept {
  if (shared().sender_needs.exchange(0) != 0) signal_peer();
}

}  // namespace tractor::detail
