// A named piece of memory that the processes of one user share.
#pragma once

#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

#include "tractor/detail/export.hpp"
#include "tractor/runtime/shm_token.hpp"

namespace tractor {

/// Shared memory cannot be made, found or used as asked; the text says which and why.
class TRACTOR_API shm_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// There is no room for another element.
class TRACTOR_API shm_full : public shm_error {
 public:
  using shm_error::shm_error;
};

/// What lies there is not what was asked for; the text names both.
class TRACTOR_API shm_mismatch : public shm_error {
 public:
  using shm_error::shm_error;
};

/// One mapped segment: a file of this user alone in /dev/shm, of fixed size.
///
/// The creator owns the name: it goes with this object, and when the actor ends, whichever is first, however
/// it ends: what a killed process could not remove is removed by its relatives, by the next root that boots,
/// or by tractor-reap. Those who have attached keep the memory as long as they hold it. Neither copied nor
/// moved. Loop thread only, but for the bytes themselves. No function here is a checkpoint.
class TRACTOR_API shm_segment {
 public:
  /// Makes a segment of `size` zero bytes under a random name that nobody had, and maps it.
  ///
  /// All of it is reserved at once: throws `shm_error` when there is no room, instead of SIGBUS later on.
  static std::unique_ptr<shm_segment> create(std::size_t size);
  /// Maps a segment of this user that another process made. Throws `shm_error` when there is none.
  static std::unique_ptr<shm_segment> attach(const std::string& key,
                                             shm_access access = shm_access::read_only);
  ~shm_segment();
  shm_segment(const shm_segment&) = delete;
  shm_segment& operator=(const shm_segment&) = delete;

  const std::string& key() const noexcept { return key_; }
  /// The first byte, at the start of a page.
  std::byte* data() noexcept { return data_; }
  const std::byte* data() const noexcept { return data_; }
  std::size_t size() const noexcept { return size_; }
  bool writable() const noexcept { return writable_; }
  /// Whether this object made the segment and still owns its name.
  bool owned() const noexcept { return owned_; }
  /// Takes the name away, so that nobody attaches any more; idempotent. Does nothing if it is not ours.
  void unlink() noexcept;

 private:
  class mapping;
  shm_segment(std::string key, std::unique_ptr<mapping> memory, bool writable, bool owned);

  std::string key_;
  std::unique_ptr<mapping> memory_;
  std::byte* data_;
  std::size_t size_;
  bool writable_;
  bool owned_;
};

}  // namespace tractor
