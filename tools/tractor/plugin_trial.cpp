#include "plugin_trial.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <optional>
#include <vector>

#include "tractor/plugin/owned_fd.hpp"

namespace tractor::cli {
namespace {

using plugin::plugin_info;

// The linker may also go round in circles.
constexpr unsigned bound_in_seconds = 20;

// Each text ends with a NUL, a list with an empty text; the last byte of all says that nothing is missing.
std::string packed(const plugin_info& it) {
  std::string out(1, static_cast<char>(it.fault));
  for (const std::string& text : {it.kind, it.key, it.version, it.abi, it.summary, it.reason})
    out.append(text.c_str()).push_back('\0');
  for (const auto& list : {it.aliases, it.capabilities}) {
    for (const std::string& text : list) out.append(text.c_str()).push_back('\0');
    out.push_back('\0');
  }
  return out + '!';
}

std::optional<plugin_info> unpacked(const std::string& told, const std::string& path) {
  if (told.empty() || told.back() != '!') return std::nullopt;
  plugin_info out;
  out.path = path;
  out.fault = static_cast<plugin::fault>(told.front());
  std::size_t at = 1;
  const auto next = [&] {
    const std::string text = at < told.size() ? told.c_str() + at : "";
    at += text.size() + 1;
    return text;
  };
  for (std::string* text : {&out.kind, &out.key, &out.version, &out.abi, &out.summary, &out.reason})
    *text = next();
  for (std::vector<std::string>* list : {&out.aliases, &out.capabilities})
    for (std::string text = next(); !text.empty(); text = next()) list->push_back(std::move(text));
  return out;
}

[[noreturn]] void try_it(plugin::registry& from, const std::string& path, int told) {
  const rlimit none{};
  ::setrlimit(RLIMIT_CORE, &none);
  // A sanitizer's handlers would end it in a way of their own.
  for (const int each : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGALRM}) ::signal(each, SIG_DFL);
  ::alarm(bound_in_seconds);
  const std::string text = packed(from.check(path));
  std::fflush(nullptr);
  for (std::size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(told, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  ::_exit(0);
}

std::string all_of(int from) {
  std::string out;
  std::array<char, 4096> part;
  for (;;) {
    const ssize_t count = ::read(from, part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return out;
    out.append(part.data(), static_cast<std::size_t>(count));
  }
}

std::string how_it_ended(int status) {
  if (WIFEXITED(status)) return "ended with code " + std::to_string(WEXITSTATUS(status));
  if (WTERMSIG(status) == SIGALRM) return "was not done after " + std::to_string(bound_in_seconds) + " s";
  const char* const name = ::sigabbrev_np(WTERMSIG(status));
  return std::string("died of SIG") + (name ? name : std::to_string(WTERMSIG(status)));
}

}  // namespace

plugin_info check_apart(plugin::registry& from, const std::string& path) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return from.check(path);
  owned_fd ours(ends[0]), theirs(ends[1]);
  std::fflush(nullptr);
  const pid_t child = ::fork();
  if (child < 0) return from.check(path);
  if (child == 0) try_it(from, path, theirs.get());
  theirs.reset();
  const std::string told = all_of(ours.get());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (auto info = unpacked(told, path)) return *std::move(info);
  plugin_info out;
  out.path = path;
  out.fault = plugin::fault::not_loadable;
  out.reason = path + ": cannot be loaded: the process that tried it " + how_it_ended(status) +
               ": the file is damaged: build it or copy it again";
  return out;
}

}  // namespace tractor::cli
