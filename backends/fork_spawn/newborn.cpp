#include "newborn.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <iostream>

#include "tractor/plugin/proctitle.hpp"
#include "tractor/plugin/spawn_tools.hpp"

namespace tractor::fork_spawn_detail {
namespace {

// Most are those that the zygote has: it is cheaper to look than to set.
bool set_limit(const request_data& request, std::size_t which) {
  const rlimit& wanted = request.head.limits[which];
  rlimit now{};
  ::getrlimit(static_cast<__rlimit_resource_t>(which), &now);
  if (now.rlim_cur == wanted.rlim_cur && now.rlim_max == wanted.rlim_max) return true;
  return ::setrlimit(static_cast<__rlimit_resource_t>(which), &wanted) == 0;
}

bool take(const descriptor_step& step) {
  switch (step.what) {
    case descriptor_step::action::copy:
      if (step.from == step.to) return ::fcntl(step.from, F_SETFD, 0) == 0;
      return ::dup2(step.from, step.to) >= 0;
    case descriptor_step::action::close:
      ::close(step.from);
      return true;
    case descriptor_step::action::close_from:
      return ::close_range(static_cast<unsigned>(step.from), ~0U, 0) == 0;
  }
  return false;
}

// Puts the descriptors at their numbers and closes all others; `answer` ends at a number nobody asked for.
bool lay_out(const request_data& request, const std::vector<int>& received, int& answer) {
  std::vector<std::pair<int, int>> fds;
  for (std::size_t i = 0; i < request.numbers.size(); ++i) fds.emplace_back(received[i], request.numbers[i]);
  const auto asked_for = [&](int number) {
    return std::find(request.numbers.begin(), request.numbers.end(), number) != request.numbers.end();
  };
  int aside = 3;
  while (asked_for(aside)) ++aside;
  fds.emplace_back(answer, aside);
  for (const descriptor_step& step : plan_descriptors(fds)) {
    // While they move, the answer's socket is at its old number or in the block; `aside` holds it at the end.
    if (!take(step)) return false;
    if (step.what == descriptor_step::action::copy && step.from == answer) answer = step.to;
  }
  for (int stream = 0; stream <= 2; ++stream)
    if (!asked_for(stream)) ::close(stream);
  return true;
}

// What must come before the descriptors move: it needs the directory, which is not one of the child's.
birth_step inherit_before(const request_data& request, int directory) {
  // This one first: numbers in the child may need a higher limit than the zygote was born with.
  if (!set_limit(request, RLIMIT_NOFILE)) return birth_step::limits;
  if (::fchdir(directory) != 0) return birth_step::directory;
  return birth_step::none;
}

birth_step inherit_after(const request_data& request) {
  if (::getpgrp() != request.head.group && ::setpgid(0, request.head.group) != 0) return birth_step::group;
  ::umask(request.head.mode_mask);
  if (::syscall(SYS_sched_setaffinity, 0, request.affinity.size(), request.affinity.data()) != 0)
    return birth_step::affinity;
  auto* const variables = new std::vector<char*>;  // the environment of a whole life
  for (std::size_t at = 0; at < request.environment.size();
       at += std::char_traits<char>::length(&request.environment[at]) + 1)
    variables->push_back(const_cast<char*>(&request.environment[at]));
  variables->push_back(nullptr);
  environ = variables->data();
  detail::set_process_title(request.title);
  if (request.head.ignore_sigpipe) ::signal(SIGPIPE, SIG_IGN);
  for (std::size_t which = 0; which < request.head.limits.size(); ++which)
    if (!set_limit(request, which)) return birth_step::limits;
  return birth_step::none;
}

void tell(int answer, birth_step failed, int error) noexcept {
  reply out;
  out.from = reply::sender::child;
  out.failed = failed;
  out.pid = ::getpid();
  out.error = error;
  send_message(answer, &out, sizeof out, {}, {});
}

bool copied = false;

}  // namespace

bool is_copy() noexcept { return copied; }

void live(const request_data& request, int answer, int directory, const std::vector<int>& received,
          int (*child_main)()) noexcept {
  copied = true;
  birth_step failed = inherit_before(request, directory);
  if (failed == birth_step::none && !lay_out(request, received, answer)) failed = birth_step::descriptors;
  if (failed == birth_step::none) failed = inherit_after(request);
  if (failed != birth_step::none) {
    tell(answer, failed, errno);
    ::_exit(127);
  }
  // Last, as a pending signal may end the process here.
  ::pthread_sigmask(SIG_SETMASK, &request.head.signal_mask, nullptr);
  tell(answer, birth_step::none, 0);
  ::close(answer);
  const int code = child_main();
  // As exit() would: what was printed must not be lost. Destructors of static objects are not run, they
  // belong to the life that the zygote was copied from.
  std::cout.flush();
  std::fflush(nullptr);
  ::_exit(code);
}

}  // namespace tractor::fork_spawn_detail
