#include "hang_dump.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <system_error>

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
  return out.empty() ? "" : "open:" + out + "\n";
}

std::string indented(const std::string& text, std::size_t by) {
  std::string out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) out += std::string(by, ' ') + line + "\n";
  return out;
}

std::string answer_of(const dump_request* request) {
  if (!request || request->is() == dump_request::answer::ended) return {};
  if (request->is() != dump_request::answer::given) return std::string(to_string(request->is())) + "\n";
  const std::string& log = request->log();
  return request->text() + (log.empty() ? "" : std::string(dump_request::log_head) + indented(log, 2));
}

}  // namespace

tree_dump::tree_dump(pid_t root) {
  // What runs in a sandbox has its sockets there.
  const socket_table sockets("/proc/" + std::to_string(root));
  std::map<pid_t, std::string> titles;
  for (process_info& each : tree_of(root)) {
    // Those that a sandbox is made of are forks of one program with many words.
    const bool is_copy = each.depth > 0 && titles[each.parent] == each.what;
    titles[each.pid] = each.what;
    const std::string folder = "/proc/" + std::to_string(each.pid);
    std::string looks = std::to_string(each.pid) + ", state " + each.state + kernel_place(folder) + ": " +
                        (is_copy ? "the same" : each.what) + "\n";
    if (const std::string open = open_files(folder, sockets); !open.empty()) looks += "    " + open;
    processes_.push_back({std::move(each), std::move(looks), nullptr});
  }
  // All have been looked at as they were before.
  for (process& each : processes_) ask(each);
}

// A stranger may have a handler that is for something else.
void tree_dump::ask(process& whom) {
  const std::string& title = whom.is.what;
  if (whom.is.depth > 0 && !title.starts_with(actor_title) && title.find(worker_word) == title.npos) return;
  dump_request& request = requests_.emplace_back(whom.is.pid);
  // Helpers of a backend and of a sandbox have a title or words of those that they serve.
  if (!request.is_heard()) return requests_.pop_back();
  request.ask();
  whom.request = &request;
}

bool tree_dump::complete() {
  bool all = true;
  for (dump_request& each : requests_) all = each.look() != dump_request::answer::none_yet && all;
  return all;
}

std::string tree_dump::text() const {
  std::string out;
  for (const process& each : processes_) {
    const std::size_t indent = 2 + 2 * each.is.depth;
    out += indented(each.looks, indent) + indented(answer_of(each.request), indent + 4);
  }
  return out;
}

}  // namespace tractor::harness::detail
