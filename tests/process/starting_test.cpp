// What a program is started with: streams that are closed or that nobody reads, signals that are blocked or
// ignored, a working directory that is gone.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <tractor/plugin/registry.hpp>
#include <tractor/plugin/transport.hpp>

#include "../harness/own_folder.hpp"
#include "program.hpp"

namespace starting_test {

using namespace tractor::harness;
using namespace process_tests;
using namespace std::chrono_literals;
using testing::HasSubstr;

// The program, started by a shell that has done something before.
command after(const std::string& script, const command& what) {
  command line("/bin/sh");
  line.arg("-c", script + "\nexec \"$@\"", "sh");
  for (const std::string& word : what.words()) line.arg(word);
  return line;
}

// The program, started by env with these flags.
command with(const std::string& flags, const command& what) {
  command line("env");
  line.arg(flags);
  for (const std::string& word : what.words()) line.arg(word);
  return line;
}

void ends_with(subprocess& run, int code, const std::vector<pid_t>& below) {
  const auto status = run.wait(roomy(10s));
  ASSERT_TRUE(status.has_value()) << "it does not end\n" << run.err();
  EXPECT_EQ(status->code(), code) << status->text() << "\n" << run.err();
  EXPECT_TRUE(all_gone(below, roomy(5s)));
}

void await_leaves(subprocess& run) {
  for (const std::string leaf : {"taa", "tab", "tba", "tbb"})
    ASSERT_TRUE(run.wait_for_output("leaf " + leaf + " is up", roomy(20s))) << run.err();
}

bool eventually(const std::function<bool()>& it_is_so, subprocess& run) {
  const auto until = std::chrono::steady_clock::now() + roomy(20s);
  while (!it_is_so()) {
    if (std::chrono::steady_clock::now() > until || run.wait(2ms)) return false;
  }
  return true;
}

/// A pipe with a name, full and never read.
class full_pipe {
 public:
  full_pipe() {
    ::mkfifo(path().c_str(), 0600);
    end_ = ::open(path().c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
    const std::string block(4096, 'x');
    while (::write(end_, block.data(), block.size()) > 0) {
    }
  }
  full_pipe(const full_pipe&) = delete;
  full_pipe& operator=(const full_pipe&) = delete;
  ~full_pipe() { ::close(end_); }
  std::string path() const { return folder_.path + "/pipe"; }

 private:
  tractor::harness::test::own_folder folder_;
  int end_ = -1;
};

TRACTOR_CELL_TEST(starting, with_a_stderr_that_is_full_and_not_read_holds_up_no_actor_and_no_end,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  const full_pipe nobody_reads;
  command loud = program("tree", method, proto, addr);
  loud.arg("--ll", "transport");
  subprocess run(after("exec 2>'" + nobody_reads.path() + "'", loud));
  await_leaves(run);
  const auto below = run.descendants();
  run.signal(SIGINT);
  ends_with(run, 130, below);
}

TRACTOR_CELL_TEST(starting, with_a_stderr_that_is_full_and_not_read_a_dump_holds_up_nobody,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  const full_pipe nobody_reads;
  subprocess run(after("exec 2>'" + nobody_reads.path() + "'", program("tree", method, proto, addr)));
  await_leaves(run);
  const auto below = run.descendants();
  run.signal_tree(SIGUSR1);
  run.signal(SIGINT);
  ends_with(run, 130, below);
}

TRACTOR_CELL_TEST(starting, with_all_signals_blocked_interrupts_reach_the_root_and_a_leaf,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  for (const int signo : {SIGINT, SIGTERM}) {
    subprocess run(with("--block-signal", program("tree", method, proto, addr)));
    await_leaves(run);
    const auto below = run.descendants();
    run.signal(signo);
    ends_with(run, 128 + signo, below);
  }
}

TRACTOR_CELL_TEST(starting, with_all_signals_blocked_the_sigkill_of_the_root_ends_a_busy_child,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  {
    subprocess run(with("--block-signal", program("blocked", method, proto, addr)));
    ASSERT_TRUE(run.wait_for_output("blocked", roomy(20s))) << run.err();
    const auto below = run.descendants();
    ::kill(run.pid(), SIGKILL);
    run.wait(5s);
    EXPECT_TRUE(all_gone(below, roomy(5s)));
  }
  // What the dead had on disk is for the next boot.
  subprocess next(program("once", method, proto, addr));
  ends_with(next, 0, {});
}

TRACTOR_CELL_TEST(starting, with_sigchld_ignored_the_ends_of_children_are_known,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(with("--ignore-signal=CHLD", program("once", method, proto, addr)));
  ends_with(run, 0, {});
  EXPECT_THAT(run.out(), HasSubstr("hello"));
}

TRACTOR_CELL_TEST(starting, with_a_low_limit_of_open_files_children_start_all_the_same,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(after("ulimit -n 64", program("tree", method, proto, addr)));
  await_leaves(run);
  const auto below = run.descendants();
  run.signal(SIGINT);
  ends_with(run, 130, below);
}

// Once, by the root, and with what to do; where the kernel vouches for the peers nobody asks.
TRACTOR_CELL_TEST(starting, with_a_key_file_that_is_of_no_use_ends_in_one_line_where_a_key_is_needed,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp)) {
  const std::string open_to_all = tmp / "open_key";
  std::ofstream(open_to_all) << std::string(32, 'k');
  std::filesystem::permissions(open_to_all, std::filesystem::perms(0644));
  const bool asked_for = !tractor::plugin::registry::instance().transport(proto.key()).vouches_for_peers();
  const std::pair<std::string, std::string> ways[] = {
      {open_to_all, "the key file " + open_to_all + " can be read by others: chmod 600 it"},
      {"a_key", "TRACTOR_KEY_FILE: expected a whole path, from /, found 'a_key'"}};
  for (const auto& [file, said] : ways) {
    subprocess run(program("once", method, proto, addr).env("TRACTOR_KEY_FILE", file));
    ends_with(run, asked_for ? 2 : 0, {});
    if (!asked_for) continue;
    EXPECT_THAT(run.err(), testing::StartsWith("tractor: " + said));
    EXPECT_EQ(std::ranges::count(run.err(), '\n'), 1) << run.err();
  }
}

TRACTOR_CELL_TEST(starting, with_a_registry_address_of_no_transport_names_who_said_it,
                  (start_method method, tpt_proto proto, reg_addr addr, tmp_dir& tmp)) {
  subprocess flag(program("once", method, proto, "nowhere"));
  ends_with(flag, 2, {});
  EXPECT_THAT(flag.err(), HasSubstr("--registry-addr: 'nowhere'"));
  subprocess variable(program("once", method, proto, addr).env("TRACTOR_REGISTRY_ADDRS", "\033[31mred"));
  ends_with(variable, 2, {});
  EXPECT_THAT(variable.err(), HasSubstr("tractor: TRACTOR_REGISTRY_ADDRS: '"));
  EXPECT_THAT(variable.err(), testing::Not(HasSubstr("\033")));
  const std::string file = tmp / "tractor.yaml";
  std::ofstream(file) << "loglevel: error\nregistry_addrs: [nowhere]\n";
  command line(program("once", method, proto, addr).words().front());
  line.arg("once", "--spawn-backend", method.key(), "--tpt-proto", proto.key()).arg("--config", file);
  subprocess config(line);
  ends_with(config, 2, {});
  EXPECT_THAT(config.err(), HasSubstr("tractor: " + file + ":2:1: registry_addrs: 'nowhere'"));
}

TRACTOR_CELL_TEST(starting, in_a_working_directory_that_is_gone_is_as_anywhere,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  const std::string script = "gone=$(mktemp -d) && cd \"$gone\" && rmdir \"$gone\"";
  subprocess run(after(script, program("once", method, proto, addr)));
  ends_with(run, 0, {});
  EXPECT_THAT(run.out(), HasSubstr("hello"));
}

std::string title_of(pid_t pid) {
  std::ifstream in("/proc/" + std::to_string(pid) + "/cmdline");
  std::string title;
  std::getline(in, title, '\0');
  return title;
}

// The last of those below a running program whose title begins so; 0 if there is none.
pid_t titled(const std::string& title, const subprocess& run) {
  pid_t found = 0;
  for (const pid_t pid : run.descendants())
    if (title_of(pid).starts_with(title)) found = pid;
  return found;
}

// A starter that lives on in the tree's group: else the kernel itself would wake stopped members of the
// group.
TRACTOR_CELL_TEST(starting, from_a_script_stopped_actors_do_not_survive_the_sigkill_of_the_root,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  {
    const command tree = program("tree", method, proto, addr);
    command script("/bin/sh");
    script.arg("-c", "\"$@\"; exec sleep 600", "sh");
    for (const std::string& word : tree.words()) script.arg(word);
    subprocess run(script);
    await_leaves(run);
    const pid_t root = titled(tree.words().front(), run);
    ASSERT_GT(root, 0);
    std::vector<pid_t> below;
    for (const pid_t pid : run.descendants())
      if (pid != root) below.push_back(pid);
    for (const std::string actor : {"ta", "tbb"}) ::kill(titled("_subactor[" + actor + "@", run), SIGSTOP);
    ::kill(root, SIGKILL);
    EXPECT_TRUE(all_gone(below, roomy(10s)));
  }
  // What the dead had on disk is for the next boot.
  subprocess next(program("once", method, proto, addr));
  ends_with(next, 0, {});
}

std::string stream_of(pid_t pid, int number) {
  std::error_code gone;
  return std::filesystem::read_symlink("/proc/" + std::to_string(pid) + "/fd/" + std::to_string(number), gone)
      .string();
}

bool has_null_streams(pid_t pid) {
  return stream_of(pid, 0) == "/dev/null" && stream_of(pid, 1) == "/dev/null" &&
         stream_of(pid, 2) == "/dev/null";
}

TRACTOR_CELL_TEST(starting, without_standard_streams_gives_each_actor_null_ones,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(after("exec <&- >&- 2>&-", program("tree", method, proto, addr)));
  // Up, and through its boot, in which stderr is a file.
  const auto is_up = [&](const std::string& actor) {
    return std::ranges::any_of(run.descendants(), [&](pid_t pid) {
      return title_of(pid).starts_with("_subactor[" + actor + "@") && has_null_streams(pid);
    });
  };
  for (const std::string actor : {"ta", "tb", "taa", "tab", "tba", "tbb"})
    EXPECT_TRUE(eventually([&] { return is_up(actor); }, run)) << actor;
  EXPECT_TRUE(has_null_streams(run.pid()));
  const auto below = run.descendants();
  run.signal(SIGINT);
  ends_with(run, 130, below);
}

TRACTOR_CELL_TEST(starting, in_a_thread_of_its_own_orphans_are_found_and_reaped,
                  (start_method method, tpt_proto proto, reg_addr addr)) {
  subprocess run(program("in_thread", method, proto, addr));
  ends_with(run, 0, {});
  EXPECT_THAT(run.out(), HasSubstr("lost its parent\nactors left: 0\n"));
}

// A copy that loads one by itself does so each time; it is made before the root reaches the registrar.
TRACTOR_CELL_TEST(starting, has_every_transport_loaded_before_the_backend_makes_copies,
                  (start_method method, reg_addr addr), needs("fork")) {
  const auto& transports = current_session().transports;
  std::string keys;
  for (const std::string& key : transports) keys += (keys.empty() ? "" : ",") + key;
  subprocess run(program("tree", method, keys, addr));
  ASSERT_TRUE(run.wait_for_output("leaf", 30s)) << run.err();
  std::size_t zygotes = 0;
  for (const pid_t pid : run.descendants()) {
    if (!title_of(pid).starts_with("_zygote[")) continue;
    ++zygotes;
    std::ostringstream maps;
    maps << std::ifstream("/proc/" + std::to_string(pid) + "/maps").rdbuf();
    for (const std::string& key : transports)
      EXPECT_THAT(maps.str(), HasSubstr("libtractor_transport_" + key + ".so")) << title_of(pid);
  }
  EXPECT_GT(zygotes, 0u);
  const auto below = run.descendants();
  run.signal(SIGINT);
  ends_with(run, 130, below);
}

}  // namespace starting_test
