#include "ipc_table.hpp"

#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "process_table.hpp"
#include "sandbox.hpp"

namespace tractor::harness::detail {

namespace {

// The first line names the columns, which are others in each file.
void add_table(std::vector<ipc_object>& to, ipc_object::kind what, const char* file, const char* id) {
  std::ifstream in(file);
  std::string line, word;
  std::getline(in, line);
  std::vector<std::string> columns;
  for (std::istringstream words(line); words >> word;) columns.push_back(word);
  while (std::getline(in, line)) {
    std::map<std::string, long long> row;
    std::istringstream numbers(line);
    long long number = 0;
    for (const std::string& column : columns)
      if (numbers >> number) row[column] = number;
    if (row.contains(id) && row["cuid"] == static_cast<long long>(::geteuid()))
      to.push_back({what, static_cast<int>(row[id]), static_cast<pid_t>(row["cpid"])});
  }
}

}  // namespace

std::string ipc_object::text() const {
  const char* const name = what == kind::segment      ? "shared memory "
                           : what == kind::semaphores ? "semaphores "
                                                      : "message queue ";
  return std::string("System V ") + name + std::to_string(id);
}

bool ipc_object::is_of_this_tree() const {
  if (in_sandbox() || creator == ::getpid()) return true;
  return std::ranges::any_of(descendants_of(::getpid()),
                             [&](const process_info& each) { return each.pid == creator; });
}

void ipc_object::remove() const noexcept {
  if (what == kind::segment) ::shmctl(id, IPC_RMID, nullptr);
  if (what == kind::semaphores) ::semctl(id, 0, IPC_RMID);
  if (what == kind::queue) ::msgctl(id, IPC_RMID, nullptr);
}

std::vector<ipc_object> ipc_objects() {
  std::vector<ipc_object> out;
  add_table(out, ipc_object::kind::segment, "/proc/sysvipc/shm", "shmid");
  add_table(out, ipc_object::kind::semaphores, "/proc/sysvipc/sem", "semid");
  add_table(out, ipc_object::kind::queue, "/proc/sysvipc/msg", "msqid");
  return out;
}

}  // namespace tractor::harness::detail
