#include "tractor/runtime/detail/shm_block.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <new>

namespace tractor {

bool shm_token::same_layout(const shm_token& other) const noexcept {
  return kind == other.kind && element == other.element && element_size == other.element_size &&
         capacity == other.capacity;
}

std::string shm_token::text() const {
  return kind + " of " + std::to_string(capacity) + " " + element + " (" + std::to_string(element_size) +
         " bytes each)";
}

namespace detail {

namespace {

constexpr std::uint64_t magic = 0x31306d6873727474;  // changes with the layout of the header
constexpr std::string_view ring_kind = "ring array";

std::uint64_t layout_of(const shm_token& shape) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char each : shape.kind + "/" + shape.element)
    hash = (hash ^ static_cast<unsigned char>(each)) * 0x100000001b3;
  return hash;
}

std::size_t offset_of_data(std::size_t alignment) {
  const std::size_t step = std::max<std::size_t>(alignment, 64);
  return (sizeof(shm_header) + step - 1) / step * step;
}

// Both come from a peer, too.
std::size_t size_of_segment(const shm_token& shape, std::size_t alignment) {
  const std::size_t offset = offset_of_data(alignment);
  if (shape.element_size == 0 || shape.capacity == 0)
    throw shm_error("a shared " + shape.text() + " has no room for anything");
  if (shape.capacity >
      (static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max()) - offset) / shape.element_size)
    throw shm_error("a shared " + shape.text() + " is larger than any memory");
  return offset + shape.capacity * shape.element_size;
}

bool is_array(const std::string& kind) { return kind == "array" || kind == ring_kind; }

template <class Number> void copy_words(std::byte* to, const std::byte* from, std::size_t size) noexcept {
  // Whatever type the elements are of.
  using Word __attribute__((may_alias)) = Number;
  for (std::size_t at = 0; at < size; at += sizeof(Word)) {
    const Word word = __atomic_load_n(reinterpret_cast<const Word*>(from + at), __ATOMIC_RELAXED);
    __atomic_store_n(reinterpret_cast<Word*>(to + at), word, __ATOMIC_RELAXED);
  }
}

}  // namespace

void copy_shared(std::byte* to, const std::byte* from, std::size_t size) noexcept {
  const auto all = reinterpret_cast<std::uintptr_t>(to) | reinterpret_cast<std::uintptr_t>(from) | size;
  if (all % 8 == 0)
    copy_words<std::uint64_t>(to, from, size);
  else if (all % 4 == 0)
    copy_words<std::uint32_t>(to, from, size);
  else if (all % 2 == 0)
    copy_words<std::uint16_t>(to, from, size);
  else
    copy_words<std::uint8_t>(to, from, size);
}

shm_block::shm_block(std::unique_ptr<shm_segment> segment, shm_token token)
    : segment_(std::move(segment)),
      token_(std::move(token)),
      capacity_(token_.capacity),
      size_(token_.element_size),
      wraps_(token_.kind == ring_kind) {}

shm_block shm_block::create(shm_token shape, std::size_t alignment, std::uint64_t start) {
  const std::size_t size = size_of_segment(shape, alignment);
  if (start > shape.capacity)
    throw shm_error("a shared " + shape.text() + " cannot start at index " + std::to_string(start));
  shm_block made(shm_segment::create(size), std::move(shape));
  made.token_.key = made.segment_->key();
  auto* const header = new (made.segment_->data()) shm_header{};
  header->layout = layout_of(made.token_);
  header->element_size = made.token_.element_size;
  header->capacity = made.token_.capacity;
  header->data_offset = offset_of_data(alignment);
  header->first.store(start, std::memory_order_relaxed);
  header->last.store(start, std::memory_order_relaxed);
  header->magic = magic;
  made.data_ = made.segment_->data() + header->data_offset;
  return made;
}

shm_block shm_block::attach(const shm_token& token, const shm_token& wanted, std::size_t alignment,
                            shm_access access) {
  const bool kind_fits = token.kind == wanted.kind || (is_array(token.kind) && is_array(wanted.kind));
  if (!kind_fits || token.element != wanted.element || token.element_size != wanted.element_size)
    throw shm_mismatch("the shared segment '" + token.key + "' is a " + token.text() + ", not a " +
                       wanted.kind + " of " + wanted.element + " (" + std::to_string(wanted.element_size) +
                       " bytes each)");
  const std::size_t size = size_of_segment(token, alignment);
  shm_block made(shm_segment::attach(token.key, access), token);
  if (made.segment_->size() != size)
    throw shm_mismatch("the shared segment '" + token.key + "' has " + std::to_string(made.segment_->size()) +
                       " bytes, but a " + token.text() + " has " + std::to_string(size));
  made.check_header(alignment);
  made.data_ = made.segment_->data() + offset_of_data(alignment);
  return made;
}

// The token came by a message and may be of another time or program than the memory.
void shm_block::check_header(std::size_t alignment) const {
  const shm_header& there = header();
  if (there.magic != magic || there.layout != layout_of(token_) ||
      there.element_size != token_.element_size || there.capacity != token_.capacity ||
      there.data_offset != offset_of_data(alignment))
    throw shm_mismatch("the shared segment '" + token_.key + "' holds " + std::to_string(there.capacity) +
                       " elements of " + std::to_string(there.element_size) + " bytes, and not a " +
                       token_.text() + " as its token says");
}

std::string shm_block::text() const { return "the shared " + token_.text() + " '" + token_.key + "'"; }

std::pair<std::uint64_t, std::uint64_t> shm_block::bounds() const noexcept {
  // The last first: in a ring the other one runs after it.
  std::uint64_t end = last();
  std::uint64_t begin = first();
  if (!wraps_) end = std::min<std::uint64_t>(end, capacity_);
  begin = std::min(begin, end);
  if (wraps_ && end - begin > capacity_) begin = end - capacity_;
  return {begin, end};
}

std::byte* shm_block::edit() {
  if (!writable()) throw shm_error(text() + " is attached to be read only");
  return data_;
}

void shm_block::require_view() const {
  if (wraps_) throw shm_error(text() + " cannot be seen in place, as its elements are replaced: take copies");
}

void shm_block::fail_range(std::uint64_t from, std::uint64_t to) const {
  throw shm_error(text() + " has no elements " + std::to_string(from) + " to " + std::to_string(to));
}

void shm_block::append(const std::byte* from, std::size_t count) {
  std::byte* const into = edit();
  if (wraps_) return append_wrapping(from, count);
  const std::uint64_t end = bounds().second;
  if (count > capacity_ - end)
    throw shm_full("no room for " + std::to_string(count) + " more elements behind index " +
                   std::to_string(end) + " of " + text());
  if (count != 0) std::memcpy(into + end * size_, from, count * size_);
  header().last.store(end + count, std::memory_order_release);
}

void shm_block::prepend(const std::byte* from, std::size_t count) {
  std::byte* const into = edit();
  if (wraps_) throw shm_error(text() + " has no begin to put elements before: it is a ring");
  const std::uint64_t begin = bounds().first;
  if (count > begin)
    throw shm_full("no room for " + std::to_string(count) + " more elements before index " +
                   std::to_string(begin) + " of " + text());
  if (count != 0) std::memcpy(into + (begin - count) * size_, from, count * size_);
  header().first.store(begin - count, std::memory_order_release);
}

// The oldest elements are given up before they are overwritten, so that a reader who copied them can tell.
void shm_block::append_wrapping(const std::byte* from, std::size_t count) {
  auto [begin, end] = bounds();
  if (count > capacity_) {
    from += (count - capacity_) * size_;
    end += count - capacity_;
    count = capacity_;
  }
  const std::uint64_t new_end = end + count;
  if (new_end > capacity_ && begin < new_end - capacity_) begin = new_end - capacity_;
  // An index beyond the last would be read as a ring that is too full.
  header().first.store(begin, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_release);
  while (count > 0) {
    const std::size_t slot = end % capacity_;
    const std::size_t step = std::min(count, capacity_ - slot);
    copy_shared(data_ + slot * size_, from, step * size_);
    from += step * size_;
    end += step;
    count -= step;
  }
  header().last.store(new_end, std::memory_order_release);
}

std::size_t shm_block::copy_last(std::byte* into, std::size_t count) const {
  constexpr int tries = 100;
  for (int i = 0; i < tries; ++i) {
    const auto [begin, end] = bounds();
    const std::size_t wanted = std::min<std::size_t>(count, end - begin);
    const std::uint64_t from = end - wanted;
    for (std::uint64_t at = from; at < end;) {
      const std::size_t slot = at % capacity_;
      const std::size_t step = std::min<std::size_t>(end - at, capacity_ - slot);
      copy_shared(into + (at - from) * size_, data_ + slot * size_, step * size_);
      at += step;
    }
    if (!wraps_) return wanted;
    std::atomic_thread_fence(std::memory_order_acquire);
    const std::uint64_t still = header().first.load(std::memory_order_relaxed);
    const std::size_t lost = still > from ? static_cast<std::size_t>(std::min(still, end) - from) : 0;
    if (lost == wanted && (wanted != 0 || still != begin)) continue;  // overtaken: look again
    if (lost != 0) std::memmove(into, into + lost * size_, (wanted - lost) * size_);
    return wanted - lost;
  }
  return 0;
}

}  // namespace detail
}  // namespace tractor
