#include "fork_spawn.hpp"

#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <system_error>

#include "protocol.hpp"
#include "tractor/async/checkpoint.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/async/use_task.hpp"
#include "tractor/plugin/orphans.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/pidfd_child.hpp"
#include "tractor/plugin/spawn_tools.hpp"

namespace tractor {

using namespace fork_spawn_detail;

namespace fork_spawn_detail {

/// A child that was asked for, and what became of it.
class birth {
 public:
  explicit birth(const spawn_request& request) : title(request.title) {}
  birth(const birth&) = delete;
  birth& operator=(const birth&) = delete;
  ~birth() {
    if (pidfd >= 0) ::close(pidfd);
  }

  /// Takes in what has arrived; true when nothing more will.
  bool read_answers() {
    message in(sizeof(reply));
    for (;;) {
      const long size = in.receive(answer.get(), MSG_DONTWAIT);
      if (size < 0 && errno == EAGAIN) return false;
      reply out;
      if (size < static_cast<long>(sizeof out)) return true;
      std::memcpy(&out, in.data(), sizeof out);
      if (out.pid > 0) pid = out.pid;
      if (!in.descriptors.empty()) pidfd = std::exchange(in.descriptors[0], -1);
      failed = out.failed;
      error = out.error;
      ready = out.from == reply::sender::child && out.failed == birth_step::none;
      if (out.from == reply::sender::child || out.failed != birth_step::none) return true;
    }
  }

  std::string title;
  owned_fd answer;
  bool ready = false;
  birth_step failed = birth_step::none;
  int pid = 0;
  int pidfd = -1;
  int error = 0;
  std::unique_ptr<child_process> child;
  std::exception_ptr refusal;  // why there is no child
};

}  // namespace fork_spawn_detail

namespace {

using namespace std::chrono_literals;

const std::string key = "fork_spawn";
/// A healthy zygote answers in well under a millisecond.
constexpr auto answer_bound = 5s;
/// How many answers' sockets a batch keeps open at once.
constexpr std::size_t batch_window = 64;

std::exception_ptr refused(int error, const birth& of, const std::string& why) {
  return std::make_exception_ptr(
      std::system_error(error, std::generic_category(), key + ": cannot start '" + of.title + "': " + why));
}

// A body too large for a message goes by a file in memory.
int make_file(const std::string& body) {
  const int fd = ::memfd_create("tractor-spawn", MFD_CLOEXEC);
  if (fd >= 0 && ::write(fd, body.data(), body.size()) == static_cast<ssize_t>(body.size())) return fd;
  const int error = errno;
  if (fd >= 0) ::close(fd);
  throw std::system_error(error, std::generic_category(), key + ": no file for a large environment");
}

// The loop borrows a descriptor for the time of a wait; its owner closes it.
class give_back {
 public:
  explicit give_back(asio::posix::stream_descriptor& from) noexcept : from_(from) {}
  give_back(const give_back&) = delete;
  give_back& operator=(const give_back&) = delete;
  ~give_back() { from_.release(); }

 private:
  asio::posix::stream_descriptor& from_;
};

task<> await_answers(birth& of) {
  asio::posix::stream_descriptor socket(this_context(), of.answer.get());
  const give_back guard(socket);
  while (!of.read_answers()) co_await socket.async_wait(asio::posix::descriptor_base::wait_read, use_task);
}

task<> end_child(std::unique_ptr<child_process>& child) {
  child->signal(SIGKILL);
  co_await child->wait();
  child.reset();
}

// The queue to the zygote is full: tries again when it has moved.
task<> await_room(int socket, int error) {
  if (error == ETOOMANYREFS) {  // a bound on descriptors in flight, which no poll reports
    co_await sleep(1ms);
    co_return;
  }
  asio::posix::stream_descriptor copy(this_context(), ::dup(socket));
  co_await copy.async_wait(asio::posix::descriptor_base::wait_write, use_task);
}

}  // namespace

// Until the message is sent a cancel leaves no trace.
task<> fork_spawn::submit(const spawn_request& request, birth& into) {
  check_request(request, key);
  const int socket = link_.socket();
  request_data data(request);
  const owned_fd directory(open_working_directory(request, key));
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::system_error(errno, std::generic_category(), key + ": no socket for the answer");
  into.answer.reset(ends[0]);
  owned_fd theirs(ends[1]);

  std::vector<int> descriptors{theirs.get(), directory.get()};
  descriptors.insert(descriptors.end(), data.sources.begin(), data.sources.end());
  std::string body = data.body();
  owned_fd file;
  if (body.size() > max_inline_body) {
    file.reset(make_file(body));
    data.head.in_file = true;
    body.clear();
    descriptors.push_back(file.get());
  }
  if (descriptors.size() > max_descriptors)
    throw std::system_error(E2BIG, std::generic_category(),
                            key + ": cannot start '" + request.title + "': more descriptors than " +
                                std::to_string(max_descriptors - 6));
  for (;;) {
    const int error = send_message(socket, &data.head, sizeof data.head, body, descriptors);
    if (error == 0) co_return;
    if (error == EAGAIN || error == ETOOMANYREFS) {
      co_await await_room(socket, error);
      continue;
    }
    const std::string death = link_.death();
    if (!death.empty()) throw std::system_error(ESRCH, std::generic_category(), death);
    throw std::system_error(error, std::generic_category(), key + ": the request to the zygote failed");
  }
}

// Once asked for, a child is followed up whatever happens: no cancel reaches this.
task<> fork_spawn::collect(birth& from) {
  auto answered = co_await move_on_after(answer_bound, await_answers(from));
  conclude(from, static_cast<bool>(answered));
  if (from.refusal && from.child) co_await end_child(from.child);
}

void fork_spawn::conclude(birth& from, bool answered) {
  const bool zygote_is_silent = !answered && from.pid == 0;
  if (zygote_is_silent) {
    // A stopped zygote would serve the request when it goes on: it must not. One that has told a pid is
    // healthy, and the child alone hangs, as one does that was stopped at its birth.
    link_.kill();
    pollfd last{from.answer.get(), POLLIN, 0};
    while (!from.read_answers() && ::poll(&last, 1, 1000) > 0) {
    }
  }
  from.answer.reset();
  try {
    if (from.pid > 0) from.child = adopt_child(from.pid, std::exchange(from.pidfd, -1));
  } catch (const std::system_error& error) {
    from.refusal = std::current_exception();
    return;
  }
  // One that died before it could say that it is ready is a child that died: who waits for it sees how.
  const bool died_early = answered && from.child && from.failed == birth_step::none;
  if (from.ready || died_early) return;
  if (from.failed != birth_step::none) {
    from.refusal = refused(from.error, from, describe(from.failed));
  } else if (zygote_is_silent) {
    from.refusal = refused(ETIMEDOUT, from, "its zygote did not answer for 5 s and was ended");
    link_.death();
  } else if (!answered) {
    from.refusal = refused(ETIMEDOUT, from, "it was not ready 5 s after its birth and was ended");
  } else {
    const std::string death = link_.death();
    from.refusal = death.empty()
                       ? refused(EPROTO, from, "its zygote dropped the request")
                       : std::make_exception_ptr(std::system_error(ESRCH, std::generic_category(), death));
  }
}

task<std::unique_ptr<child_process>> fork_spawn::spawn(const spawn_request& request) {
  co_await checkpoint();
  birth one(request);
  co_await submit(request, one);
  co_await shielded(collect(one));
  if (one.refusal) std::rethrow_exception(one.refusal);
  co_return std::move(one.child);
}

task<std::vector<std::unique_ptr<child_process>>> fork_spawn::spawn_batch(
    std::span<const spawn_request> requests) {
  co_await checkpoint();
  std::vector<std::unique_ptr<birth>> births;
  std::exception_ptr error;
  for (std::size_t next = 0; next < requests.size() && !error;) {
    const std::size_t first = births.size();
    try {
      for (; next < requests.size() && births.size() - first < batch_window; ++next) {
        auto one = std::make_unique<birth>(requests[next]);
        co_await submit(requests[next], *one);
        births.push_back(std::move(one));
      }
    } catch (...) {
      error = std::current_exception();
    }
    for (std::size_t at = first; at < births.size(); ++at) {
      co_await shielded(collect(*births[at]));
      if (births[at]->refusal && !error) error = births[at]->refusal;
    }
  }
  if (error) {
    for (auto& one : births)
      if (one->child) co_await shielded(end_child(one->child));
    std::rethrow_exception(error);
  }
  std::vector<std::unique_ptr<child_process>> children;
  for (auto& one : births) children.push_back(std::move(one->child));
  co_return children;
}

std::vector<int> fork_spawn::helper_pids() const {
  if (const int pid = link_.pid()) return {pid};
  return {};
}

leftovers fork_spawn::scan() const { return find_orphans({"_subactor[", "_zygote["}); }
reap_report fork_spawn::reap(const leftovers& found, std::chrono::milliseconds grace) {
  return end_orphans(found, grace);
}

}  // namespace tractor
