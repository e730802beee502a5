// The two ends of a ring: what each does with the memory, and how it waits for the other.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "runtime/ring_memory.hpp"
#include "tractor/detail/asio.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/runtime/detail/ring_operation.hpp"

namespace tractor::detail {

/// The descriptors that an end lives on.
class ring_fds {
 public:
  owned_fd item_event;  ///< the receiver waits for it
  owned_fd room_event;  ///< the sender waits for it
  /// A socket whose other end is the other side's: it ends when that dies.
  owned_fd lifeline;
};

/// One end, of either kind. It lives on the loop that ran when it was made; wake-ups work on its operation.
class ring_end : public std::enable_shared_from_this<ring_end> {
 public:
  virtual ~ring_end() = default;
  ring_end(const ring_end&) = delete;
  ring_end& operator=(const ring_end&) = delete;

  /// Watches for the death of the other side. To be called once, when a shared_ptr holds this.
  void start();
  /// Says that this side is done; an operation under way ends with `closed_resource`.
  void close() noexcept;

  // For operations.
  void refuse_second(const ring_operation& one) const;
  void wait(ring_operation& one);
  void withdraw(ring_operation& one) noexcept;
  /// Counts work done without waiting; true when others shall have a turn.
  bool turn_is_over() noexcept;

 protected:
  ring_end(ring_role role, std::shared_ptr<ring_memory> memory, ring_fds& fds);

  /// Tells the other side what this one waits for, so that it will wake us.
  virtual void announce() noexcept = 0;
  /// Whether the operation can go on, asked after it was announced.
  virtual bool possible() noexcept = 0;
  virtual void retract() noexcept = 0;
  /// Wakes the other side if it waits.
  virtual void wake_peer_at_end() noexcept = 0;

  ring_header& shared() noexcept { return memory_->header(); }
  bool peer_closed() noexcept;
  bool peer_gone() const noexcept { return peer_gone_; }
  void signal_peer() noexcept;
  void count(std::size_t bytes) noexcept;
  bool has_worked_long() const noexcept;
  [[noreturn]] void fail_gone() const;
  [[noreturn]] void fail_garbled() const;

  const ring_role role_;
  const std::shared_ptr<ring_memory> memory_;

 private:
  bool work();
  void work_in_handler();
  void arm();
  void post_work();

  asio::posix::stream_descriptor own_event_;
  owned_fd peers_event_;
  asio::posix::stream_descriptor lifeline_;
  ring_operation* waiting_ = nullptr;
  std::uint64_t event_count_ = 0;
  std::array<char, 1> nothing_;
  std::size_t worked_ = 0;
  bool armed_ = false;
  bool peer_gone_ = false;
  bool closed_ = false;
};

class ring_sender final : public ring_end {
 public:
  ring_sender(std::shared_ptr<ring_memory> memory, ring_fds& fds);
  /// Writes as much of the item as there is room for. Throws `broken_channel`.
  ring_step write(ring_write& one);

 private:
  void announce() noexcept override;
  bool possible() noexcept override;
  void retract() noexcept override;
  void wake_peer_at_end() noexcept override;
  std::size_t room();
  void put(const std::byte* from, std::size_t size, std::uint32_t flags) noexcept;

  const std::size_t largest_whole_;
  const std::size_t largest_piece_;
  std::uint64_t head_;
  std::uint64_t tail_seen_;
  std::size_t at_;  // head, as a place in the ring
  std::size_t needs_ = 0;
};

class ring_receiver final : public ring_end {
 public:
  ring_receiver(std::shared_ptr<ring_memory> memory, ring_fds& fds);
  /// Takes pieces until an item is whole or the channel is over. Throws `broken_channel`.
  ring_step read(ring_read& one);
  /// Gives back the room of the item that was taken last.
  void release() noexcept;
  std::vector<std::byte> take_bytes(msg::byte_view item);

 private:
  void announce() noexcept override;
  bool possible() noexcept override;
  void retract() noexcept override;
  void wake_peer_at_end() noexcept override;
  bool is_over();
  void give_back(std::size_t size) noexcept;

  std::uint64_t tail_;
  std::uint64_t head_seen_;
  std::size_t at_;                   // tail, as a place in the ring
  std::size_t viewed_ = 0;           // bytes of the piece that the last item lies in
  std::vector<std::byte> assembly_;  // of an item that came in pieces
  bool in_item_ = false;
  bool assembled_ = false;
};

}  // namespace tractor::detail
