#include "support.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include "fork_spawn.hpp"
#include "state.hpp"
#include "trio_like.hpp"

namespace backend_tests {
namespace {
int program_argc = 0;
char** program_argv = nullptr;

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  return std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}
}  // namespace

void remember_arguments(int argc, char** argv) {
  program_argc = argc;
  program_argv = argv;
}

std::unique_ptr<tractor::spawn_backend> make_backend(const std::string& key) {
  if (key == "trio_like") return std::make_unique<tractor::trio_like>();
  if (key == "fork_spawn") return std::make_unique<tractor::fork_spawn>();
  throw std::invalid_argument("no backend '" + key + "'");
}

void prepare(tractor::spawn_backend& backend) {
  tractor::boot_info boot;
  boot.argc = program_argc;
  boot.argv = program_argv;
  boot.child_main = child_main;
  backend.prepare(boot);
}

std::string command_line_of(int pid) { return read_file("/proc/" + std::to_string(pid) + "/cmdline"); }

std::string title_of(int pid) {
  const std::string text = command_line_of(pid);
  return text.substr(0, text.find('\0'));
}

std::string comm_of(int pid) {
  std::string text = read_file("/proc/" + std::to_string(pid) + "/comm");
  if (!text.empty()) text.pop_back();
  return text;
}

bool no_children() {
  siginfo_t info{};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) != 0 && errno == ECHILD;
}

bool gone_within(int pid, double seconds) {
  const tractor::owned_fd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  if (!pidfd) return true;
  pollfd ended{pidfd.get(), POLLIN, 0};
  return ::poll(&ended, 1, static_cast<int>(seconds * 1000)) == 1;
}

void send_signal(int pid, int signo) { ASSERT_EQ(::kill(pid, signo), 0) << "pid " << pid; }

report_pipe::report_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe2 failed");
  read_.reset(ends[0]);
  write_.reset(ends[1]);
}

std::string report_pipe::read_all() {
  close_child_end();
  std::string all;
  char buffer[4096];
  for (;;) {
    pollfd readable{read_.get(), POLLIN, 0};
    if (::poll(&readable, 1, 10000) != 1) return all + "(no end of the report within 10 s)";
    const ssize_t n = ::read(read_.get(), buffer, sizeof buffer);
    if (n <= 0) return all;
    all.append(buffer, static_cast<std::size_t>(n));
  }
}

std::string report_pipe::read_line() {
  std::string line;
  for (char c = 0;;) {
    pollfd readable{read_.get(), POLLIN, 0};
    if (::poll(&readable, 1, 10000) != 1) return line + "(no line within 10 s)";
    if (::read(read_.get(), &c, 1) != 1) return line + "(end)";
    if (c == '\n') return line;
    line += c;
  }
}

std::vector<int> descriptor_numbers() {
  std::istringstream lines(open_descriptors());
  std::vector<int> numbers;
  for (std::string line; std::getline(lines, line);) numbers.push_back(std::stoi(line));
  return numbers;
}

void backend_test::use(const std::string& key) { key_ = key; }

void backend_test::SetUp() {
  before_ = descriptor_numbers();
  ASSERT_TRUE(no_children()) << "an earlier test left a child";
  backend_ = make_backend(key_);
  prepare(*backend_);
}

void backend_test::TearDown() {
  if (!backend_) return;  // SetUp has failed
  backend_->shutdown();
  EXPECT_TRUE(backend_->helper_pids().empty());
  backend_.reset();
  EXPECT_TRUE(no_children()) << "a child or zombie is left";
  EXPECT_EQ(descriptor_numbers(), before_) << "descriptors are left open";
}

tractor::spawn_request backend_test::request(const std::string& life, const report_pipe* to) {
  tractor::spawn_request request;
  request.title = "_subactor[tester@0123abcd]";
  request.env.emplace_back("TRACTOR_TEST_DO", life);
  if (to) request.fds.emplace_back(to->child_end(), report_fd);
  return request;
}

std::string backend_test::report_of(const tractor::spawn_request& request, report_pipe& from) {
  return tractor::run_loop([&]() -> tractor::task<std::string> {
    auto child = co_await backend_->spawn(request);
    std::string report = from.read_all();
    const tractor::exit_status status = co_await child->wait();
    EXPECT_TRUE(status.success()) << status.text() << "\n" << report;
    co_return report;
  });
}

tractor::exit_status backend_test::outcome_of(const std::string& life) {
  return tractor::run_loop([&]() -> tractor::task<tractor::exit_status> {
    const tractor::spawn_request wanted = request(life);
    auto child = co_await backend_->spawn(wanted);
    co_return co_await child->wait();
  });
}

}  // namespace backend_tests
