#include "tractor/plugin/proctitle.hpp"

#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <sstream>
#include <vector>

namespace tractor::detail {
namespace {

// The kernel's idea of where the arguments and, right behind them, the environment lie. Inherited by fork as
// it is.
struct title_area {
  char* begin = nullptr;
  std::size_t arg_size = 0;  // what /proc shows as the arguments
  std::size_t size = 0;      // with the environment
  std::size_t used = 0;
  std::string title;

  bool holds(const char* at) const noexcept { return at >= begin && at < begin + size; }
};

title_area& area() {
  static title_area* const only = new title_area;  // never destroyed: a title may be set at any time
  return *only;
}

// Fields 48 to 51 of /proc/self/stat; counted from behind the comm, which may hold spaces.
bool find_area(title_area& into) {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  const std::size_t comm_end = text.rfind(')');
  if (comm_end == std::string::npos) return false;
  std::istringstream fields(text.substr(comm_end + 1));
  std::string skipped;
  for (int field = 3; field < 48; ++field) fields >> skipped;
  std::uintptr_t arg_start = 0, arg_end = 0, env_start = 0, env_end = 0;
  if (!(fields >> arg_start >> arg_end >> env_start >> env_end) || arg_end <= arg_start) return false;
  into.begin = reinterpret_cast<char*>(arg_start);
  into.arg_size = arg_end - arg_start;
  into.size = (env_start == arg_end && env_end >= env_start ? env_end : arg_end) - arg_start;
  return true;
}

char* keep(const char* text) { return ::strdup(text); }

void move_environment(const title_area& from) {
  std::size_t count = 0;
  while (environ && environ[count]) ++count;
  auto* const moved = new std::vector<char*>;  // lives as long as the process
  for (std::size_t i = 0; i < count; ++i)
    moved->push_back(from.holds(environ[i]) ? keep(environ[i]) : environ[i]);
  moved->push_back(nullptr);
  environ = moved->data();
}

}  // namespace

void capture_argv(int argc, char** argv) {
  title_area& at = area();
  if (at.begin) return;
  title_area found;
  if (!argv || argc < 1 || !argv[0] || !find_area(found)) return;
  found.title = argv[0];
  for (int i = 0; i < argc; ++i)
    if (found.holds(argv[i])) argv[i] = keep(argv[i]);
  if (found.holds(program_invocation_name)) {
    program_invocation_name = keep(program_invocation_name);
    const char* slash = std::strrchr(program_invocation_name, '/');
    program_invocation_short_name = slash ? const_cast<char*>(slash) + 1 : program_invocation_name;
  }
  move_environment(found);
  found.used = found.size;
  at = found;
}

bool set_process_title(const std::string& text) {
  ::prctl(PR_SET_NAME, text.substr(0, 15).c_str());
  title_area& at = area();
  if (!at.begin) return false;
  const std::size_t length = std::min(text.size(), at.size - 1);
  std::memset(at.begin, 0, at.used);
  std::memcpy(at.begin, text.data(), length);
  // The kernel shows the whole area, padding included, unless the last byte of the arguments was overwritten:
  // then it shows one string.
  if (length + 1 < at.arg_size) at.begin[at.arg_size - 1] = '.';
  at.used = std::max(length + 1, at.arg_size);
  at.title = text;
  return true;
}

const std::string& process_title() { return area().title; }

}  // namespace tractor::detail
