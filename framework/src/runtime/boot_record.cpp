#include "runtime/boot_record.hpp"

#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "tractor/runtime/errors.hpp"

namespace tractor::detail {

namespace {

// One list of them, so that the writing and the reading cannot differ.
template <class Settings> auto timeout_list(Settings& all) {
  auto& t = all.timeouts;
  return std::array{&t.cancel_ack, &t.hard_kill,        &t.nursery_cancel,   &t.unregister,
                    &t.peers,      &t.heartbeat_period, &t.heartbeat_timeout};
}

template <class T> void inherit(setting<T>& into, T value) { into.set(std::move(value), origin::code); }

}  // namespace

int choose_boot_number(const std::vector<std::pair<int, int>>& passed) {
  // High, since a program that passes descriptors on likes low numbers.
  constexpr rlim_t preferred = 240;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const auto is_taken = [&](int number) {
    return std::ranges::find(passed, number, &std::pair<int, int>::second) != passed.end();
  };
  for (int first = static_cast<int>(std::min(limit.rlim_cur, preferred + 2)) - 2; first > STDERR_FILENO;
       --first)
    if (!is_taken(first) && !is_taken(first + 1)) return first;
  throw runtime_failure("the limit of open files, " + std::to_string(limit.rlim_cur) +
                        " (RLIMIT_NOFILE), leaves no number for the boot socket of a child: raise ulimit -n");
}

int boot_number() {
  const char* const text = std::getenv(boot_variable);
  int number = -1;
  if (text) std::from_chars(text, text + std::strlen(text), number);
  if (number <= STDERR_FILENO)
    throw runtime_failure(std::string(boot_variable) + " names no descriptor: only a backend sets it");
  return number;
}

void put_settings(boot_record& record, const settings& from) {
  record.loglevel = static_cast<int>(from.loglevel.value());
  record.log_spec = from.log_spec.value();
  record.debug_mode = from.debug_mode.value();
  record.stackscope = from.enable_stackscope.value();
  record.keyless = from.allow_keyless_peers.value();
  record.insecure = from.insecure_bind.value();
  const plugin::search_path folders = from.plugin_folders();
  for (const auto& folder : folders.folders()) record.plugin_path.push_back(folder.path);
  record.max_frame = static_cast<std::int64_t>(from.limits.max_frame.value());
  record.max_unauthenticated = static_cast<std::int64_t>(from.limits.max_unauthenticated.value());
  record.depth = static_cast<std::int64_t>(from.limits.depth.value());
  record.handshake_timeout = from.limits.handshake_timeout.value().count();
  for (const auto* timeout : timeout_list(from)) record.timeouts.push_back(timeout->value().count());
}

settings take_settings(const boot_record& record) {
  settings out;
  inherit(out.spawn_backend, record.spawn_backend);
  inherit(out.transports, record.transports);
  inherit(out.loglevel, static_cast<log::level>(record.loglevel));
  inherit(out.log_spec, record.log_spec);
  inherit(out.debug_mode, record.debug_mode);
  inherit(out.enable_stackscope, record.stackscope);
  inherit(out.allow_keyless_peers, record.keyless);
  inherit(out.insecure_bind, record.insecure);
  for (const std::string& folder : record.plugin_path) out.plugin_path.emplace_back(folder, origin::code);
  inherit(out.limits.max_frame, static_cast<std::size_t>(record.max_frame));
  inherit(out.limits.max_unauthenticated, static_cast<std::size_t>(record.max_unauthenticated));
  inherit(out.limits.depth, static_cast<std::size_t>(record.depth));
  inherit(out.limits.handshake_timeout, choices::duration(record.handshake_timeout));
  auto timeouts = timeout_list(out);
  for (std::size_t i = 0; i < timeouts.size() && i < record.timeouts.size(); ++i)
    inherit(*timeouts[i], choices::duration(record.timeouts[i]));
  return out;
}

void write_record(int fd, const boot_record& record) {
  msg::buffer out;
  msg::writer to(out);
  msg::encode(to, record);
  const std::uint32_t size = static_cast<std::uint32_t>(out.size());
  msg::buffer framed;
  framed.append(&size, sizeof size);
  framed.append(out.view());
  const ssize_t sent = ::send(fd, framed.data(), framed.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent == static_cast<ssize_t>(framed.size())) return;
  // Nobody reads yet.
  if (sent >= 0 || errno == EAGAIN)
    throw runtime_failure("the settings for a child, of " + std::to_string(size) +
                          " bytes, are more than its boot socket holds");
  throw std::system_error(errno, std::generic_category(), "cannot hand the boot record to a child");
}

boot_record read_record(int fd) {
  auto read_all = [fd](void* into, std::size_t size) {
    for (std::size_t done = 0; done < size;) {
      const ssize_t count = ::read(fd, static_cast<char*>(into) + done, size - done);
      if (count < 0 && errno == EINTR) continue;
      if (count <= 0) throw runtime_failure("the parent ended before it had said what this actor is");
      done += static_cast<std::size_t>(count);
    }
  };
  std::uint32_t size = 0;
  read_all(&size, sizeof size);
  if (size > (1u << 20)) throw runtime_failure("the boot record is broken");
  std::vector<std::byte> bytes(size);
  read_all(bytes.data(), size);
  boot_record record;
  msg::decode_all(bytes, record);
  return record;
}

}  // namespace tractor::detail
