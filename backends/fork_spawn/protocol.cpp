#include "protocol.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/spawn_tools.hpp"

namespace tractor::fork_spawn_detail {
namespace {

// Read, not set and set back: that would open a gap for the files of other threads.
std::uint32_t current_umask() {
  const owned_fd status(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
  char text[512];
  const ssize_t size = status ? ::read(status.get(), text, sizeof text - 1) : -1;
  if (size < 0) throw std::system_error(errno, std::generic_category(), "fork_spawn: /proc/self/status");
  text[size] = '\0';
  const char* const field = std::strstr(text, "Umask:");  // the second line
  if (!field)
    throw std::system_error(ENOTSUP, std::generic_category(),
                            "fork_spawn: /proc/self/status does not tell the umask");
  return static_cast<std::uint32_t>(std::strtoul(field + 6, nullptr, 8));
}

std::string current_affinity() {
  std::string mask(1024, '\0');  // 8192 CPUs
  const long size = ::syscall(SYS_sched_getaffinity, 0, mask.size(), mask.data());
  mask.resize(static_cast<std::size_t>(std::max(size, 0L)));
  return mask;
}

}  // namespace

request_data::request_data(const spawn_request& request)
    : title(request.title), affinity(current_affinity()) {
  for (const auto& [ours, theirs] : request.fds) {
    sources.push_back(ours);
    numbers.push_back(theirs);
  }
  // The zygote's own standard streams are not those of the actor, which may have changed them since.
  for (int stream = 0; stream <= 2; ++stream) {
    if (std::find(numbers.begin(), numbers.end(), stream) != numbers.end()) continue;
    const int flags = ::fcntl(stream, F_GETFD);
    if (flags < 0 || (flags & FD_CLOEXEC) != 0) continue;  // as an exec would have it
    sources.push_back(stream);
    numbers.push_back(stream);
  }
  for (const std::string& variable : child_environment(request))
    environment.append(variable.c_str(), variable.size() + 1);
  head.descriptors = static_cast<std::uint32_t>(numbers.size());
  head.title_size = static_cast<std::uint32_t>(title.size());
  head.environment_size = static_cast<std::uint32_t>(environment.size());
  head.affinity_size = static_cast<std::uint32_t>(affinity.size());
  head.mode_mask = current_umask();
  head.group = ::getpgrp();
  struct sigaction pipe {};
  ::sigaction(SIGPIPE, nullptr, &pipe);
  head.ignore_sigpipe = pipe.sa_handler == SIG_IGN;
  ::pthread_sigmask(SIG_SETMASK, nullptr, &head.signal_mask);
  for (std::size_t i = 0; i < head.limits.size(); ++i)
    ::getrlimit(static_cast<__rlimit_resource_t>(i), &head.limits[i]);
}

std::string request_data::body() const {
  std::string all(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof numbers[0]);
  return all + title + environment + affinity;
}

bool request_data::parse_body(const std::string& body) {
  const std::size_t numbers_size = head.descriptors * sizeof(std::int32_t);
  if (body.size() != numbers_size + head.title_size + head.environment_size + head.affinity_size)
    return false;
  numbers.resize(head.descriptors);
  std::memcpy(numbers.data(), body.data(), numbers_size);
  title = body.substr(numbers_size, head.title_size);
  environment = body.substr(numbers_size + head.title_size, head.environment_size);
  affinity = body.substr(numbers_size + head.title_size + head.environment_size);
  return true;
}

const char* describe(birth_step step) noexcept {
  switch (step) {
    case birth_step::none:
      return "start";
    case birth_step::receive:
      return "receive of its request in the zygote";
    case birth_step::clone:
      return "clone3";
    case birth_step::limits:
      return "resource limits";
    case birth_step::descriptors:
      return "descriptors";
    case birth_step::directory:
      return "working directory";
    case birth_step::group:
      return "process group";
    case birth_step::affinity:
      return "CPU affinity";
  }
  return "start";
}

int send_message(int socket, const void* head, std::size_t head_size, const std::string& body,
                 const std::vector<int>& descriptors) noexcept {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * max_descriptors)] = {};
  iovec parts[2] = {{const_cast<void*>(head), head_size}, {const_cast<char*>(body.data()), body.size()}};
  msghdr out{};
  out.msg_iov = parts;
  out.msg_iovlen = body.empty() ? 1 : 2;
  if (!descriptors.empty()) {
    const std::size_t size = sizeof(int) * descriptors.size();
    out.msg_control = control;
    out.msg_controllen = CMSG_SPACE(size);
    cmsghdr* header = CMSG_FIRSTHDR(&out);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    std::memcpy(CMSG_DATA(header), descriptors.data(), size);
  }
  ssize_t sent = 0;
  do {
    sent = ::sendmsg(socket, &out, MSG_NOSIGNAL | MSG_DONTWAIT);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? errno : 0;
}

message::~message() { close_descriptors(); }

void message::close_descriptors() noexcept {
  for (const int fd : descriptors)
    if (fd >= 0) ::close(fd);
  descriptors.clear();
}

long message::receive(int socket, int flags) noexcept {
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int) * max_descriptors)];
  iovec part{buffer_.get(), capacity_};
  msghdr in{};
  in.msg_iov = &part;
  in.msg_iovlen = 1;
  in.msg_control = control;
  in.msg_controllen = sizeof control;
  close_descriptors();
  ssize_t size = 0;
  do {
    size = ::recvmsg(socket, &in, flags | MSG_CMSG_CLOEXEC);
  } while (size < 0 && errno == EINTR);
  if (size < 0) return -1;
  truncated_ = (in.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  for (cmsghdr* header = CMSG_FIRSTHDR(&in); header; header = CMSG_NXTHDR(&in, header)) {
    if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    descriptors.resize(count);
    std::memcpy(descriptors.data(), CMSG_DATA(header), count * sizeof(int));
  }
  return size;
}

}  // namespace tractor::fork_spawn_detail
