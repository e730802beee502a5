// What backends that start local processes share: checks, the environment, the descriptors of a child.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tractor/plugin/spawn_backend.hpp"

namespace tractor {

/// Checks a request before anything is made from it.
///
/// Throws `std::system_error` that names the backend, the child and the field: a descriptor that is not open
/// (EBADF), a number in the child that is taken twice or out of range (EINVAL, EBADF), a variable without a
/// proper name (EINVAL).
TRACTOR_API void check_request(const spawn_request& request, const std::string& backend);

/// Yields the child's whole environment as `NAME=value`: that of this process now, with the request's over
/// it.
TRACTOR_API std::vector<std::string> child_environment(const spawn_request& request);

/// Opens the request's working directory (this process's own if it names none); the caller closes it.
///
/// The descriptor is O_PATH: good for `fchdir` only. Throws `std::system_error` that names the directory.
TRACTOR_API int open_working_directory(const spawn_request& request, const std::string& backend);

/// One step on the way to a child's table of descriptors. A value.
class TRACTOR_API descriptor_step {
 public:
  enum class action {
    copy,        ///< dup2(from, to), without close-on-exec; also when both are the same
    close,       ///< close(from); it may be closed already
    close_from,  ///< close every descriptor at or above `from`
  };
  descriptor_step(action what, int from, int to = -1) : what(what), from(from), to(to) {}
  action what;
  int from;
  int to;
};

/// Plans the steps that give a child exactly `fds` (ours, its own) above 2, and those of 0 to 2 that are
/// listed.
///
/// The steps are right for any mapping: numbers that are swapped, used twice, or equal on both sides. They
/// assume nothing about what else is open, so that nothing of a host program's can slip through.
TRACTOR_API std::vector<descriptor_step> plan_descriptors(std::span<const std::pair<int, int>> fds);

}  // namespace tractor
