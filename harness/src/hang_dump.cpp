#include "hang_dump.hpp"

#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
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
  return out.empty() ? "" : "\n    open:" + out;
}

}  // namespace

std::string describe_processes() {
  std::string out;
  const socket_table sockets;
  for (const process_info& each : descendants_of(::getpid())) {
    const std::string process = "/proc/" + std::to_string(each.pid);
    out += "  " + std::to_string(each.pid) + " of " + std::to_string(each.parent) + ", state " + each.state +
           kernel_place(process) + ": " + each.what + open_files(process, sockets) + "\n";
  }
  return out;
}

std::size_t ask_for_tasks() {
  std::size_t asked = 0;
  for (const process_info& each : descendants_of(::getpid())) {
    if (!each.what.starts_with(actor_title) || each.zombie()) continue;
    signal_process(each.pid, SIGUSR1);
    ++asked;
  }
  return asked;
}

}  // namespace tractor::harness::detail
