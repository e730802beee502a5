#include "runtime/line_relay.hpp"

namespace tractor::detail {

void line_splitter::feed(std::string_view bytes) {
  for (std::size_t end; (end = bytes.find('\n')) != bytes.npos; bytes.remove_prefix(end + 1)) {
    if (open_.empty()) {
      emit(bytes.substr(0, end));
    } else {
      open_ += bytes.substr(0, end);
      emit(open_);
      open_.clear();
    }
  }
  open_ += bytes;
  for (; open_.size() >= longest; open_.erase(0, longest)) emit_(std::string_view(open_).substr(0, longest));
}

void line_splitter::finish() {
  if (!open_.empty()) emit(open_);
  open_.clear();
}

void line_splitter::emit(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  for (; line.size() > longest; line.remove_prefix(longest)) emit_(line.substr(0, longest));
  emit_(line);
}

void tail_keeper::feed(std::string_view bytes) {
  kept_ += bytes;
  // Twice the room, so that many small writes do not each move all of it.
  if (kept_.size() <= 2 * room) return;
  kept_.erase(0, kept_.size() - room);
  cut_ = true;
}

std::string tail_keeper::text() const {
  if (!cut_ && kept_.size() <= room) return kept_;
  std::string tail = kept_.substr(kept_.size() - room);
  const std::size_t first = tail.find('\n');
  if (first != tail.npos && first + 1 < tail.size()) tail.erase(0, first + 1);
  return tail;
}

}  // namespace tractor::detail
