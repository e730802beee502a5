#include "runtime/ring_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/interprocess/mapped_region.hpp>
#include <cerrno>
#include <cstring>
#include <new>

#include "tractor/runtime/shm_segment.hpp"

namespace tractor::detail {

namespace {

namespace shm = boost::interprocess;

constexpr std::uint64_t ring_magic = 0x3130676e69727474;  // changes with the layout of the header
constexpr std::size_t largest = std::size_t(1) << 40;

std::size_t page() { return shm::mapped_region::get_page_size(); }

std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char each : text) hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3;
  return hash;
}

shm_error failure(std::size_t capacity, int error) {
  return shm_error("cannot make a ring of " + std::to_string(capacity) + " bytes: " + std::strerror(error));
}

// The pages are there from now on: a hole would be a SIGBUS when the memory runs out.
void reserve(int fd, std::size_t size, std::size_t capacity) {
  int error = 0;
  do {
    error = ::posix_fallocate(fd, 0, static_cast<off_t>(size));
  } while (error == EINTR);
  if (error != 0) throw failure(capacity, error);
  if (::fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
    throw failure(capacity, errno);
}

/// A file without a name, as the library wants what it maps.
class mappable {
 public:
  explicit mappable(int fd) noexcept : fd_(fd) {}
  shm::mapping_handle_t get_mapping_handle() const noexcept {
    return shm::ipcdetail::mapping_handle_from_file_handle(fd_);
  }

 private:
  int fd_;
};

}  // namespace

/// The header, and the data at two addresses in a row.
class ring_memory::regions {
 public:
  regions(int fd, std::size_t capacity)
      : header(mappable(fd), shm::read_write, 0, page()), space(reserved(2 * capacity)) {
    // In the reserved space, where nothing else can come between.
    low = mapped(fd, capacity, space);
    high = mapped(fd, capacity, space + capacity);
  }

  shm::mapped_region header;
  std::byte* space;
  shm::mapped_region low, high;

 private:
  static std::byte* reserved(std::size_t size) {
    void* const at = ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) throw shm::interprocess_exception(shm::error_info(errno));
    return static_cast<std::byte*>(at);
  }
  static shm::mapped_region mapped(int fd, std::size_t size, std::byte* at) {
    return {mappable(fd), shm::read_write, static_cast<shm::offset_t>(page()), size, at, MAP_FIXED};
  }
};

ring_memory::ring_memory(int fd, std::size_t capacity) : file_(fd), capacity_(capacity) {
  try {
    regions_ = std::make_unique<regions>(fd, capacity);
  } catch (const shm::interprocess_exception& error) {
    throw failure(capacity, error.get_native_error());
  }
  header_ = static_cast<ring_header*>(regions_->header.get_address());
  data_ = regions_->space;
}

ring_memory::~ring_memory() = default;

std::shared_ptr<ring_memory> ring_memory::make(std::size_t capacity, const std::string& element,
                                               std::size_t element_size) {
  if (capacity == 0) throw failure(capacity, EINVAL);
  if (capacity > largest) throw failure(capacity, EFBIG);
  const std::size_t rounded = (capacity + page() - 1) / page() * page();
  owned_fd file(::memfd_create("tractor-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) throw failure(capacity, errno);
  reserve(file.get(), page() + rounded, capacity);
  std::shared_ptr<ring_memory> made(new ring_memory(file.release(), rounded));
  auto* const header = new (made->header_) ring_header{};
  header->capacity = rounded;
  header->element_size = element_size;
  header->element = hash_of(element);
  header->magic = ring_magic;
  return made;
}

std::shared_ptr<ring_memory> ring_memory::map(int fd, std::size_t capacity, const std::string& element,
                                              std::size_t element_size) {
  owned_fd file(fd);
  const shm_mismatch wrong("what was handed out for a ring of " + std::to_string(capacity) + " bytes for " +
                           element + " is none");
  struct stat is {};
  const int seals = ::fcntl(fd, F_GET_SEALS);
  if (seals < 0 || !(seals & F_SEAL_SHRINK) || ::fstat(fd, &is) != 0 || capacity == 0 || capacity > largest ||
      capacity % page() != 0 || is.st_size != static_cast<off_t>(page() + capacity))
    throw wrong;
  std::shared_ptr<ring_memory> made(new ring_memory(file.release(), capacity));
  const ring_header& there = made->header();
  if (there.magic != ring_magic || there.capacity != capacity || there.element_size != element_size ||
      there.element != hash_of(element))
    throw wrong;
  return made;
}

}  // namespace tractor::detail
