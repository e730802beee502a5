#include "tractor/runtime/run_process.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>

#include "runtime/exec_child.hpp"
#include "runtime/line_relay.hpp"
#include "tractor/async/checkpoint.hpp"
#include "tractor/async/cleanup.hpp"
#include "tractor/async/use_task.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/pidfd_child.hpp"
#include "tractor/plugin/spawn_tools.hpp"

namespace tractor {
namespace {

using namespace std::chrono_literals;

/// After the end of a program: how long one of its descendants that escaped may keep our pipes open.
constexpr auto drain_bound = 250ms;
/// SIGKILL has no answer but the end; only a kernel that is stuck makes us wait for it.
constexpr auto kill_bound = 1min;

[[noreturn]] void fail(const std::string& label, const char* step) {
  throw std::system_error(errno, std::generic_category(), "cannot run '" + label + "': " + step);
}

/// Above 2, so that it cannot be overwritten while it is given to a child.
int lifted(int fd, const std::string& label) {
  const int high = ::fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (high < 0) fail(label, "dup");
  return high;
}

/// The reading end of a pipe whose other end a program writes to.
class output_pipe {
 public:
  explicit output_pipe(const std::string& label) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail(label, "pipe");
    owned_fd in(ends[1]), out(ends[0]);
    ours.reset(lifted(out.get(), label));
    theirs.reset(lifted(in.get(), label));
  }
  owned_fd ours, theirs;
};

/// A program that runs. Ends it by force, should it come to that, when it is destroyed.
class running_program {
 public:
  explicit running_program(int pid) : pid_(pid) {
    const int pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    const int second = pidfd < 0 ? -1 : ::fcntl(pidfd, F_DUPFD_CLOEXEC, 3);
    handle_ = adopt_child(pid, pidfd);
    if (second < 0) {
      const int error = errno;
      end_by_force();
      throw std::system_error(error, std::generic_category(), "cannot watch a child");
    }
    watch_.emplace(this_context(), second);
  }
  running_program(const running_program&) = delete;
  running_program& operator=(const running_program&) = delete;
  ~running_program() {
    if (!reaped_) end_by_force();
  }

  int pid() const noexcept { return pid_; }
  /// Waits for the end of the program, but does not reap it: until that is done its number is its own.
  ///
  /// asio's word alone is not enough: it may hand a descriptor the event of one that was just closed.
  task<> ended() {
    while (!has_ended()) co_await watch_->async_wait(asio::posix::descriptor_base::wait_read, use_task);
    ended_ = true;
  }
  void signal_group(int signo) const noexcept { ::kill(-pid_, signo); }
  /// Ends it by the ladder if it runs still, then what is left of its group, and reaps it. Shield it.
  task<exit_status> finish(duration grace) {
    if (!ended_) {
      signal_group(SIGTERM);
      signal_group(SIGCONT);  // one that was stopped hears nothing else
      co_await move_on_after(grace, ended());
    }
    signal_group(SIGKILL);
    const exit_status how = co_await handle_->wait();
    reaped_ = true;
    co_return how;
  }

 private:
  bool has_ended() const noexcept {
    siginfo_t info{};
    // It fails when other code of the program has reaped the child: then there is nothing to wait for.
    return ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == pid_;
  }
  void end_by_force() noexcept {
    signal_group(SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) continue;
  }

  const int pid_;
  std::unique_ptr<child_process> handle_;
  std::optional<asio::posix::stream_descriptor> watch_;
  bool ended_ = false;
  bool reaped_ = false;
};

/// Reads a pipe to its end.
task<> read_all(int fd, std::function<void(std::string_view)> use) {
  asio::posix::stream_descriptor pipe(this_context(), fd);
  std::string room(16 * 1024, '\0');
  for (;;) {
    const auto got = co_await pipe.async_read_some(asio::buffer(room), use_task_tuple);
    const boost::system::error_code& error = std::get<0>(got);
    if (error == asio::error::eof) co_return;
    if (error) throw boost::system::system_error(error, "cannot read the output of a program");
    use(std::string_view(room).substr(0, std::get<1>(got)));
  }
}

/// Everything of one run that outlives its parts.
class process_run {
 public:
  explicit process_run(const process_command& command) : command_(command) {}

  task<exit_status> run(task_status<int>* status) {
    start();
    exit_status how;
    // Shielded: a program that is asked to end must not wait for a full pipe, and what it says last counts.
    cancel_scope reading(time_point::max(), true);
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon(task_name("output of " + command_.label()),
                    [&]() -> task<> { co_await reading.run([&] { return read_output(); }); });
      if (status) status->started(program_->pid());
      co_await with_cleanup([&] { return program_->ended(); },
                            [&]() -> task<> {
                              how = co_await program_->finish(command_.grace());
                              reading.set_deadline(current_time() + drain_bound);
                            },
                            command_.grace() + kill_bound);
    });
    log_end(how);
    if (command_.check() && !how.success()) throw process_failed(command_, how, tail_.text());
    co_return how;
  }

 private:
  void start() {
    const std::string& label = command_.label();
    spawn_request request;
    request.title = label;
    request.env = command_.env();
    request.working_directory = command_.working_directory();
    check_request(request, "run_process");
    const owned_fd directory(open_working_directory(request, "run_process"));
    const owned_fd opened(::open("/dev/null", O_RDWR | O_CLOEXEC));
    if (!opened) fail(label, "/dev/null");
    const owned_fd null(lifted(opened.get(), label));
    const owned_fd given(command_.stdout_fd() < 0 ? -1 : lifted(command_.stdout_fd(), label));
    output_pipe err(label);
    std::optional<output_pipe> out;
    if (command_.relay_stdout()) out.emplace(label);

    detail::exec_plan plan;
    plan.directory = directory.get();
    plan.stdio[0] = null.get();
    plan.stdio[1] = out ? out->theirs.get() : given ? given.get() : null.get();
    plan.stdio[2] = err.theirs.get();
    std::vector<std::string> words = command_.words(), env = child_environment(request);
    for (std::string& word : words) plan.argv.push_back(word.data());
    for (std::string& variable : env) plan.env.push_back(variable.data());
    plan.argv.push_back(nullptr);
    plan.env.push_back(nullptr);
    program_.emplace(detail::exec_child(plan));
    err_.reset(err.ours.release());
    if (out) out_.reset(out->ours.release());
    log::subsystem::runtime.runtime("{}: runs as pid {}", label, program_->pid());
  }

  task<> read_output() {
    co_await open_task_nursery([&](task_nursery& tn) -> task<> {
      tn.start_soon([&] { return read_stderr(); });
      if (out_) tn.start_soon([&] { return read_stdout(); });
      co_return;
    });
  }
  task<> read_stdout() {
    detail::line_splitter lines([this](std::string_view line) { relay(line, "{}: {}"); });
    co_await read_all(out_.release(), [&](std::string_view bytes) { lines.feed(bytes); });
    lines.finish();
  }
  task<> read_stderr() {
    detail::line_splitter lines([this](std::string_view line) { relay(line, "{} (stderr): {}"); });
    co_await read_all(err_.release(), [&](std::string_view bytes) {
      tail_.feed(bytes);
      if (command_.relay_stderr()) lines.feed(bytes);
    });
    lines.finish();
  }
  void relay(std::string_view line, log::format_text<2> text) const {
    log::subsystem::runtime.write(command_.relay_level(), text, command_.label(), line);
  }
  void log_end(const exit_status& how) const {
    log::subsystem::runtime.runtime("{}: {}", command_.label(), how.text());
  }

  const process_command& command_;
  std::optional<running_program> program_;
  owned_fd out_, err_;
  detail::tail_keeper tail_;
};

task<exit_status> run_command(const process_command command, task_status<int>* status) {
  if (command.relay_stdout() && command.stdout_fd() >= 0)
    throw std::invalid_argument("the stdout of '" + command.label() + "' is either relayed or given away");
  co_await checkpoint();
  process_run run(command);
  co_return co_await run.run(status);
}

std::string failure_text(const process_command& command, const exit_status& how, const std::string& tail) {
  std::string out = "'" + command.label() + "' " + how.text() + " (";
  for (const std::string& word : command.words()) out += (out.ends_with('(') ? "" : " ") + word;
  out += ")";
  if (!tail.empty()) out += "; the last it wrote to stderr:\n" + tail;
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace

process_command::process_command(std::string program) : label_(program.substr(program.rfind('/') + 1)) {
  words_.push_back(std::move(program));
}

process_failed::process_failed(const process_command& command, exit_status how, std::string stderr_tail)
    : std::runtime_error(failure_text(command, how, stderr_tail)),
      label_(command.label()),
      status_(how),
      stderr_tail_(std::move(stderr_tail)) {}

task<exit_status> supervise_run_process(process_command command) {
  return run_command(std::move(command), nullptr);
}

task<> start_run_process(task_status<int>& status, process_command command) {
  co_await run_command(std::move(command), &status);
}

}  // namespace tractor
