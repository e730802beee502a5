#include "crew.hpp"

#include <signal.h>

#include <iostream>

using namespace tractor;

namespace {

constexpr std::size_t most_deaths = 8;  // more is no accident

// What the actors do.
task<tally> count_words(std::string path) { co_return count_file(path); }

task<> kill_worker(portal worker, std::string file) {
  std::cout << "  kill -9 " << worker.peer().pid() << " (" << worker.peer().name() << ") while it counts "
            << file << std::endl;
  kill(worker.peer().pid(), SIGKILL);
  co_return;
}

}  // namespace

task<int> echo(int number) { co_return number; }

task<> crew::start(task_nursery& tn) {
  for (std::size_t i = 0; i < workers_.size(); ++i) tn.start_soon(&crew::keep_worker, this, i);
  co_await all_booted_.wait();
}

task<tally> crew::count(const std::vector<std::string>& files) {
  left_ = files.size();
  for (const std::string& file : files) co_await to_do_.send(file);
  if (!files.empty()) co_await all_counted_.wait();
  co_return words_;
}

// One place in the crew. Each worker has a nursery of its own, so that its death does not end the others.
task<> crew::keep_worker(std::size_t index) {
  std::optional<std::string> file;  // in hand: outlives its worker, so that the next one counts it
  for (bool at_work = true; at_work;) {
    std::exception_ptr error;
    try {
      co_await employ(index, file);
      at_work = false;
    } catch (...) {
      error = std::current_exception();
    }
    if (error) note_death(index, error, file);
  }
}

task<> crew::employ(std::size_t index, std::optional<std::string>& file) {
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    portal worker =
        co_await an.start_actor("counter-" + std::to_string(index), expose<&count_words, &echo>());
    workers_[index] = worker;
    pids_.push_back(worker.peer().pid());
    if (++booted_ == workers_.size()) all_booted_.set();

    for (;;) {
      if (!file) file = co_await to_do_.next();
      if (!file) break;
      if (handed_out_++ == kill_at_) an.tasks().start_soon(kill_worker, worker, *file);
      merge(words_, co_await worker.run<&count_words>(*file));
      file.reset();
      if (--left_ == 0) all_counted_.set();
    }
    co_await worker.cancel_actor();
  });
}

// A death shows as the process's end, as that of its connection, or as both. All else is raised again.
void crew::note_death(std::size_t index, const std::exception_ptr& error,
                      const std::optional<std::string>& file) {
  const auto say = [&](const char* type, const std::exception& what) {
    std::cout << "  " << type << ": " << what.what() << std::endl;
  };
  const std::exception_ptr rest = handle(
      error, [&](const actor_failure& e) { say("actor_failure", e); },
      [&](const transport_closed& e) { say("transport_closed", e); });
  if (rest) std::rethrow_exception(rest);
  if (++deaths_ > most_deaths) std::rethrow_exception(error);
  std::cout << "  a fresh counter-" << index << " counts " << (file ? *file : "on") << " again" << std::endl;
}
