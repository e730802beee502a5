#include "child.hpp"

#include <dirent.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "state.hpp"
#include "support.hpp"

namespace backend_tests {
namespace {

void say(const std::string& text) {
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(report_fd, text.data() + done, text.size() - done);
    if (n <= 0) return;
    done += static_cast<std::size_t>(n);
  }
}

int say_state() {
  say(process_state());
  return 0;
}

int say_descriptors() {
  say(open_descriptors());
  return 0;
}

int sleep_until_killed() {
  say("up\n");
  for (;;) ::pause();
}

int sleep_through_sigint() {
  ::signal(SIGINT, SIG_IGN);
  return sleep_until_killed();
}

// What a child made by a raw clone could get wrong: threads, locks that know their owner, throwing, the heap.
int use_the_runtime() {
  std::recursive_mutex lock;
  int sum = 0;
  std::thread([&] {
    std::lock_guard<std::recursive_mutex> one(lock), two(lock);
    sum += static_cast<int>(std::string(100000, 'x').size());
  }).join();
  try {
    std::lock_guard<std::recursive_mutex> one(lock);
    throw std::runtime_error("thrown");
  } catch (const std::exception& error) {
    sum += static_cast<int>(std::strlen(error.what()));
  }
  say(std::to_string(sum) + " " + (::gettid() == ::getpid() ? "main" : "other") + "\n");
  return 0;
}

int print_and_return() {
  std::printf("from printf\n");
  std::cout << "from cout\n";
  return 0;
}

// An actor of its own: prepares, starts a child and tells about all three.
int start_a_grandchild() {
  auto backend = make_backend(std::getenv("TRACTOR_TEST_BACKEND"));
  try {
    tractor::run_loop([&]() -> tractor::task<> { co_await tractor::checkpoint(); });
    prepare(*backend);
    tractor::run_loop([&]() -> tractor::task<> {
      tractor::spawn_request request;
      request.title = "_subactor[grandchild@00000000]";
      request.env.emplace_back("TRACTOR_TEST_DO", "parent");
      request.fds.emplace_back(report_fd, report_fd);
      auto child = co_await backend->spawn(request);
      const tractor::exit_status status = co_await child->wait();
      say("grandchild " + std::to_string(child->pid()) + " " + status.text() + "\n");
    });
  } catch (const std::exception& error) {
    say(std::string("failed: ") + error.what() + "\n");
    return 1;
  }
  for (const int helper : backend->helper_pids()) say("helper " + title_of(helper) + "\n");
  backend->shutdown();
  say("self " + std::to_string(::getpid()) + " " + (no_children() ? "alone" : "not alone") + "\n");
  return 0;
}

// Starts a sleeping child and stays, so that the test can kill this one and orphan the other.
int start_a_sleeper() {
  auto backend = make_backend(std::getenv("TRACTOR_TEST_BACKEND"));
  prepare(*backend);
  std::unique_ptr<tractor::child_process> child;
  tractor::run_loop([&]() -> tractor::task<> {
    tractor::spawn_request request;
    request.title = std::getenv("TRACTOR_TEST_TITLE");
    request.env.emplace_back("TRACTOR_TEST_DO", std::getenv("TRACTOR_TEST_ORPHAN_DO"));
    request.fds.emplace_back(report_fd, report_fd);
    child = co_await backend->spawn(request);
  });
  std::string helpers;
  for (const int helper : backend->helper_pids()) helpers += " " + std::to_string(helper);
  say("child " + std::to_string(child->pid()) + helpers + "\n");
  for (;;) ::pause();
}

}  // namespace

int child_main() {
  const char* text = std::getenv("TRACTOR_TEST_DO");
  const std::string what = text ? text : "";
  if (what.rfind("exit ", 0) == 0) return std::atoi(what.c_str() + 5);
  if (what.rfind("raise ", 0) == 0) return ::raise(std::atoi(what.c_str() + 6));
  if (what == "parent") {
    say("parent " + std::to_string(::getppid()) + "\n");
    return 0;
  }
  const std::map<std::string, std::function<int()>> lives = {
      {"state", say_state},
      {"descriptors", say_descriptors},
      {"sleep", sleep_until_killed},
      {"stubborn", sleep_through_sigint},
      {"runtime", use_the_runtime},
      {"print", print_and_return},
      {"grandchild", start_a_grandchild},
      {"sleeper", start_a_sleeper},
      {"abort", []() -> int { std::abort(); }},
      {"terminate", []() -> int { throw std::runtime_error("nobody catches this"); }},
  };
  const auto life = lives.find(what);
  if (life == lives.end()) return 99;
  return life->second();
}

}  // namespace backend_tests
