#include "zygote.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>

#include "newborn.hpp"
#include "protocol.hpp"
#include "tractor/plugin/proctitle.hpp"

namespace tractor::fork_spawn_detail {
namespace {

// The first descriptors of each request.
constexpr std::size_t answer_at = 0, directory_at = 1, fixed_descriptors = 2;

// glibc keeps the thread's own id in memory and its fork() has the kernel write it anew; a raw clone must ask
// for the same. Null where the kernel does not tell the place.
int* thread_id_place() noexcept {
  int* place = nullptr;
  if (::prctl(PR_GET_TID_ADDRESS, &place) != 0 || !place || *place != ::gettid()) return nullptr;
  return place;
}

void become_quiet(int socket, const std::string& title) noexcept {
  // Nothing of the actor's stays open here: neither its files nor its ends of pipes.
  ::close_range(0, static_cast<unsigned>(socket) - 1, 0);
  ::close_range(static_cast<unsigned>(socket) + 1, ~0U, 0);
  detail::set_process_title(title);
}

// What only a copy needs waits for the first request: most zygotes of a tree never see one.
void prepare_to_copy() noexcept {
  for (int signo = 1; signo < NSIG; ++signo) ::signal(signo, SIG_DFL);
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int stream = 0; stream <= 2 && null >= 0; ++stream) ::dup2(null, stream);
  if (null > 2) ::close(null);
  // A request may bring more descriptors than the soft limit of the actor allows to be open at once.
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Most zygotes see nothing but the end of their actor: then each page that is touched on the way out is
// copied for nothing.
void await_request(int socket) noexcept {
  char first = 0;
  ssize_t size = 0;
  do {
    size = ::recv(socket, &first, 1, MSG_PEEK);
  } while (size < 0 && errno == EINTR);
  if (size <= 0) ::_exit(0);
}

bool read_file(int fd, std::string& into) {
  struct stat info {};
  if (::fstat(fd, &info) != 0) return false;
  into.resize(static_cast<std::size_t>(info.st_size));
  return ::pread(fd, into.data(), into.size(), 0) == static_cast<ssize_t>(into.size());
}

// The head is a message's beginning; the body is behind it, or in a file.
bool parse(const message& in, long size, request_data& into) {
  if (in.truncated() || static_cast<std::size_t>(size) < sizeof into.head) return false;
  std::memcpy(&into.head, in.data(), sizeof into.head);
  const std::size_t expected = fixed_descriptors + into.head.descriptors + (into.head.in_file ? 1 : 0);
  if (in.descriptors.size() != expected) return false;
  std::string body(in.data() + sizeof into.head, static_cast<std::size_t>(size) - sizeof into.head);
  if (into.head.in_file && !read_file(in.descriptors.back(), body)) return false;
  return into.parse_body(body);
}

void serve(message& in, long size, int (*child_main)()) {
  if (in.descriptors.empty()) return;  // nobody to answer to: the actor sees the end of its answer's socket
  const int answer = in.descriptors[answer_at];
  auto request = std::make_unique<request_data>();
  reply out;
  int pidfd = -1;
  if (!parse(in, size, *request)) {
    out.failed = birth_step::receive;
    out.error = in.truncated() ? EMFILE : EPROTO;
  } else {
    // CLONE_PARENT makes it a child of the actor, which can then wait for it like for any other.
    out.pid = copy_process(CLONE_PARENT, pidfd);
    if (out.pid == 0) {
      const std::vector<int> received(in.descriptors.begin() + fixed_descriptors, in.descriptors.end());
      live(*request.release(), answer, in.descriptors[directory_at], received, child_main);
    }
    if (out.pid < 0) {
      out.failed = birth_step::clone;
      out.error = errno;
    }
  }
  const std::vector<int> descriptors = pidfd >= 0 ? std::vector<int>{pidfd} : std::vector<int>{};
  send_message(answer, &out, sizeof out, {}, descriptors);
  if (pidfd >= 0) ::close(pidfd);
}

}  // namespace

int copy_process(unsigned long long flags, int& pidfd) noexcept {
  clone_args args{};
  args.flags = flags | CLONE_PIDFD;
  args.pidfd = reinterpret_cast<std::uintptr_t>(&pidfd);
  if ((flags & CLONE_PARENT) == 0) args.exit_signal = SIGCHLD;
  if (int* const place = thread_id_place()) {
    args.flags |= CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID;
    args.child_tid = reinterpret_cast<std::uintptr_t>(place);
  }
  return static_cast<int>(::syscall(SYS_clone3, &args, sizeof args));
}

void run_zygote(int socket, int actor_pid, const std::string& title, int (*child_main)()) noexcept {
  // Beside the end of the socket: a descriptor can be kept open by a stranger, a parent's death cannot.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != actor_pid) ::_exit(0);
  if (socket <= 2)
    socket = ::fcntl(socket, F_DUPFD_CLOEXEC, 3);  // the actor was started without some of 0 to 2
  become_quiet(socket, title);
  await_request(socket);
  prepare_to_copy();
  message in(sizeof(request_head) + max_inline_body);
  for (;;) {
    const long size = in.receive(socket, 0);
    if (size <= 0) ::_exit(0);
    serve(in, size, child_main);
    in.close_descriptors();
  }
}

}  // namespace tractor::fork_spawn_detail
