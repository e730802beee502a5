#include <tractor/msg/layout.hpp>

namespace tractor::msg {

namespace detail {

std::string layout_text(const layouts& all) {
  std::string text;
  for (const auto& [name, members] : all) {
    if (!text.empty()) text += "; ";
    text.append(name).append("{").append(members).append("}");
  }
  return text;
}

}  // namespace detail

// FNV-1a: nothing secret is hashed, and it takes four lines on every platform.
std::uint64_t layout_hash(std::string_view layout) noexcept {
  if (layout.empty()) return 0;
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : layout) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash == 0 ? 1 : hash;
}

std::string to_text(const std::vector<member_change>& changes) {
  std::string text;
  for (const member_change& each : changes) {
    if (!text.empty()) text += '\n';
    if (!each.path.empty()) text.append(each.path).append(": ");
    text.append(each.before).append(" -> ").append(each.after);
  }
  return text;
}

}  // namespace tractor::msg
