// Which names an expression means: the value of the flag -k.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace tractor::harness::detail {

/// A condition on the name and the labels of a test: words joined by `and`, `or`, `not` and parentheses. A
/// value.
///
/// A word stands for every name that holds it, whatever the case: `stream and not (cancel or kill)`.
class name_expression {
 public:
  /// Reads an expression. Throws `settings_error`, which says where it cannot be read.
  explicit name_expression(const std::string& text);

  /// True when `name` is meant.
  bool matches(std::string_view name) const;

  /// As it was given.
  const std::string& text() const noexcept { return text_; }

  class node;

 private:
  std::string text_;
  std::shared_ptr<const node> root_;
};

/// True when a filter as of GoogleTest (`a*:b?-c`) selects `name`.
bool filter_selects(std::string_view filter, std::string_view name) noexcept;

}  // namespace tractor::harness::detail
