#include "async/watched_fd.hpp"

#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <utility>

namespace tractor::detail {

namespace {

[[noreturn]] void fail(int number, const char* what) {
  throw boost::system::system_error(number, boost::system::system_category(), what);
}

event_loop& running_loop() {
  this_context();  // throws outside of a loop
  return *event_loop::current();
}

}  // namespace

watched_fd::watched_fd(int fd) : loop_(running_loop()), reactor_(loop_.reactor()), fd_(fd) {
  if (const int number = reactor_.register_descriptor(fd_, data_))
    fail(number, "cannot watch the descriptor");
}

watched_fd::~watched_fd() {
  attempts_.for_each([](io_attempt& each) {
    each.closed_ = true;
    static_cast<list_hook<in_attempts>&>(each).unlink();
  });
  if (end_watched_) loop_.ends().remove(*this);
  // Not as one that is about to be closed: a copy of it in another process would keep it in the set.
  reactor_.deregister_descriptor(fd_, data_, false);
  reactor_.cleanup_descriptor_data(data_);
}

void watched_fd::watch_end() {
  if (end_watched_) return;
  loop_.ends().add(*this);
  end_watched_ = true;
}

// The event for the read may have been used up by the bytes that came before the end.
void watched_fd::note_end() noexcept {
  ended_ = true;
  attempts_.for_each([this](io_attempt& each) {
    if (each.direction_ == io_attempt::direction::read)
      reactor_.cancel_ops_by_key(fd_, data_, reactor::read_op, &each);
  });
}

// Stays in its queue for as long as the reactor lives.
struct end_watch::wake_up final : asio::detail::reactor_op {
  explicit wake_up(end_watch& of)
      : reactor_op(
            boost::system::error_code(),
            [](reactor_op* base) {
              static_cast<wake_up*>(base)->of.drain();
              return not_done;
            },
            [](void*, asio::detail::operation*, const boost::system::error_code&, std::size_t) {}),
        of(of) {}
  end_watch& of;
};

end_watch::end_watch(reactor& of)
    : reactor_(of), epoll_(::epoll_create1(EPOLL_CLOEXEC)), op_(std::make_unique<wake_up>(*this)) {
  if (epoll_ < 0) fail(errno, "epoll_create1");
  const int number = reactor_.register_internal_descriptor(reactor::read_op, epoll_, data_, op_.get());
  if (number == 0) return;
  ::close(epoll_);
  fail(number, "cannot watch the descriptor");
}

end_watch::~end_watch() {
  reactor_.deregister_internal_descriptor(epoll_, data_);
  reactor_.cleanup_descriptor_data(data_);
  ::close(epoll_);
}

void end_watch::add(watched_fd& connection) {
  epoll_event event{};
  event.events = EPOLLRDHUP | EPOLLET;
  event.data.ptr = &connection;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.fd(), &event) != 0)
    fail(errno, "cannot watch the descriptor for its end");
}

void end_watch::remove(watched_fd& connection) noexcept {
  epoll_event unused{};
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, connection.fd(), &unused);
}

void end_watch::drain() noexcept {
  std::array<epoll_event, 32> events;
  for (;;) {
    const int count = ::epoll_wait(epoll_, events.data(), events.size(), 0);
    for (int i = 0; i < count; ++i)
      static_cast<watched_fd*>(events[static_cast<std::size_t>(i)].data.ptr)->note_end();
    if (count < static_cast<int>(events.size())) return;
  }
}

io_attempt::io_attempt(watched_fd& on, direction what) noexcept
    : reactor_op(boost::system::error_code(), &on_ready, &on_complete), on_(on), direction_(what) {
  cancellation_key_ = this;
}

void io_attempt::await_suspend(std::coroutine_handle<> at) {
  block(at);
  if (direction_ == direction::read && on_.ended_ && attempt_and_note() != not_done) {
    wake();
    return;
  }
  on_.attempts_.push_back(*this);
  start();
}

void io_attempt::start() {
  on_.reactor_.start_op(static_cast<int>(direction_), on_.fd_, on_.data_, this, false, true);
}

void io_attempt::abort() noexcept {
  aborted_ = true;
  if (!closed_) on_.reactor_.cancel_ops_by_key(on_.fd_, on_.data_, static_cast<int>(direction_), this);
}

asio::detail::reactor_op::status io_attempt::attempt_and_note() noexcept {
  const status found = attempt();
  done_ = found != not_done;
  return found;
}

asio::detail::reactor_op::status io_attempt::on_ready(asio::detail::reactor_op* base) {
  return static_cast<io_attempt*>(base)->attempt_and_note();
}

void io_attempt::on_complete(void* owner, asio::detail::operation* base, const boost::system::error_code&,
                             std::size_t) {
  if (!owner) return;  // the loop is gone, and nobody waits
  auto* const self = static_cast<io_attempt*>(base);
  const bool ended_meanwhile = !self->done_ && !self->aborted_ && !self->closed_ && self->on_.ended_;
  if (ended_meanwhile && self->attempt_and_note() == not_done) {
    self->start();
    return;
  }
  self->unlink();
  event_loop& loop = self->task_->loop;
  expect_turn(loop);
  self->wake();
  run_ready(loop);
}

}  // namespace tractor::detail
