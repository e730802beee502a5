// A program under test: its first word says what it does, the rest are the runtime's flags.
#include <signal.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>
#include <thread>
#include <tractor/tractor.hpp>
#include <vector>

#include "crew.hpp"
#include "dialogs.hpp"
#include "endpoints.hpp"

using namespace tractor;

namespace process_program {

// Two children at each level; the last ones say that they are there. Lives until it is ended.
task<> grow(std::string path, int levels) {
  if (levels == 0) {
    say("leaf " + path + " is up");
    co_await sleep_forever();
  }
  const std::vector<std::string> sides = {"a", "b"};
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    for (const std::string& side : sides)
      co_await an.run_in_actor<&grow>(path + side, path + side, levels - 1);
  });
}

task<> tree() { co_await grow("t", 2); }

// The children of this process that are actors, zombies included.
int actors_left() {
  int count = 0;
  for (const auto& process : std::filesystem::directory_iterator("/proc")) {
    std::ifstream in(process.path() / "status");
    std::string name, parent;
    for (std::string line; std::getline(in, line) && parent.empty();) {
      if (line.starts_with("Name:")) name = line.substr(6);
      if (line.starts_with("PPid:")) parent = line.substr(6);
    }
    if (parent == std::to_string(::getpid()) && name.starts_with("_subactor")) ++count;
  }
  return count;
}

// A child that dies when it has one of its own, which comes to the root.
task<> leave_an_orphan() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    co_await an.start_actor("orphan", expose<&hello>());
    ::kill(::getpid(), SIGKILL);
  });
}
task<> adopts() {
  auto end = co_await capture(open_nursery(
      [](actor_nursery& an) -> task<> { co_await an.run_in_actor<&leave_an_orphan>("parent"); }));
  say(end.failed() ? "lost its parent" : "lost nobody");
  say("actors left: " + std::to_string(actors_left()));
}
int in_thread(int argc, char** argv) {
  int code = 1;
  std::thread([&] { code = run(argc, argv, run_options(), &adopts); }).join();
  return code;
}

task<> once();

// Trees one after the other, with a pause before each.
int trees_in_a_row(int argc, char** argv) {
  say("the first tree is to come");
  int code = 0;
  for (int i = 0; i < 3 && code == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    code = run(argc, argv, run_options(), &once);
  }
  return code;
}

// Workers that die again and again, each crew under a supervisor of its own, until somebody ends it all.
task<> mortal() {
  say("a worker is up");
  co_await sleep(std::chrono::milliseconds(5));
  ::kill(::getpid(), SIGKILL);
}
supervisor_options tireless() {
  using namespace std::chrono_literals;
  return one_for_one().intensity(1'000'000, 1s).backoff(restart_backoff(1ms, 10ms));
}
task<> crew() {
  co_await open_supervisor(tireless(), [](supervisor& sv) -> task<> {
    for (int i = 0; i < 2; ++i) co_await sv.run_in_actor<&mortal>("mortal");
  });
}
task<> supervised() {
  co_await open_supervisor(tireless(), [](supervisor& sv) -> task<> {
    for (int i = 0; i < 2; ++i) co_await sv.run_in_actor<&crew>("crew");
    say("all crews are up");
  });
}

// Does not let itself be cancelled.
task<> stubborn() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    co_await an.start_actor("child", expose<&hello>());
    co_await shielded([]() -> task<> {
      say("ready");
      co_await sleep_forever();
    });
  });
}

// Two actors below each other; the root's child does not let its loop run until it is told to end.
task<> below_blocked() {
  say("below is up");
  co_await sleep_forever();
}
task<> block() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    co_await an.run_in_actor<&below_blocked>("below");
    co_await sleep(std::chrono::milliseconds(200));  // the one below is to be there
    say("blocked");
    for (volatile bool forever = true; forever;) {
    }
  });
}
task<> blocked() {
  co_await open_nursery([](actor_nursery& an) -> task<> { co_await an.run_in_actor<&block>("blocked"); });
}

// Says which segment it made, and keeps it beyond any scope.
task<> keep_segment() {
  static auto* const kept = new shm_array<int>(open_shm_array<int>(1000));
  say("segment " + kept->token().key);
  co_await sleep_forever();
}

// Segments of a root, and of actors one and two levels below it.
task<> share(int levels) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    if (levels > 0) co_await an.run_in_actor<&share>("level" + std::to_string(levels), levels - 1);
    co_await keep_segment();
  });
}
task<> shared_tree() { co_await share(2); }

task<> once() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&hello>());
    auto text = co_await kid.run<&hello>("root");
    say(text);
    co_await kid.cancel_actor();
  });
}

task<> count_up(send_stream<int>& out, int most) {
  for (int i = 0; i < most; ++i) co_await out.send(i);
}
task<int> doubled(int what) { co_return 2 * what; }
task<int> doubled_below(int what) {
  int out = 0;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("below", expose<&doubled>());
    out = co_await kid.run<&doubled>(what);
    co_await kid.cancel_actor();
  });
  co_return out;
}

// A call, a stream and a tree: what any transport must carry.
task<> busy() {
  int items = 0, result = 0;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal kid = co_await an.start_actor("busy", expose<&count_up, &doubled_below>());
    co_await kid.stream_from<&count_up>(2000, [&](receive_stream<int>& in) -> task<> {
      while (auto item = co_await in.next())
        if (*item == items) ++items;
    });
    result = co_await kid.run<&doubled_below>(21);
    co_await kid.cancel_actor();
  });
  say("in order: " + std::to_string(items) + ", doubled: " + std::to_string(result));
}

// Calls a child until its connection fails, and says why.
task<> loses_a_child() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal lost = co_await an.start_actor("lost", expose<&hello>());
    std::string why = "nothing";
    try {
      for (int i = 0; i < 100; ++i) co_await lost.run<&hello>("root");
    } catch (const std::exception& error) {
      why = error.what();
    }
    say("ended by: " + why);
    an.cancel();
  });
}

// A second child is lost, with its nursery if that has to be; the first one lives on.
task<> survives() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    portal other = co_await an.start_actor("other", expose<&hello>());
    auto end = co_await capture(loses_a_child());
    if (end.failed()) say("its nursery: " + describe(end.error()));
    auto text = co_await other.run<&hello>("root");
    say(text);
    co_await other.cancel_actor();
  });
}

// Fails two levels below its root, in words that a terminal would obey.
task<> fails_below(int levels) {
  if (levels == 0)
    throw std::runtime_error(
        "there is \x1b[2J no brie, and no cheddar either, nor anything else that goes with bread\nno bread");
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    co_await an.run_in_actor<&fails_below>("level" + std::to_string(levels), levels - 1);
  });
}
task<> fails() { co_await fails_below(2); }

// caller FUNCTION [NAME=NUMBER]...
task<int> caller(arguments words) {
  std::map<std::string, int> numbers;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string word = words[i];
    const std::size_t equals = word.find('=');
    numbers[word.substr(0, equals)] = std::stoi(word.substr(equals + 1));
  }
  const std::string function = words.size() > 1 ? words[1] : "";
  say(co_await call_worker(function, numbers));
  co_return 0;
}

// Says how it stands with its registrar, and lives until it is ended.
task<> member() {
  std::string standing = current_actor().is_registrar() ? "registrar" : "joined";
  try {
    co_await wait_registered();
  } catch (const name_taken_error& error) {
    standing = error.what();
  }
  say(standing);
  co_await sleep_forever();
}

// What a child finds by what its parent gave it.
task<std::string> findings() {
  portal above = get_parent();
  portal root = co_await get_root();
  portal found = co_await fail_after(std::chrono::seconds(5), wait_for_actor("second"));
  co_return "parent " + above.peer().name() + ", root " + root.peer().name() + ", found " +
      found.peer().name();
}

task<> child_finds() {
  co_await open_nursery([](actor_nursery& an) -> task<> {
    auto kid = co_await an.start_actor("kid", expose<&findings>());
    auto text = co_await kid.run<&findings>();
    say(text);
    co_await kid.cancel_actor();
  });
}

task<> rolls_back() {
  say("up");
  try {
    co_await sleep_forever();
  } catch (const cancelled&) {
  }
  throw std::runtime_error("rollback failed");
}

// Says where it listens.
task<> bound() {
  std::string all;
  for (const address& where : current_actor().addresses()) all += (all.empty() ? "" : " ") + where.text();
  say(all);
  co_return;
}

// The name of a member: what follows the colon.
std::string name_in(std::string_view mode) { return std::string(mode.substr(mode.find(':') + 1)); }

// As a program does that asks too late, or never, whether it is a child.
int boot_unready() {
  try {
    run_tree(run_options(), []() -> task<> { co_return; });
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 3;
  }
  return 0;
}

int declare_twins() {
  detail::endpoint what;
  what.ns = "zoo";
  what.name = "panda";
  what.signature = "()->int";
  static const int left = 0, right = 0;
  detail::register_endpoint(what, &left);
  detail::register_endpoint(what, &right);
  return 0;
}

}  // namespace process_program

int main(int argc, char** argv) {
  using namespace process_program;
  if (argc > 1 && std::string_view(argv[1]) == "unready") return boot_unready();
  run_if_child(argc, argv);
  const std::string_view mode = argc > 1 ? argv[1] : "";
  --argc;
  ++argv;
  run_options options;
  if (mode == "tree") return run(argc, argv, options, &tree);
  if (mode == "supervised") return run(argc, argv, options, &supervised);
  if (mode == "stubborn") return run(argc, argv, options, &stubborn);
  if (mode == "blocked") return run(argc, argv, options, &blocked);
  if (mode == "in_thread") return in_thread(argc, argv);
  if (mode == "in_a_row") return trees_in_a_row(argc, argv);
  if (mode == "shm") return run(argc, argv, options, &shared_tree);
  if (mode == "shm_alone") return run(argc, argv, options, &keep_segment);
  if (mode == "once") return run(argc, argv, options.name("second"), &once);
  if (mode == "busy") return run(argc, argv, options, &busy);
  if (mode == "survives") return run(argc, argv, options, &survives);
  if (mode == "ensure") return run(argc, argv, options.ensure_registry(), &once);
  if (mode == "daemon") return run_daemon(argc, argv, options.name("daemon").expose<&hello>());
  if (mode == "worker") return run_daemon(argc, argv, recorded_worker());
  if (mode == "bare_worker") return run_daemon(argc, argv, options.name("worker").allow_keyless_peers());
  if (mode == "caller") return run(argc, argv, options.allow_keyless_peers(), &caller);
  if (mode == "child_finds") return run(argc, argv, options.name("second"), &child_finds);
  if (mode == "bound") {
    std::istringstream words(::getenv("BIND_ADDRS") ? ::getenv("BIND_ADDRS") : "");
    for (std::string where; words >> where;) options.bind_addrs(where);
    return run(argc, argv, options.name("bound"), &bound);
  }
  if (mode == "rolls_back") return run(argc, argv, options, &rolls_back);
  if (mode == "fails") return run(argc, argv, options, &fails);
  if (mode == "idle_crew") return run(argc, argv, options.name("crew"), &idle_crew);
  if (mode == "streaming_crew") return run(argc, argv, options.name("crew"), &streaming_crew);
  if (mode == "twins") return declare_twins();
  if (mode.starts_with("member:"))
    return run(argc, argv, options.name(name_in(mode)).expose<&hello, &uuid_of, &greeting_of>(), &member);
  std::fprintf(stderr,
               "usage: %s "
               "tree|supervised|stubborn|blocked|in_thread|in_a_row|shm|shm_alone|once|busy|survives|ensure|"
               "daemon|worker|"
               "bare_worker|caller|twins|child_finds|fails|idle_crew|streaming_crew|"
               "bound|member:NAME [flags of the runtime]\n",
               argv[0]);
  return 64;
}
