#include "hang_dump.hpp"

#include <signal.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>

#include "process_table.hpp"
#include "socket_table.hpp"

namespace tractor::harness::detail {

namespace {

std::string kernel_place(const std::string& process) {
  std::string out;
  std::getline(std::ifstream(process + "/wchan"), out);
  return out.empty() || out == "0" ? "" : ", waits in " + out;
}

std::string open_files(const std::string& process, const socket_table& sockets) {
  std::string out;
  std::error_code ignored;
  for (const auto& each : std::filesystem::directory_iterator(process + "/fd", ignored)) {
    std::error_code gone;
    const std::string target = std::filesystem::read_symlink(each.path(), gone);
    if (!gone) out += " " + each.path().filename().string() + "=" + target + sockets.describe(target);
  }
  return out.empty() ? "" : "    open:" + out + "\n";
}

}  // namespace

std::string describe_processes(pid_t root) {
  std::string out;
  // What runs in a sandbox has its sockets there.
  const socket_table sockets("/proc/" + std::to_string(root));
  std::map<pid_t, std::string> titles;
  for (const process_info& each : tree_of(root)) {
    // Those that a sandbox is made of are forks of one program with many words.
    const bool is_copy = each.depth > 0 && titles[each.parent] == each.what;
    titles[each.pid] = each.what;
    const std::string process = "/proc/" + std::to_string(each.pid);
    const std::string indent(2 + 2 * each.depth, ' ');
    out += indent + std::to_string(each.pid) + ", state " + each.state + kernel_place(process) + ": " +
           (is_copy ? "the same" : each.what) + "\n";
    if (const std::string open = open_files(process, sockets); !open.empty()) out += indent + open;
  }
  return out;
}

std::size_t ask_for_tasks(pid_t root) {
  std::size_t asked = 0;
  for (const process_info& each : descendants_of(root)) {
    if (!each.what.starts_with(actor_title) || each.zombie()) continue;
    signal_process(each.pid, SIGUSR1);
    ++asked;
  }
  return asked;
}

}  // namespace tractor::harness::detail
