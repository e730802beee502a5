#include "log/tail.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>

namespace tractor::log::detail {

namespace {

constexpr std::size_t most_kept = 4096;

char kept_ring[most_kept];
constinit std::atomic<std::size_t> kept_end = 0;  // of all that was ever added
static_assert(std::atomic<std::size_t>::is_always_lock_free);

}  // namespace

void keep_in_tail(std::string_view line) noexcept {
  line = line.substr(line.size() - std::min(line.size(), most_kept));
  const std::size_t end = kept_end.load(std::memory_order_relaxed), at = end % most_kept;
  const std::size_t first = line.copy(kept_ring + at, most_kept - at);
  line.substr(first).copy(kept_ring, most_kept);
  kept_end.store(end + line.size(), std::memory_order_release);
}

std::size_t copy_tail(char* into, std::size_t room) noexcept {
  const std::size_t end = kept_end.load(std::memory_order_acquire);
  std::size_t size = std::min({end, most_kept, room}), at = (end - size) % most_kept;
  const bool is_cut = size < end;
  const std::size_t first = std::min(size, most_kept - at);
  std::memcpy(into, kept_ring + at, first);
  std::memcpy(into + first, kept_ring, size - first);
  if (!is_cut) return size;
  // What it begins with is the rest of a line.
  const char* const newline = static_cast<const char*>(std::memchr(into, '\n', size));
  const std::size_t torn = newline ? static_cast<std::size_t>(newline + 1 - into) : size;
  std::memmove(into, into + torn, size - torn);
  return size - torn;
}

void forget_tail() noexcept { kept_end.store(0, std::memory_order_relaxed); }

}  // namespace tractor::log::detail
