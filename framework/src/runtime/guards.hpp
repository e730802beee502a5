// What keeps a process of a tree from outliving it.
#pragma once

#include <csignal>
#include <string>
#include <vector>

#include "tractor/async/task.hpp"

namespace tractor::detail {

/// What `guard_signals` has found.
struct signals_before {
  sigset_t mask{};
  struct sigaction of_children {};
};

/// Blocks SIGUSR1 in this process and so in what it spawns: it must never end a process of a tree. A watcher
/// in the loop reads it where it is wanted. Ignores SIGPIPE. Does not ignore SIGCHLD, whatever the starter of
/// this process did: the ends of children are to be known.
signals_before guard_signals();

/// Puts back the mask and an ignored SIGCHLD, in a program that goes on after its tree. A SIGUSR1 that waits
/// is dropped: it was for the tree.
void unguard_signals(const signals_before& before);

/// Ignores SIGUSR1 from now on, unless the program has a handler of its own: before, between and after its
/// trees nobody reads it, and it must end nothing there either.
void outlive_dump_signals();

/// The signals that ask this process to end: SIGINT, SIGTERM, and SIGHUP unless its starter had that ignored,
/// as `nohup` does.
std::vector<int> interrupting_signals();

/// Lets SIGINT, SIGTERM and SIGHUP reach this thread while it lives, even if the starter of this process has
/// blocked them.
class interrupts_let_in {
 public:
  interrupts_let_in() noexcept;
  interrupts_let_in(const interrupts_let_in&) = delete;
  interrupts_let_in& operator=(const interrupts_let_in&) = delete;
  ~interrupts_let_in();

 private:
  sigset_t blocked_before_;
};

/// Sets the child's guards: when `parent_pid` dies this process has one second for an orderly end, then it is
/// ended by the kernel. Ends at once if the parent is gone already.
void guard_against_orphaning(int parent_pid);

/// Makes orphaned descendants children of this process, so that it can reap them.
void become_subreaper();

/// Ends and reaps the actors that were left to this process by a child that died, and theirs.
/// Blocking-free; bounded. A checkpoint.
task<> sweep_orphans();

/// Removes what a parent that was killed had bound, by its pid and the address it was reached at: a
/// registrar's socket is named after no process. Each of its children tries; whoever is first does it.
void remove_leftovers_of_parent(int pid, const std::string& where,
                                const std::vector<std::string>& transports);

/// Removes what any dead process of this user left on these transports, and dead segments: those of a tree
/// that was killed all at once, too, of which nobody is left to do so.
void remove_leftovers_of_the_dead(const std::vector<std::string>& transports);

}  // namespace tractor::detail
