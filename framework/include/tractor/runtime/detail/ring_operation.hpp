// What is common to all rings: their ends, and the operations that wait there.
#pragma once

#include <cstddef>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "tractor/async/task.hpp"
#include "tractor/msg/buffer.hpp"
#include "tractor/runtime/ring_token.hpp"

namespace tractor::detail {

enum class ring_role : std::uint8_t { sender, receiver };

/// What became of an attempt: it is done, the other side must do something, or others shall have a turn.
enum class ring_step : std::uint8_t { done, blocked, pause };

class ring_end;
class ring_sender;
class ring_receiver;
class ring_hub;

/// Owns one end of a ring; closes it when it goes. Move-only.
class TRACTOR_API ring_handle {
 public:
  explicit ring_handle(std::shared_ptr<ring_end> end) noexcept;
  ring_handle(ring_handle&& other) noexcept;
  ring_handle& operator=(ring_handle&& other) noexcept;
  ~ring_handle();

  /// The end; throws `closed_resource` when it was closed.
  ring_sender& sender() const;
  ring_receiver& receiver() const;
  void close() noexcept;
  bool closed() const noexcept { return !end_; }

 private:
  std::shared_ptr<ring_end> end_;
};

/// One send or receive. Moves only before it is awaited, and is awaited once.
///
/// It works on as soon as the other side has made that possible, in the handler of the wake-up: the task is
/// resumed only when all is done.
class TRACTOR_API ring_operation : public suspension, public engine_awaitable {
 public:
  bool await_ready();
  void await_suspend(std::coroutine_handle<> at);
  void abort() noexcept override;

 protected:
  explicit ring_operation(ring_end& end) noexcept : end_(&end) {}
  virtual ring_step advance() = 0;
  /// Raises what ended it.
  void check() const;
  ring_end& end() const noexcept { return *end_; }

 private:
  friend class ring_end;
  /// Attempts; true when it is over, in whatever way.
  bool try_to_end(ring_step& how) noexcept;
  /// Makes the task go on, now.
  void resume_from_handler();

  ring_end* end_;
  // While it waits: its end may be closed meanwhile, and an item that it has got lies in there.
  std::shared_ptr<ring_end> kept_;
  std::exception_ptr error_;
  bool done_ = false;
  bool aborted_ = false;
};

class TRACTOR_API_MUST_AWAIT ring_write : public ring_operation {
 public:
  ring_write(ring_sender& to, msg::byte_view item) noexcept;
  ring_write(ring_write&& other) noexcept;
  void await_resume() const { check(); }

 protected:
  ring_step advance() override;
  void set_item(msg::byte_view item) noexcept { item_ = item; }

 private:
  friend class ring_sender;
  msg::byte_view item_;
  std::size_t written_ = 0;
};

class TRACTOR_API_MUST_AWAIT ring_read : public ring_operation {
 public:
  explicit ring_read(ring_receiver& from) noexcept;
  ring_read(ring_read&& other) noexcept;
  bool await_ready();

 protected:
  ring_step advance() override;
  /// False at the end of the channel; raises what else ended it.
  bool has_item() const;
  msg::byte_view item() const noexcept { return item_; }
  /// The item as bytes of their own.
  std::vector<std::byte> take_bytes();
  /// Gives the room of the item back.
  void release();

 private:
  friend class ring_receiver;
  msg::byte_view item_;
  bool over_ = false;
};

TRACTOR_API std::shared_ptr<ring_hub> open_ring(std::size_t capacity, std::string element,
                                                std::size_t element_size);
TRACTOR_API const ring_token& token_of(const ring_hub& hub) noexcept;
TRACTOR_API ring_handle take_ring_end(ring_hub& hub, ring_role role);
/// Gets an end from the actor that made the ring, if it is for such items. A checkpoint.
TRACTOR_API task<ring_handle> attach_ring_end(ring_token token, ring_role role, std::string element,
                                              std::size_t element_size);

}  // namespace tractor::detail
