#include "runtime/ring_hub.hpp"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "runtime/shm_owner.hpp"
#include "tractor/async/loop.hpp"
#include "tractor/async/use_task.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/plugin/loop_socket.hpp"
#include "tractor/runtime/shm_segment.hpp"

namespace tractor {

std::string ring_token::text() const {
  return "ring of " + std::to_string(capacity) + " bytes for " + element +
         (element_size == 0 ? "" : " (" + std::to_string(element_size) + " bytes each)");
}

namespace detail {

namespace {

constexpr std::size_t handed_out = 4;  // memory, item event, room event, lifeline

const char* name_of(ring_role role) { return role == ring_role::sender ? "sending" : "receiving"; }
std::size_t index_of(ring_role role) { return static_cast<std::size_t>(role); }

shm_error cannot_make(int error) {
  return shm_error(std::string("cannot make a ring: ") + std::strerror(error));
}

// A name that only the kernel knows, told apart from a path by the zero before it.
std::string abstract_name(const std::string& address, ring_role role) {
  return std::string(1, '\0') + address + (role == ring_role::sender ? ".send" : ".receive");
}

bool is_of_this_user(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == ::geteuid();
}

void copy_fd(owned_fd& to, int from) {
  to.reset(::fcntl(from, F_DUPFD_CLOEXEC, 0));
  if (!to) throw cannot_make(errno);
}

/// Room for the descriptors that go along with a message.
class ancillary {
 public:
  explicit ancillary(msghdr& message) {
    message.msg_control = space_;
    message.msg_controllen = sizeof space_;
  }

 private:
  alignas(cmsghdr) char space_[CMSG_SPACE(handed_out * sizeof(int))] = {};
};

bool send_fds(int socket, const std::array<int, handed_out>& fds) {
  char byte = 'r';
  iovec text{&byte, 1};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  const ancillary space(message);
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fds);
  std::memcpy(CMSG_DATA(header), fds.data(), sizeof fds);
  return ::sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}

enum class receipt { nothing_yet, fds, refused };

receipt receive_fds(int socket, std::array<owned_fd, handed_out>& into) {
  char byte = 0;
  iovec text{&byte, 1};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  const ancillary space(message);
  const ssize_t count = ::recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return receipt::nothing_yet;
  const cmsghdr* const header = count > 0 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (!header || header->cmsg_type != SCM_RIGHTS) return receipt::refused;
  std::array<int, handed_out> fds;
  fds.fill(-1);
  const std::size_t size = std::min<std::size_t>(header->cmsg_len - CMSG_LEN(0), sizeof fds);
  std::memcpy(fds.data(), CMSG_DATA(header), size);
  for (std::size_t i = 0; i < handed_out; ++i) into[i].reset(fds[i]);
  return size == sizeof fds ? receipt::fds : receipt::refused;
}

shm_error cannot_attach(const ring_token& token, ring_role role, const std::string& why) {
  return shm_error(std::string("cannot take the ") + name_of(role) + " end of the " + token.text() + " '" +
                   token.address + "': " + why);
}

task<std::unique_ptr<loop_socket>> connect_to(const ring_token& token, ring_role role) {
  const std::string name = abstract_name(token.address, role);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (token.address.empty() || name.size() > sizeof at.sun_path)
    throw cannot_attach(token, role, "this is no address of one");
  std::memcpy(at.sun_path, name.data(), name.size());
  auto socket = loop_socket::open(AF_UNIX, token.address);
  std::string why;
  try {
    co_await socket->connect(reinterpret_cast<const sockaddr*>(&at),
                             static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size()));
  } catch (const boost::system::system_error& error) {
    why = error.code() == boost::system::errc::connection_refused
              ? "it is taken, or the actor that made the ring is gone or on another machine"
              : error.code().message();
  }
  if (!why.empty()) throw cannot_attach(token, role, why);
  if (!is_of_this_user(socket->fd())) throw cannot_attach(token, role, "another user listens there");
  co_return socket;
}

}  // namespace

ring_handle make_ring_end(ring_role role, std::shared_ptr<ring_memory> memory, ring_fds& fds) {
  std::shared_ptr<ring_end> end;
  if (role == ring_role::sender)
    end = std::make_shared<ring_sender>(std::move(memory), fds);
  else
    end = std::make_shared<ring_receiver>(std::move(memory), fds);
  end->start();
  return ring_handle(std::move(end));
}

ring_hub::ring_hub(std::size_t capacity, std::string element, std::size_t element_size)
    : memory_(ring_memory::make(capacity, element, element_size)),
      item_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      room_event_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  int pair[2];
  if (!item_event_ || !room_event_ ||
      ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0)
    throw cannot_make(errno);
  lifelines_[0].reset(pair[0]);
  lifelines_[1].reset(pair[1]);
  token_.address = "tractor-ring." + std::to_string(::getpid()) + "." + random_hex(16);
  token_.element = std::move(element);
  token_.element_size = element_size;
  token_.capacity = memory_->capacity();
}

void ring_hub::start() {
  for (const ring_role role : {ring_role::sender, ring_role::receiver}) {
    listen(role);
    accept(role);
  }
}

void ring_hub::listen(ring_role role) {
  using endpoint = asio::local::stream_protocol::endpoint;
  auto& listener = listeners_[index_of(role)];
  listener.emplace(this_context());
  boost::system::error_code error;
  listener->open(endpoint().protocol(), error);
  if (!error) listener->bind(endpoint(abstract_name(token_.address, role)), error);
  if (!error) listener->listen(4, error);
  if (error) throw shm_error("cannot make a ring: " + error.message());
}

void ring_hub::accept(ring_role role) {
  listeners_[index_of(role)]->async_accept([weak = weak_from_this(), role](auto error, socket peer) {
    const auto self = weak.lock();
    if (!self || error == asio::error::operation_aborted) return;
    if (!error && !is_of_this_user(peer.native_handle())) return self->accept(role);
    if (error || !self->hand_out(role, peer.native_handle()))
      TRACTOR_LOG(ipc, error, "cannot hand out the {} end of the {}: {}", name_of(role), self->token_.text(),
                  error ? error.message() : std::strerror(errno));
    // It is taken, or cannot be: who asks from now on is refused at once.
    self->lifelines_[index_of(role)].reset();
    self->listeners_[index_of(role)].reset();
  });
}

bool ring_hub::hand_out(ring_role role, int to) {
  return send_fds(to,
                  {memory_->fd(), item_event_.get(), room_event_.get(), lifelines_[index_of(role)].get()});
}

ring_handle ring_hub::take(ring_role role) {
  owned_fd& lifeline = lifelines_[index_of(role)];
  if (!lifeline) throw cannot_attach(token_, role, "it is taken");
  ring_fds fds;
  copy_fd(fds.item_event, item_event_.get());
  copy_fd(fds.room_event, room_event_.get());
  listeners_[index_of(role)].reset();
  fds.lifeline.reset(lifeline.release());
  return make_ring_end(role, memory_, fds);
}

std::shared_ptr<ring_hub> open_ring(std::size_t capacity, std::string element, std::size_t element_size) {
  auto hub = std::make_shared<ring_hub>(capacity, std::move(element), element_size);
  hub->start();
  return hub;
}
const ring_token& token_of(const ring_hub& hub) noexcept { return hub.token(); }
ring_handle take_ring_end(ring_hub& hub, ring_role role) { return hub.take(role); }

task<ring_handle> attach_ring_end(ring_token token, ring_role role, std::string element,
                                  std::size_t element_size) {
  if (token.element != element || token.element_size != element_size)
    throw shm_mismatch("the ring '" + token.address + "' is a " + token.text() + ", not for " + element +
                       " (" + std::to_string(element_size) + " bytes each)");
  auto socket = co_await connect_to(token, role);
  asio::posix::stream_descriptor ready(this_context(), ::fcntl(socket->fd(), F_DUPFD_CLOEXEC, 0));
  std::array<owned_fd, handed_out> got;
  receipt what = receive_fds(socket->fd(), got);
  while (what == receipt::nothing_yet) {
    co_await ready.async_wait(asio::posix::stream_descriptor::wait_read, use_task);
    what = receive_fds(socket->fd(), got);
  }
  if (what == receipt::refused)
    throw cannot_attach(token, role, "the actor that made the ring did not hand it out");
  ring_fds fds;
  auto memory = ring_memory::map(got[0].release(), token.capacity, element, element_size);
  fds.item_event.reset(got[1].release());
  fds.room_event.reset(got[2].release());
  fds.lifeline.reset(got[3].release());
  co_return make_ring_end(role, std::move(memory), fds);
}

}  // namespace detail
}  // namespace tractor
