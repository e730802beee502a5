#include "reap_command.hpp"

#include <signal.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "number_range.hpp"
#include "reaper.hpp"
#include "runtime_flags.hpp"

namespace tractor::reap {
namespace {

struct reap_options {
  bool dry_run = false, json = false, uds = false, uds_only = false, shm = false, shm_only = false,
       shm_all = false, dumps = false, others = false;
  int parent = 0;
  double grace = 3;
};

request wanted_of(const reap_options& given) {
  request wanted;
  wanted.dry_run = given.dry_run;
  wanted.processes = !given.uds_only && !given.shm_only;
  wanted.sockets = given.uds || given.uds_only;
  wanted.segments = given.shm || given.shm_only || given.shm_all;
  wanted.foreign_segments = given.shm_all;
  wanted.dumps = given.dumps;
  wanted.others = given.others;
  wanted.parent = given.parent;
  wanted.grace = std::chrono::milliseconds(static_cast<long>(given.grace * 1000));
  return wanted;
}

// In words of our own: CLI11's would print the largest number there is.
std::string complaint_about_pid(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool good = error == std::errc() && end == text.data() + text.size() && value > 0;
  return good ? "" : "expected the number of a process, found '" + text + "'";
}

int run(const tools::runtime_flags& flags, const reap_options& given, const char* who) {
  if (given.parent > 0 && ::kill(given.parent, 0) != 0 && errno == ESRCH) {
    std::fprintf(stderr, "%s: --parent %d: there is no such process\n", who, given.parent);
    return 1;
  }
  if (given.shm_all)
    std::fprintf(stderr,
                 "%s: --shm-all: this may be what other programs keep on purpose, such as semaphores\n", who);
  flags.apply();
  const request wanted = wanted_of(given);
  const outcome done = sweep(wanted);
  std::fputs((given.json ? to_json(done) : to_text(done, wanted)).c_str(), stdout);
  for (const std::string& line : done.complaints) std::fprintf(stderr, "%s: %s\n", who, line.c_str());
  return done.clean() ? 0 : 1;
}

}  // namespace

void set_up_command(CLI::App& command, const tools::runtime_flags& flags, const char* who, int& result) {
  const auto given = std::make_shared<reap_options>();
  command.add_flag("-n,--dry-run", given->dry_run, "List only");
  command.add_flag("--shm", given->shm, "Remove the shared memory of dead actors too");
  command.add_flag("--shm-only", given->shm_only, "Remove the shared memory of dead actors only");
  command.add_flag("--shm-all", given->shm_all,
                   "Remove every file of yours in /dev/shm that no process uses, whoever made it");
  command.add_flag("--uds", given->uds,
                   "Remove the sockets of dead actors, and the folders of dead test runs, too");
  command.add_flag("--uds-only", given->uds_only, "Remove the sockets of dead actors only");
  command.add_flag("--dumps", given->dumps, "Remove the dump files of dead actors too");
  command.add_flag("--others", given->others, "Remove what plugins leave that is none of these too");
  command
      .add_option("--parent", given->parent,
                  "End the actors that are children of this process, which may live, in place of orphans")
      ->check(CLI::Validator(complaint_about_pid, "PID"));
  command
      .add_option("--grace", given->grace,
                  "Seconds that an actor has to end after SIGINT before it is killed; default 3")
      ->check(tools::number_range(0, 3600));
  command.add_flag("--json", given->json, "Write JSON");
  command.footer(
      "The flags that end with -only leave processes alone; given together, each sweeps its own.\n"
      "tractor reap and the program tractor-reap are the same.\n"
      "Exit codes: 0 nothing is left, 1 something could not be removed, an actor had to be killed, or the\n"
      "process of --parent is not there, 2 wrong usage.");
  command.final_callback([=, &flags, &result] { result = run(flags, *given, who); });
}

}  // namespace tractor::reap
