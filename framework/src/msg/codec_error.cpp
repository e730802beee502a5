#include <tractor/msg/codec_error.hpp>

namespace tractor::msg {

codec_error::codec_error(std::string expected, std::string found)
    : codec_error(expected, found, "expected " + expected + ", found " + found) {}

codec_error::codec_error(std::string expected, std::string found, std::string text)
    : std::runtime_error("codec error"),
      expected_(std::move(expected)),
      found_(std::move(found)),
      text_(std::move(text)),
      what_(text_) {}

codec_error::~codec_error() = default;

void codec_error::prepend_field(std::string_view name) { prepend(std::string(name)); }

void codec_error::prepend_index(std::size_t index) { prepend('[' + std::to_string(index) + ']'); }

void codec_error::prepend_key(std::string_view key) { prepend('[' + std::string(key) + ']'); }

void codec_error::prepend(std::string step) {
  if (step.empty()) return;
  // A step may be the key of a hostile peer.
  constexpr std::size_t longest = 80;
  if (step.size() > longest) step.replace(longest, std::string::npos, step.front() == '[' ? "...]" : "...");
  if (!path_.empty() && path_.front() != '[') step += '.';
  path_.insert(0, step);
  what_ = path_ + ": " + text_;
}

}  // namespace tractor::msg
