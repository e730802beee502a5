// What a parent hands to a child before they can talk: through an inherited socket, never argv or the
// environment.
#pragma once

#include <boost/describe.hpp>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tractor/msg/codec.hpp"
#include "tractor/plugin/settings.hpp"

namespace tractor::detail {

struct boot_record {
  std::string name, uuid;
  std::string parent_name, parent_uuid;
  int parent_pid = 0;
  std::string parent_address, parent_transport;
  std::vector<std::byte> nonce;
  std::string spawn_backend;
  std::vector<std::string> transports;
  int loglevel = 40;
  std::string log_spec;
  bool debug_mode = false, stackscope = false, keyless = false, insecure = false;
  std::vector<std::string> plugin_path;
  std::int64_t max_frame = 0, max_unauthenticated = 0, depth = 0;
  // Nanoseconds, in the order of timeout_settings.
  std::vector<std::int64_t> timeouts;
  std::int64_t handshake_timeout = 0;
};
BOOST_DESCRIBE_STRUCT(boot_record, (),
                      (name, uuid, parent_name, parent_uuid, parent_pid, parent_address, parent_transport,
                       nonce, spawn_backend, transports, loglevel, log_spec, debug_mode, stackscope, keyless,
                       insecure, plugin_path, max_frame, max_unauthenticated, depth, timeouts,
                       handshake_timeout))

/// Names the first of the two numbers in a row that the kernel's descriptors have in a booting child: the
/// boot socket, and the stderr that it will have.
inline constexpr const char* boot_variable = "TRACTOR_BOOT_FD";
/// Chooses the first of the two: below the limit of open files, and none that a program passes on.
///
/// Throws `runtime_failure` if none is left.
int choose_boot_number(const std::vector<std::pair<int, int>>& passed);
/// Reads the variable in the child.
int boot_number();

void put_settings(boot_record& record, const settings& from);
settings take_settings(const boot_record& record);

/// Writes the record into a fresh socket, without waiting; throws `runtime_failure` if it does not fit its
/// buffer.
void write_record(int fd, const boot_record& record);
/// Reads it in the child; blocks.
boot_record read_record(int fd);

}  // namespace tractor::detail
