#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include <cstdint>
#include <new>
#include <stdexcept>

#include "runtime/link.hpp"

namespace tractor::detail {

namespace {

// xoshiro256**: a uuid for each call must not cost a system call. Seeded by the kernel, once in each process.
//
// The state lies in a page that the kernel clears in a forked copy, so that two processes never go on from
// the same one; where it cannot do that, the pid tells.
class generator {
 public:
  generator() {
    void* const page =
        ::mmap(nullptr, sizeof(state), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::bad_alloc();
    state_ = static_cast<state*>(page);
    cleared_by_fork_ = ::madvise(page, sizeof(state), MADV_WIPEONFORK) == 0;
  }
  generator(const generator&) = delete;
  generator& operator=(const generator&) = delete;
  ~generator() { ::munmap(state_, sizeof(state)); }

  std::uint64_t next() {
    if (!state_->seeded || (!cleared_by_fork_ && pid_ != ::getpid())) seed();
    std::uint64_t* const word = state_->words;
    const std::uint64_t out = rotate(word[1] * 5, 7) * 9;
    const std::uint64_t shifted = word[1] << 17;
    word[2] ^= word[0];
    word[3] ^= word[1];
    word[1] ^= word[2];
    word[0] ^= word[3];
    word[2] ^= shifted;
    word[3] = rotate(word[3], 45);
    return out;
  }

 private:
  struct state {
    std::uint64_t words[4];
    bool seeded;
  };

  static std::uint64_t rotate(std::uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }
  void seed() {
    constexpr ssize_t size = sizeof state_->words;
    if (::getrandom(state_->words, size, 0) != size)
      throw std::runtime_error("the kernel gives no random bytes");
    state_->seeded = true;
    pid_ = ::getpid();
  }

  state* state_ = nullptr;
  bool cleared_by_fork_ = false;
  int pid_ = 0;
};

}  // namespace

std::string make_uuid() {
  static thread_local generator source;
  const std::uint64_t high = (source.next() & ~0xf000ull) | 0x4000ull;
  const std::uint64_t low = (source.next() & ~(3ull << 62)) | (1ull << 63);
  static constexpr char digits[] = "0123456789abcdef";
  std::string text(36, '-');
  std::size_t at = 0;
  auto put = [&](std::uint64_t value, int nibbles) {
    for (int i = nibbles - 1; i >= 0; --i) {
      if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
      text[at++] = digits[(value >> (4 * i)) & 15];
    }
  };
  put(high, 16);
  put(low, 16);
  return text;
}

}  // namespace tractor::detail
