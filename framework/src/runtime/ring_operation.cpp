#include "tractor/runtime/detail/ring_operation.hpp"

#include "runtime/ring_end.hpp"
#include "tractor/async/channel_errors.hpp"
#include "tractor/async/loop.hpp"

namespace tractor::detail {

ring_handle::ring_handle(std::shared_ptr<ring_end> end) noexcept : end_(std::move(end)) {}
ring_handle::ring_handle(ring_handle&& other) noexcept = default;
ring_handle& ring_handle::operator=(ring_handle&& other) noexcept {
  close();
  end_ = std::move(other.end_);
  return *this;
}
ring_handle::~ring_handle() { close(); }

void ring_handle::close() noexcept {
  if (const auto end = std::exchange(end_, nullptr)) end->close();
}
ring_sender& ring_handle::sender() const {
  if (!end_) throw closed_resource();
  return static_cast<ring_sender&>(*end_);
}
ring_receiver& ring_handle::receiver() const {
  if (!end_) throw closed_resource();
  return static_cast<ring_receiver&>(*end_);
}

bool ring_operation::await_ready() {
  raise_if_cancelled();
  end_->refuse_second(*this);
  done_ = advance() == ring_step::done;
  return done_ && !end_->turn_is_over();
}

void ring_operation::await_suspend(std::coroutine_handle<> at) {
  kept_ = end_->shared_from_this();
  block(at);
  if (done_)
    wake();
  else
    end_->wait(*this);
}

void ring_operation::abort() noexcept {
  aborted_ = true;
  end_->withdraw(*this);
  wake();
}

void ring_operation::check() const {
  if (aborted_) raise_cancelled();
  if (error_) std::rethrow_exception(error_);
}

bool ring_operation::try_to_end(ring_step& how) noexcept {
  try {
    how = advance();
  } catch (...) {
    error_ = std::current_exception();
    how = ring_step::done;
  }
  return how == ring_step::done;
}

void ring_operation::resume_from_handler() {
  event_loop& loop = task_->loop;
  expect_turn(loop);
  wake();
  run_ready(loop);
}

ring_write::ring_write(ring_sender& to, msg::byte_view item) noexcept : ring_operation(to), item_(item) {}
ring_write::ring_write(ring_write&& other) noexcept : ring_operation(other.end()), item_(other.item_) {}
ring_step ring_write::advance() { return static_cast<ring_sender&>(end()).write(*this); }

ring_read::ring_read(ring_receiver& from) noexcept : ring_operation(from) {}
ring_read::ring_read(ring_read&& other) noexcept : ring_operation(other.end()) {}
bool ring_read::await_ready() {
  static_cast<ring_receiver&>(end()).release();
  return ring_operation::await_ready();
}
ring_step ring_read::advance() { return static_cast<ring_receiver&>(end()).read(*this); }

bool ring_read::has_item() const {
  check();
  return !over_;
}
std::vector<std::byte> ring_read::take_bytes() {
  return static_cast<ring_receiver&>(end()).take_bytes(item_);
}
void ring_read::release() { static_cast<ring_receiver&>(end()).release(); }

}  // namespace tractor::detail
