#include "tractor/async/detail/frame_pool.hpp"

#include <new>

namespace tractor::detail {

namespace {

constexpr std::size_t granule = 64, classes = 24, most_kept = 64;

struct free_frame_node {
  free_frame_node* next;
};

struct size_class {
  free_frame_node* first = nullptr;
  std::size_t count = 0;
};

// Initial-exec: this library is linked, not loaded later, and each access would else be a function call.
// Never freed: it is bounded, and belongs to threads that run loops.
thread_local constinit size_class pool[classes] __attribute__((tls_model("initial-exec")));

// Sanitizers must see each frame come and go.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool pooled = false;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool pooled = false;
#else
constexpr bool pooled = true;
#endif
#else
constexpr bool pooled = true;
#endif

}  // namespace

void* allocate_frame(std::size_t size) {
  const std::size_t at = (size + granule - 1) / granule;
  if (!pooled || at >= classes) return ::operator new(size);
  size_class& kept = pool[at];
  if (!kept.first) return ::operator new(at* granule);
  free_frame_node* const frame = kept.first;
  kept.first = frame->next;
  --kept.count;
  return frame;
}

void free_frame(void* frame, std::size_t size) noexcept {
  const std::size_t at = (size + granule - 1) / granule;
  if (!pooled || at >= classes || pool[at].count >= most_kept) return ::operator delete(frame);
  auto* const node = static_cast<free_frame_node*>(frame);
  node->next = pool[at].first;
  pool[at].first = node;
  ++pool[at].count;
}

}  // namespace tractor::detail
