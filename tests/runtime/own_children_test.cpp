// Which processes are children of this one.
#include "runtime/own_children.hpp"

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <future>
#include <thread>

namespace own_children_test {

using namespace tractor::detail;
using testing::Contains;
using testing::Not;

namespace {

/// A child that another thread has made, which lives as long as this.
class child_of_a_thread {
 public:
  child_of_a_thread() {
    std::promise<int> born;
    thread_ = std::thread([&born, this] {
      const int pid = ::fork();
      if (pid == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) ::pause();
      }
      born.set_value(pid);
      end_.get_future().wait();
    });
    pid_ = born.get_future().get();
  }
  child_of_a_thread(const child_of_a_thread&) = delete;
  child_of_a_thread& operator=(const child_of_a_thread&) = delete;
  ~child_of_a_thread() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    end_.set_value();
    thread_.join();
  }

  int pid() const { return pid_; }
  void become_a_zombie() const {
    ::kill(pid_, SIGKILL);
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT);
  }

 private:
  std::promise<void> end_;
  std::thread thread_;
  int pid_ = 0;
};

}  // namespace

TEST(own_children, are_those_of_every_thread_with_zombies) {
  const child_of_a_thread other;
  EXPECT_THAT(children_of_self(), Contains(other.pid()));
  other.become_a_zombie();
  EXPECT_THAT(children_of_self(), Contains(other.pid()));
}

TEST(own_children, are_known_by_their_parent_where_the_kernel_keeps_no_lists) {
  std::vector<int> none;
  EXPECT_FALSE(read_child_lists("/proc/self/no_such_folder", none));
  const child_of_a_thread other;
  EXPECT_THAT(children_by_parent(), Contains(other.pid()));
  EXPECT_THAT(children_by_parent(), Not(Contains(::getpid())));
  other.become_a_zombie();
  EXPECT_THAT(children_by_parent(), Contains(other.pid()));
}

}  // namespace own_children_test
