#include "tractor/runtime/msg_stream.hpp"

#include <algorithm>

#include "runtime/actor_runtime.hpp"
#include "runtime/link.hpp"
#include "tractor/async/checkpoint.hpp"
#include "tractor/log/logger.hpp"

namespace tractor {

namespace {

// Fewer reads than this between two grants: the sender is held up by them.
constexpr std::uint64_t few_reads = 8;
// What a peer may send before it has heard of a window: the reference's buffer.
constexpr std::size_t first_window = 64;
// How far a window grows for a receiver that is faster than its sender: in items, and in bytes that wait.
constexpr std::size_t most_items = 4096;
constexpr std::size_t most_bytes = 1U << 20;
constexpr std::uint64_t no_limit = std::numeric_limits<std::uint64_t>::max();
// Operations that may complete at once in a row before others get their turn.
constexpr unsigned longest_burst = 128;
// Bytes that may wait on a connection before its senders wait.
constexpr std::size_t most_queued_bytes = 128U << 10;

}  // namespace

namespace detail {

bool stream_sender::await_ready() {
  raise_if_cancelled();
  stream_.check_usable();
  if (stream_.peer_closed()) throw end_of_channel("the peer has closed its end of the stream");
  sent_ = stream_.senders_.empty() && stream_.try_send(*this);
  return sent_ && ++stream_.burst_ % longest_burst != 0;
}

void stream_sender::await_suspend(std::coroutine_handle<> at) {
  block(at);
  if (sent_)
    wake();
  else
    stream_.senders_.push_back(*this);
}

void stream_sender::await_resume() const {
  if (sent_) return;
  raise_if_aborted();
  if (error_) std::rethrow_exception(error_);
  stream_.check_usable();
  throw end_of_channel("the peer has closed its end of the stream");
}

bool stream_receiver::await_ready() {
  raise_if_cancelled();
  if (stream_.queue_size() == 0) return !stream_.can_receive();
  take();
  got_ = true;
  return ++stream_.burst_ % longest_burst != 0;
}

void stream_receiver::await_suspend(std::coroutine_handle<> at) {
  block(at);
  if (got_)
    wake();
  else
    stream_.receivers_.push_back(*this);
}

}  // namespace detail

stream_statistics stream_base::statistics() const noexcept {
  stream_statistics now = counts_;
  now.queued = queue_size();
  now.window = window_;
  senders_.for_each([&](const detail::stream_sender&) { ++now.waiting_senders; });
  return now;
}

void stream_base::bind(context_base& to, bool peer_knows_credits) noexcept {
  context_ = &to;
  credits_ = peer_knows_credits;
  credit_ = granted_ = credits_ ? first_window : no_limit;
}

void stream_base::open(const stream_options& options) {
  if (closed_)
    throw closed_resource("the stream of '" + context_->name() + "' is closed and cannot be reopened");
  if (opened_)
    throw runtime_failure("the stream of '" + context_->name() +
                          "' is open already: a context has one stream");
  opened_ = true;
  policy_ = options.overrun();
  fixed_window_ = options.buffer().has_value();
  window_ = std::max<std::size_t>(1, options.buffer().value_or(first_window));
  if (policy_ == overrun_policy::conflate) window_ = 1;
  if (!receives_ || !credits_) return;
  if (policy_ == overrun_policy::wait) {
    grant();
  } else {
    granted_ = no_limit;
    send_credit(no_limit);
    if (policy_ == overrun_policy::error && queue_size() > window_) return overrun();
    while (queue_size() > window_) {
      drop_oldest();
      ++counts_.dropped;
    }
  }
}

void stream_base::check_usable() const {
  if (fault_) std::rethrow_exception(fault_);
  if (closed_) throw closed_resource("the stream of '" + context_->name() + "' is closed");
}

bool stream_base::can_receive() const noexcept { return !fault_ && !closed_ && !peer_closed_; }

void stream_base::fail_receive() const {
  check_usable();
  throw end_of_channel("the stream of '" + context_->name() + "' has ended");
}

// --- sending

bool stream_base::try_send(detail::stream_sender& from) {
  if (credit_ == 0) return false;
  // Broken, and what ended it is being found out: the sender waits until the context is told.
  if (!context_->via_.connected() && !context_->via_.end_error()) return false;
  if (context_->via_.chan().queued() >= most_queued_bytes) {
    context_->via_.wait_for_room(*this);
    return false;
  }
  encode(from);
  return true;
}

void stream_base::encode(detail::stream_sender& from) {
  if (head_.empty()) head_ = msg::yield_head(context_->cid_);
  context_->via_.chan().send_after(head_.view(), [&](msg::writer& out) { from.put(out); });
  if (credit_ != no_limit) --credit_;
  ++counts_.sent;
}

void stream_base::pump() {
  while (!senders_.empty()) {
    detail::stream_sender& first = senders_.front();
    try {
      if (!try_send(first)) return;
      first.sent_ = true;
    } catch (const std::exception&) {
      first.error_ = std::current_exception();
    }
    first.release();
  }
}

void stream_base::take_credit(std::uint64_t items) {
  credit_ = items >= no_limit - credit_ ? no_limit : credit_ + items;
  pump();
}

// --- receiving

void stream_base::take_item(msg::byte_view item) {
  ++counts_.received;
  if (granted_ == 0)
    return context_->take_fault(
        std::make_exception_ptr(runtime_failure(context_->via_.chan().describe_peer() + " sends more to '" +
                                                context_->name() + "' than it was granted")));
  if (granted_ != no_limit) --granted_;
  if (discarding_ || closed_) {
    ++counts_.discarded;
    return;
  }
  largest_item_ = std::max(largest_item_, item.size());
  // Credits keep the peer from this; what may still overrun is a peer without them, or a policy that has
  // none.
  if (queue_size() >= window_ && (!credits_ || granted_ == no_limit)) {
    if (policy_ != overrun_policy::drop_oldest && policy_ != overrun_policy::conflate) return overrun();
    drop_oldest();
    ++counts_.dropped;
  }
  try {
    push(item);
  } catch (const std::exception& wrong) {
    context_->take_fault(std::make_exception_ptr(msg_type_error(
        "an item of the stream of '" + context_->name() + "' is not of its type: " + wrong.what())));
  }
}

void stream_base::hand_over(detail::stream_receiver& to) noexcept {
  to.take();
  to.got_ = true;
  to.release();
}

void stream_base::item_taken() noexcept {
  if (queue_size() == 0) drained_ = true;
  if (credits_ && policy_ == overrun_policy::wait) grant();
}

// Whoever keeps up with a sender that is held up by its grants is given more of them at a time.
void stream_base::grow_window() noexcept {
  const std::uint64_t reads = context_->via_.chan().reads();
  const bool often = reads - std::exchange(reads_at_grant_, reads) < few_reads;
  if (!std::exchange(drained_, false) || fixed_window_ || !opened_ || !often) return;
  const std::size_t fitting = std::max(first_window, most_bytes / largest_item_);
  window_ = std::max(window_, std::min({2 * window_, most_items, fitting}));
}

// Tops the peer's credit up to the window, in steps worth a message.
void stream_base::grant() {
  if (granted_ == no_limit) return;
  const std::size_t waiting = discarding_ ? 0 : queue_size();
  if (granted_ + waiting > window_ / 2) return;
  grow_window();
  const std::uint64_t more = window_ - std::min<std::uint64_t>(window_, granted_ + waiting);
  if (more == 0) return;
  granted_ += more;
  send_credit(more);
}

void stream_base::send_credit(std::uint64_t items) noexcept {
  if (!context_->via_.connected()) return;
  msg::credit more;
  more.cid = context_->cid_;
  more.n = items;
  context_->via_.chan().send(more);
}

void stream_base::overrun() {
  ++counts_.dropped;
  std::string text = "the receiver of the stream of '" + context_->name() + "' in actor '" +
                     context_->via_.runtime().id().short_form() +
                     "' is too slow: " + std::to_string(window_) + " items wait already";
  if (!opened_) text += "; it has not opened its stream";
  error_record record =
      detail::box_error(std::make_exception_ptr(stream_overrun(text)), context_->via_.runtime().id());
  record.sender = context_->peer();
  TRACTOR_LOG(runtime, warning, "{}", text);
  context_->via_.send_error(context_->cid_, std::move(record));
}

// --- the end

void stream_base::take_stop() {
  peer_closed_ = true;
  wake_all();
}

void stream_base::discard() noexcept {
  if (discarding_ || !receives_) return;
  discarding_ = true;
  counts_.discarded += queue_size();
  clear_queue();
  if (credits_ && granted_ != no_limit) {
    granted_ = no_limit;
    send_credit(no_limit);
  }
}

void stream_base::close(bool tell) noexcept {
  if (closed_) return;
  closed_ = true;
  if (tell && opened_ && !peer_closed_ && !fault_ && context_->via_.connected()) {
    msg::stop end;
    end.cid = context_->cid_;
    context_->via_.chan().send(end);
  }
  // A peer that has heard Stop, or is heard no more itself, sends nothing that it could wait with.
  if (opened_ || peer_closed_ || fault_) {
    counts_.discarded += queue_size();
    clear_queue();
  } else {
    discard();
  }
  wake_all();
}

task<> stream_base::aclose() {
  close(true);
  co_await checkpoint();
}

void stream_base::wake_all() noexcept {
  while (!senders_.empty()) senders_.front().release();
  while (!receivers_.empty()) receivers_.front().release();
}

}  // namespace tractor
