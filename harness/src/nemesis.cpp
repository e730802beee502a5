#include "tractor/harness/nemesis.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "run_folder.hpp"

namespace tractor::harness::detail {

strike_plan strike_plan::provide(test_context& context) { return strike_plan(context); }

// There before the root actor: a backend may fork all children from a process that
// it starts with the first.
strike_plan::strike_plan(test_context& context)
    : folder_(current_session().folder + scratch_part + "/" + context.token() + ".nemesis") {
  std::filesystem::create_directory(folder_);
  std::ofstream plan(folder_ + "/plan");
  if (!plan) throw std::runtime_error("cannot write " + folder_ + "/plan");
  ::setenv(nemesis_variable, folder_.c_str(), 1);
}

strike_plan::~strike_plan() {
  ::unsetenv(nemesis_variable);
  std::error_code ignored;
  std::vector<std::string> missed;
  for (std::size_t line = 1; line <= lines_.size(); ++line)
    if (struck_by(line) == 0) missed.push_back(lines_[line - 1]);
  std::filesystem::remove_all(folder_, ignored);
  // What has ended the test before its time is the reason, then.
  if (testing::Test::IsSkipped() || testing::Test::HasFailure()) return;
  for (const std::string& line : missed) ADD_FAILURE() << "no actor came to where the test strikes: " << line;
}

void strike_plan::add(const std::string& kind, failure_point at, int time, const std::string& who) {
  if (time < 1 || who.empty() || who.find('\n') != who.npos)
    throw std::invalid_argument("a strike needs the name of an actor, and a time from 1 on");
  const std::string point(failure_point_names.at(static_cast<std::size_t>(at)));
  const std::string line = kind + " " + point + " " + std::to_string(time) + " " + who;
  std::ofstream plan(folder_ + "/plan", std::ios::app);
  if (!(plan << line << "\n" << std::flush)) throw std::runtime_error("cannot write " + folder_ + "/plan");
  lines_.push_back(line);
}

pid_t strike_plan::struck_by(std::size_t line) const {
  pid_t pid = 0;
  std::ifstream(folder_ + "/struck." + std::to_string(line)) >> pid;
  return pid;
}

std::vector<pid_t> strike_plan::struck() const {
  std::vector<pid_t> out;
  for (std::size_t line = 1; line <= lines_.size(); ++line)
    if (const pid_t pid = struck_by(line)) out.push_back(pid);
  return out;
}

}  // namespace tractor::harness::detail
