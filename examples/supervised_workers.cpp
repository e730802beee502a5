// A pool of workers that crash on purpose and are started again until each has its result. Then a worker that
// nothing helps: its supervisor gives up, and the error tells the whole story.
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <tractor/tractor.hpp>
#include <vector>

using namespace tractor;
using namespace std::chrono_literals;

// How often a worker was tried is kept outside of it: a process that dies takes its memory along.
int next_attempt(const std::string& notebook) {
  std::ofstream(notebook, std::ios::app) << "attempt\n";
  std::ifstream in(notebook);
  int count = 0;
  for (std::string line; std::getline(in, line);) ++count;
  return count;
}

task<int> square(int number, std::string notebook) {
  const int attempt = next_attempt(notebook);
  if (number % 3 == 1 && attempt == 1) kill(getpid(), SIGKILL);                         // dies,
  if (number % 3 == 2 && attempt <= 2) throw std::runtime_error("it does not add up");  // or fails twice
  co_return number* number;
}

task<> hopeless() { throw std::runtime_error("there is no such number"); }

task<bool> run_the_pool(std::string folder) {
  std::vector<int> squares;
  std::size_t restarts = 0;
  const auto often = one_for_one().intensity(20, 5s).backoff(restart_backoff(10ms, 100ms));
  co_await open_supervisor(often, [&](supervisor& sv) -> task<> {
    std::vector<supervised_result<int>> workers;
    for (int number = 0; number < 4; ++number) {
      const std::string name = "worker-" + std::to_string(number);
      workers.push_back(co_await sv.run_in_actor<&square>(name, number, folder + "/" + name));
    }
    for (const auto& worker : workers) {
      squares.push_back(co_await worker.wait_for_result());
      std::cout << worker.name() << ": " << squares.back() << " after " << worker.restarts() << " restarts\n";
      restarts += worker.restarts();
    }
    for (const restart_record& each : sv.history()) std::cout << "  " << each.text() << "\n";
  });
  co_return squares == std::vector<int>{0, 1, 4, 9} && restarts == 3;
}

task<bool> run_into_an_escalation() {
  try {
    const auto strict = one_for_one().intensity(2, 5s).backoff(restart_backoff(10ms, 100ms));
    co_await open_supervisor(
        strict, [](supervisor& sv) -> task<> { co_await sv.run_in_actor<&hopeless>("hopeless"); });
  } catch (const too_many_restarts& error) {
    std::cout << error.what() << "\n";
    co_return error.history().size() == 3;
  }
  co_return false;
}

task<int> app() {
  std::string folder = (std::filesystem::temp_directory_path() / "supervised_workers.XXXXXX").string();
  if (!mkdtemp(folder.data())) co_return 1;
  const bool recovered = co_await run_the_pool(folder);
  std::filesystem::remove_all(folder);
  const bool escalated = co_await run_into_an_escalation();
  co_return recovered&& escalated ? 0 : 1;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
