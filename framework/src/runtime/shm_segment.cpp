#include "tractor/runtime/shm_segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <limits>

#include "runtime/shm_owner.hpp"
#include "tractor/runtime/errors.hpp"

namespace tractor {

namespace ipc_shm = boost::interprocess;

namespace {

const bool errors_are_known = (register_errors<shm_error, shm_full, shm_mismatch>(), true);

std::string cannot_make(std::size_t size, int error) {
  return "cannot make a shared segment of " + std::to_string(size) + " bytes: " + std::strerror(error);
}

// Random names never meet; should one be there all the same, somebody else made it and it is left alone.
ipc_shm::shared_memory_object make_object(std::string& key, std::size_t size) {
  for (int tries = 0;; ++tries) {
    key = detail::new_segment_name();
    try {
      return {ipc_shm::create_only, key.c_str(), ipc_shm::read_write, ipc_shm::permissions(0600)};
    } catch (const ipc_shm::interprocess_exception& error) {
      if (error.get_native_error() != EEXIST || tries == 8)
        throw shm_error(cannot_make(size, error.get_native_error()));
    }
  }
}

int file_of(const ipc_shm::shared_memory_object& object) { return object.get_mapping_handle().handle; }

/// Removes a name unless it is told to keep it.
class name_guard {
 public:
  explicit name_guard(std::string key) : key_(std::move(key)) { detail::care_for(key_); }
  name_guard(const name_guard&) = delete;
  name_guard& operator=(const name_guard&) = delete;
  ~name_guard() {
    if (key_.empty()) return;
    ::shm_unlink(key_.c_str());
    detail::forget_name(key_);
  }
  std::string keep() noexcept { return std::exchange(key_, {}); }

 private:
  std::string key_;
};

// The pages are there from now on, or this throws: a hole would be a SIGBUS when the memory runs out.
void reserve(int fd, std::size_t size) {
  if (size == 0) throw shm_error(cannot_make(size, EINVAL));
  if (size > static_cast<std::size_t>(std::numeric_limits<off_t>::max()))
    throw shm_error(cannot_make(size, EFBIG));
  int error = 0;
  do {
    error = ::posix_fallocate(fd, 0, static_cast<off_t>(size));
  } while (error == EINTR);
  if (error != 0) throw shm_error(cannot_make(size, error));
}

}  // namespace

/// Keeps the headers of the library out of ours.
class shm_segment::mapping {
 public:
  mapping(const ipc_shm::shared_memory_object& object, ipc_shm::mode_t mode) : region(object, mode) {}
  ipc_shm::mapped_region region;
};

shm_segment::shm_segment(std::string key, std::unique_ptr<mapping> memory, bool writable, bool owned)
    : key_(std::move(key)),
      memory_(std::move(memory)),
      data_(static_cast<std::byte*>(memory_->region.get_address())),
      size_(memory_->region.get_size()),
      writable_(writable),
      owned_(owned) {}

shm_segment::~shm_segment() { unlink(); }

std::unique_ptr<shm_segment> shm_segment::create(std::size_t size) {
  std::string key;
  const ipc_shm::shared_memory_object object = make_object(key, size);
  name_guard guard(key);
  reserve(file_of(object), size);
  try {
    auto memory = std::make_unique<mapping>(object, ipc_shm::read_write);
    std::unique_ptr<shm_segment> made(new shm_segment(key, std::move(memory), true, true));
    guard.keep();
    return made;
  } catch (const ipc_shm::interprocess_exception& error) {
    throw shm_error(cannot_make(size, error.get_native_error()));
  }
}

std::unique_ptr<shm_segment> shm_segment::attach(const std::string& key, shm_access access) {
  const std::string cannot = "cannot attach the shared segment '" + key + "': ";
  // Never any other file that a peer may name.
  if (!detail::owner_in_name(key)) throw shm_error(cannot + "this is not the name of one");
  const bool write = access == shm_access::read_write;
  const auto mode = write ? ipc_shm::read_write : ipc_shm::read_only;
  try {
    const ipc_shm::shared_memory_object object(ipc_shm::open_only, key.c_str(), mode);
    struct stat is {};
    if (::fstat(file_of(object), &is) != 0) throw shm_error(cannot + std::strerror(errno));
    if (is.st_uid != ::geteuid()) throw shm_error(cannot + "it belongs to another user");
    if (is.st_size == 0) throw shm_error(cannot + "it is empty");
    auto memory = std::make_unique<mapping>(object, mode);
    return std::unique_ptr<shm_segment>(new shm_segment(key, std::move(memory), write, false));
  } catch (const ipc_shm::interprocess_exception& error) {
    const bool gone = error.get_native_error() == ENOENT;
    throw shm_error(cannot + (gone ? "there is none, or no longer: it goes with the actor that made it"
                                   : std::strerror(error.get_native_error())));
  }
}

void shm_segment::unlink() noexcept {
  if (!std::exchange(owned_, false)) return;
  // A forked copy of this object owns nothing.
  const auto owner = detail::owner_in_name(key_);
  if (!owner || owner->pid != ::getpid()) return;
  ::shm_unlink(key_.c_str());
  detail::forget_name(key_);
}

}  // namespace tractor
