#include "tractor/harness/daemon.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <span>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "daemon_role.hpp"
#include "session.hpp"
#include "tractor/harness/fixtures.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/transport.hpp"

namespace tractor::harness {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view role = "--daemon=";
constexpr const char* ready_mark = "the daemon is ready\n";

std::vector<detail::daemon_part>& parts() {
  static std::vector<detail::daemon_part> all;
  return all;
}

const detail::daemon_part* chosen = nullptr;

task<> be_daemon() {
  std::fputs(ready_mark, stdout);
  std::fflush(stdout);
  co_await chosen->body();
}

std::string last_words(subprocess& of) {
  const std::string& all = of.err();
  constexpr std::size_t most = 4000;
  return all.empty() ? "; it wrote nothing"
                     : "; the last it wrote:\n" + all.substr(all.size() - std::min(all.size(), most));
}

command line_of(const test_context& where, const std::string& key, const std::string& address) {
  command line(std::filesystem::read_symlink("/proc/self/exe"));
  return line.arg(std::string(role) + key, where.where().backend, where.where().transport, address,
                  current_session().loglevel);
}

}  // namespace

bool detail::add_daemon_part(daemon_part part) {
  parts().push_back(std::move(part));
  return true;
}

std::optional<int> detail::run_if_daemon(int argc, char** argv) {
  const std::span words(argv, static_cast<std::size_t>(argc));
  if (words.size() != 6 || !std::string_view(words[1]).starts_with(role)) return std::nullopt;
  const auto part =
      std::ranges::find(parts(), std::string_view(words[1]).substr(role.size()), &daemon_part::key);
  if (part == parts().end()) {
    std::fprintf(stderr, "this program has no such daemon: %s\n", words[1]);
    return 2;
  }
  chosen = &*part;
  part->options.name(part->name).start_method(words[2]).enable_transports(words[3]).registry_addrs(words[4]);
  if (*words[5]) part->options.loglevel(words[5]);
  return run(argc, argv, part->options.own_flags(), &be_daemon);
}

daemon::daemon(test_context& context, const std::string& key, std::string name)
    : name_(std::move(name)),
      transport_(context.where().transport),
      address_(context.get<reg_addr>().text()),
      program_(line_of(context, key, address_)) {
  if (program_.wait_for_output(ready_mark, detail::scaled(10s))) return;
  const auto ended = program_.wait(0s);
  throw std::runtime_error("the daemon '" + name_ + "' " +
                           (ended ? "ended before it was ready: " + ended->text() : "was not ready in time") +
                           last_words(program_));
}

void daemon::signal(int number) {
  left_to_the_test_ = true;
  program_.signal(number);
}

std::optional<exit_status> daemon::wait(std::chrono::nanoseconds bound) {
  left_to_the_test_ = true;
  return program_.wait(bound);
}

// One that was killed could not remove its socket file; what others leave is for the look after the test.
void daemon::sweep() {
  tractor::transport& via = plugin::registry::instance().transport(transport_);
  leftovers found = via.scan();
  std::erase_if(found, [&](const leftover& each) {
    return each.pid != program_.pid() && address_.find(each.name) == address_.npos;
  });
  if (!found.empty()) via.reap(found);
}

daemon::~daemon() {
  if (left_to_the_test_) {
    program_.kill_tree();
    sweep();
    return;
  }
  if (const auto ended = program_.wait(0s)) {
    ADD_FAILURE() << "the daemon '" << name_ << "' ended under the test: " << ended->text()
                  << last_words(program_);
    return;
  }
  program_.signal(SIGINT);
  const auto ended = program_.wait(detail::scaled(5s));
  constexpr int interrupted_code = 128 + SIGINT;
  if (!ended)
    ADD_FAILURE() << "the daemon '" << name_ << "' did not end after SIGINT" << last_words(program_);
  else if (ended->code() != interrupted_code)
    ADD_FAILURE() << "the daemon '" << name_ << "' did not end in order: " << ended->text()
                  << last_words(program_);
}

}  // namespace tractor::harness
