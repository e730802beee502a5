#include "plugin/text.hpp"

#include "log/text.hpp"

namespace tractor::plugin::detail {

std::string in_quotes(std::string_view text) { return log::detail::in_quotes(text); }

std::string joined(const std::vector<std::string>& parts) { return log::detail::joined(parts); }

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const auto end = text.find_first_of(separators);
    if (end != 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  return out;
}

}  // namespace tractor::plugin::detail
