#include "tractor/plugin/spawn_tools.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <set>
#include <system_error>

namespace tractor {
namespace {

[[noreturn]] void refuse(int error, const std::string& backend, const spawn_request& request,
                         const std::string& why) {
  throw std::system_error(error, std::generic_category(),
                          backend + ": cannot start '" + request.title + "': " + why);
}

using moves = std::vector<std::pair<int, int>>;

class planner {
 public:
  /// Makes all `pending` copies as if at once: none overwrites a source that another one still needs.
  void move_all(moves pending, std::set<int> taken) {
    for (const auto& [from, to] : pending) taken.insert({from, to});
    while (!pending.empty()) {
      auto free = std::find_if(pending.begin(), pending.end(), [&](const auto& move) {
        return std::none_of(pending.begin(), pending.end(), [&](const auto& other) {
          return &other != &move && other.first == move.second && move.first != move.second;
        });
      });
      if (free == pending.end()) {  // only cycles are left: step out of the first one
        const int aside = free_number(taken);
        taken.insert(aside);
        asides.push_back(aside);
        copy(pending.front().second, aside);
        const int occupied = pending.front().second;
        for (auto& [from, to] : pending)
          if (from == occupied) from = aside;
        free = pending.begin();
      }
      copy(free->first, free->second);
      pending.erase(free);
    }
  }
  void copy(int from, int to) { steps.emplace_back(descriptor_step::action::copy, from, to); }
  void close(int fd) { steps.emplace_back(descriptor_step::action::close, fd); }

  std::vector<descriptor_step> steps;
  std::vector<int> asides;

 private:
  static int free_number(const std::set<int>& taken) {
    int number = 3;
    while (taken.count(number)) ++number;
    return number;
  }
};

}  // namespace

void check_request(const spawn_request& request, const std::string& backend) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  std::set<int> seen;
  for (const auto& [ours, theirs] : request.fds) {
    const std::string name = "descriptor " + std::to_string(ours) + " (" + std::to_string(theirs) + " there)";
    if (::fcntl(ours, F_GETFD) < 0) refuse(EBADF, backend, request, name + " is not open");
    if (theirs < 0 || static_cast<rlim_t>(theirs) >= limit.rlim_cur)
      refuse(EBADF, backend, request,
             name + " is beyond the limit of open files, " + std::to_string(limit.rlim_cur) +
                 " (RLIMIT_NOFILE)");
    if (!seen.insert(theirs).second) refuse(EINVAL, backend, request, name + ": that number is given twice");
  }
  for (const auto& [name, value] : request.env)
    if (name.empty() || name.find('=') != std::string::npos || name.find('\0') != std::string::npos ||
        value.find('\0') != std::string::npos)
      refuse(EINVAL, backend, request, "'" + name + "' cannot be a variable of its environment");
}

std::vector<std::string> child_environment(const spawn_request& request) {
  std::map<std::string, std::string> overrides;
  for (const auto& [name, value] : request.env) overrides[name] = value;
  std::vector<std::string> all;
  for (char** at = environ; at && *at; ++at) {
    const char* end = std::strchr(*at, '=');
    if (end && overrides.count(std::string(*at, static_cast<std::size_t>(end - *at)))) continue;
    all.emplace_back(*at);
  }
  for (const auto& [name, value] : overrides) all.push_back(name + "=" + value);
  return all;
}

int open_working_directory(const spawn_request& request, const std::string& backend) {
  const std::string path = request.working_directory.empty() ? "." : request.working_directory;
  const int fd = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) refuse(errno, backend, request, "working directory '" + path + "'");
  return fd;
}

// First all go into a block from 3 on, so that one close_from ends what must not be inherited; only then do
// they spread to their numbers, whose gaps are empty by now.
std::vector<descriptor_step> plan_descriptors(std::span<const std::pair<int, int>> fds) {
  constexpr int block = 3;
  const int block_end = block + static_cast<int>(fds.size());
  planner plan;
  moves gather, spread;
  std::set<int> numbers, targets;
  for (int number = block; number < block_end; ++number) {
    const auto& [ours, theirs] = fds[static_cast<std::size_t>(number - block)];
    gather.emplace_back(ours, number);
    spread.emplace_back(number, theirs);
    numbers.insert(number);
    targets.insert(theirs);
  }
  plan.move_all(gather, numbers);
  plan.steps.emplace_back(descriptor_step::action::close_from, block_end);
  plan.asides.clear();
  plan.move_all(spread, numbers);
  for (int number : numbers)
    if (!targets.count(number)) plan.close(number);
  for (int number : plan.asides) plan.close(number);
  return std::move(plan.steps);
}

}  // namespace tractor
