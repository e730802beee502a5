#include "mem_stream.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

#include "tractor/async/checkpoint.hpp"
#include "tractor/plugin/loop_socket.hpp"

namespace tractor::mem {

std::size_t pipe::put(std::span<const std::byte> bytes) {
  if (ended_ || abandoned_) throw socket_failure(EPIPE, "cannot write");
  const std::size_t count = std::min(bytes.size(), room - std::min(room, bytes_.size()));
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
  if (count > 0) changed.notify_all();
  return count;
}

std::size_t pipe::take(std::span<std::byte> into) noexcept {
  const std::size_t count = std::min(into.size(), bytes_.size());
  const auto end = bytes_.begin() + static_cast<std::ptrdiff_t>(count);
  std::copy(bytes_.begin(), end, into.begin());
  bytes_.erase(bytes_.begin(), end);
  changed.notify_all();
  return count;
}

void pipe::end() noexcept {
  ended_ = true;
  changed.notify_all();
}

void pipe::reset() noexcept {
  reset_ = true;
  bytes_.clear();
}

void pipe::abandon() noexcept {
  abandoned_ = true;
  bytes_.clear();
  changed.notify_all();
}

mem_stream::mem_stream(std::shared_ptr<pipe> in, std::shared_ptr<pipe> out, address local, address remote)
    : in_(std::move(in)), out_(std::move(out)), local_(std::move(local)), remote_(std::move(remote)) {
  state_->name = remote_.text();
}

mem_stream::~mem_stream() { close(); }

task<std::size_t> mem_stream::read_some(std::span<std::byte> into) {
  if (into.empty()) throw std::invalid_argument("read_some needs room for at least one byte");
  if (state_->closed) throw socket_failure(EBADF, state_->name + ": cannot read");
  const std::shared_ptr<pipe> from = in_;
  const std::shared_ptr<state> now = state_;
  co_await checkpoint();
  while (!now->closed && from->empty() && !from->ended()) co_await from->changed.wait();
  if (now->closed) throw socket_failure(ECANCELED, now->name + ": read: the stream was closed");
  if (from->was_reset()) throw socket_failure(ECONNRESET, now->name + ": cannot read");
  co_return from->take(into);
}

task<> mem_stream::write_all(std::span<const std::span<const std::byte>> parts) {
  checkpoint_if_cancelled();
  if (state_->closed) throw socket_failure(EBADF, state_->name + ": cannot write");
  const std::shared_ptr<pipe> to = out_;
  const std::shared_ptr<state> now = state_;
  for (std::span<const std::byte> part : parts)
    while (!part.empty()) {
      if (now->closed) throw socket_failure(ECANCELED, now->name + ": write: the stream was closed");
      const std::size_t count = to->put(part);
      part = part.subspan(count);
      if (count == 0) co_await to->changed.wait();
    }
}

std::size_t mem_stream::write_now(std::span<const std::byte> bytes) { return out_->put(bytes); }

void mem_stream::shutdown_both() noexcept {
  out_->end();
  in_->end();
}

void mem_stream::close() noexcept {
  if (std::exchange(state_->closed, true)) return;
  // As with a socket: who leaves something unread resets the connection.
  if (!in_->empty()) out_->reset();
  out_->end();
  in_->abandon();
}

std::optional<peer_credentials> mem_stream::credentials() const {
  return peer_credentials(::getpid(), ::getuid(), ::getgid());
}

std::pair<std::unique_ptr<mem_stream>, std::unique_ptr<mem_stream>> make_ends(const address& where,
                                                                              const address& caller) {
  const auto there = std::make_shared<pipe>(), back = std::make_shared<pipe>();
  return {std::make_unique<mem_stream>(back, there, caller, where),
          std::make_unique<mem_stream>(there, back, where, caller)};
}

}  // namespace tractor::mem
