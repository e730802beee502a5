#include "process_tree.hpp"

#include <filesystem>
#include <fstream>
#include <map>

namespace fs = std::filesystem;

namespace {

using children_map = std::map<int, std::vector<int>>;

// The parent's pid is the second field after the command's name, which may hold anything but ends with the
// last ')'.
int parent_of(const fs::path& process) {
  std::string stat;
  std::getline(std::ifstream(process / "stat"), stat, '\0');
  const std::size_t name_end = stat.rfind(')');
  if (name_end == stat.npos || name_end + 4 >= stat.size()) return 0;
  return std::atoi(stat.c_str() + name_end + 4);
}

children_map read_children() {
  children_map children;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
    const int pid = std::atoi(entry.path().filename().c_str());
    if (pid > 0) children[parent_of(entry.path())].push_back(pid);
  }
  return children;
}

std::string title_of(int pid) {
  const fs::path process = "/proc/" + std::to_string(pid);
  std::string title;
  std::getline(std::ifstream(process / "cmdline"), title, '\0');
  if (title.empty()) std::getline(std::ifstream(process / "comm"), title);    // a zombie has no command line
  return title.ends_with(']') ? title : fs::path(title).filename().string();  // an actor's title is no path
}

void draw(const children_map& children, int pid, const std::string& margin, std::string& out) {
  out += title_of(pid) + "  pid " + std::to_string(pid) + "\n";
  const auto found = children.find(pid);
  if (found == children.end()) return;
  for (const int child : found->second) {
    const bool last = child == found->second.back();
    out += margin + (last ? "└─ " : "├─ ");
    draw(children, child, margin + (last ? "   " : "│  "), out);
  }
}

void collect(const children_map& children, int pid, std::vector<int>& out) {
  const auto found = children.find(pid);
  if (found == children.end()) return;
  for (const int child : found->second) {
    out.push_back(child);
    collect(children, child, out);
  }
}

}  // namespace

std::vector<int> descendants(int root) {
  std::vector<int> out;
  collect(read_children(), root, out);
  return out;
}

std::string draw_process_tree(int root) {
  std::string out = "  ";
  draw(read_children(), root, "  ", out);
  return out;
}
