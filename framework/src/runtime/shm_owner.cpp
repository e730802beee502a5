#include "runtime/shm_owner.hpp"

#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "runtime/actor_runtime.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/runtime/shm_leftovers.hpp"
#include "tractor/runtime/shm_segment.hpp"

namespace tractor::detail {

namespace {

constexpr std::string_view prefix = "tractor-shm.";
constexpr std::size_t random_bytes = 8;

/// What /proc says of a process. A value.
class process_stat {
 public:
  static std::optional<process_stat> of(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::ostringstream all;
    all << file.rdbuf();
    const std::string text = all.str();
    // The second field is the name, in parentheses, and may hold anything.
    const std::size_t name_end = text.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(name_end + 1));
    process_stat out;
    std::string skipped;
    fields >> out.state;
    for (int field = 4; field <= 8; ++field) fields >> skipped;
    fields >> out.flags;
    for (int field = 10; field <= 21; ++field) fields >> skipped;
    fields >> out.started;
    if (!fields) return std::nullopt;
    return out;
  }
  bool ended() const noexcept {
    // Set before a process closes its files: who sees its connection end may look here at once.
    constexpr unsigned long is_exiting = 0x4;
    return state == 'Z' || state == 'X' || (flags & is_exiting) != 0;
  }

  char state = 0;
  unsigned long flags = 0;
  std::uint64_t started = 0;
};

std::uint64_t own_pid_space() {
  struct stat is {};
  return ::stat("/proc/self/ns/pid", &is) == 0 ? is.st_ino : 0;
}

const segment_owner& own_record() {
  static segment_owner self;
  if (self.pid != ::getpid()) {  // also in a forked copy
    const auto stat = process_stat::of(::getpid());
    if (!stat) throw shm_error("cannot make a shared segment: /proc does not say when this process started");
    self.started = stat->started;
    self.pid_space = own_pid_space();
    self.pid = ::getpid();
  }
  return self;
}

// Leaked: objects with static storage may end after it.
std::set<std::string>& names_in_care() {
  static auto* const names = new std::set<std::string>();
  return *names;
}

// The actor in whose end the names are removed.
std::string& caring_actor() {
  static auto* const uuid = new std::string();
  return *uuid;
}

void remove_names_in_care() {
  caring_actor().clear();
  for (const std::string& name : std::set<std::string>(std::move(names_in_care())))
    ::shm_unlink(name.c_str());
  names_in_care().clear();
}

template <class Number> bool take_number(std::string_view& text, Number& into, int base = 10) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into, base);
  if (error != std::errc() || end == text.data() + text.size() || *end != '.') return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
  return true;
}

}  // namespace

segment_owner::state segment_owner::now() const {
  if (pid_space != own_pid_space()) return state::unknown;
  const auto stat = process_stat::of(pid);
  return stat && stat->started == started && !stat->ended() ? state::lives : state::dead;
}

std::string random_hex(std::size_t bytes) {
  std::string raw(bytes, '\0');
  if (::getrandom(raw.data(), bytes, 0) != static_cast<ssize_t>(bytes))
    throw shm_error("the kernel gives no random bytes");
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  for (const char each : raw) {
    out += digits[static_cast<unsigned char>(each) >> 4];
    out += digits[static_cast<unsigned char>(each) & 15];
  }
  return out;
}

std::string new_segment_name() {
  const segment_owner& self = own_record();
  return std::string(prefix) + std::to_string(self.pid) + "." + std::to_string(self.started) + "." +
         std::to_string(self.pid_space) + "." + random_hex(random_bytes);
}

std::optional<segment_owner> owner_in_name(std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  segment_owner owner;
  if (!take_number(name, owner.pid) || !take_number(name, owner.started) ||
      !take_number(name, owner.pid_space) || owner.pid <= 0)
    return std::nullopt;
  const bool random =
      name.size() == 2 * random_bytes && name.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  return random ? std::optional(owner) : std::nullopt;
}

void care_for(const std::string& name) {
  actor_runtime* const runtime = actor_runtime::current_or_null();
  if (!runtime) return;
  // What was cared for in another life, as a process from which this one was forked, is not ours.
  std::erase_if(names_in_care(), [](const std::string& each) {
    const auto owner = owner_in_name(each);
    return !owner || owner->pid != ::getpid();
  });
  if (caring_actor() != runtime->id().uuid()) {
    runtime->at_exit(&remove_names_in_care);
    caring_actor() = runtime->id().uuid();
  }
  names_in_care().insert(name);
}

void forget_name(const std::string& name) noexcept { names_in_care().erase(name); }

void remove_segments_of(const std::vector<int>& pids) {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(shm_folder, ignored)) {
    const std::string name = entry.path().filename();
    const auto owner = owner_in_name(name);
    if (!owner || std::find(pids.begin(), pids.end(), owner->pid) == pids.end()) continue;
    if (owner->now() != segment_owner::state::dead) continue;
    if (::shm_unlink(name.c_str()) == 0)
      TRACTOR_LOG(runtime, runtime, "removed the shared segment {} of the dead process {}", name, owner->pid);
  }
}

}  // namespace tractor::detail
