#include "name_expression.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "tractor/plugin/settings_error.hpp"

namespace tractor::harness::detail {

namespace {

char lower(char c) noexcept { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool holds(std::string_view text, std::string_view word) {
  return !std::ranges::search(text, word, [](char a, char b) { return lower(a) == lower(b); }).empty();
}

}  // namespace

class name_expression::node {
 public:
  enum class kind { word, either, both, opposite };
  using pointer = std::shared_ptr<const node>;

  explicit node(std::string word) : kind_(kind::word), word_(std::move(word)) {}
  node(kind what, pointer left, pointer right)
      : kind_(what), left_(std::move(left)), right_(std::move(right)) {}

  bool matches(std::string_view name) const {
    switch (kind_) {
      case kind::word:
        return holds(name, word_);
      case kind::either:
        return left_->matches(name) || right_->matches(name);
      case kind::both:
        return left_->matches(name) && right_->matches(name);
      case kind::opposite:
        return !left_->matches(name);
    }
    return false;
  }

 private:
  kind kind_;
  std::string word_;
  pointer left_, right_;
};

namespace {

using node = name_expression::node;

// expression: term { or term }; term: factor { and factor }; factor: word | not factor | ( expression )
class expression_parser {
 public:
  explicit expression_parser(const std::string& text) : text_(text) { advance(); }

  node::pointer whole() {
    node::pointer out = expression();
    if (!token_.empty()) fail("'" + token_ + "' is one too many");
    return out;
  }

 private:
  void advance() {
    at_ = text_.find_first_not_of(" \t", at_);
    if (at_ == text_.npos) {
      at_ = text_.size();
      token_.clear();
      return;
    }
    const bool bracket = text_[at_] == '(' || text_[at_] == ')';
    const std::size_t end = bracket ? at_ + 1 : std::min(text_.find_first_of(" \t()", at_), text_.size());
    token_ = text_.substr(at_, end - at_);
    at_ = end;
  }

  node::pointer expression() { return chain("or", node::kind::either, &expression_parser::term); }
  node::pointer term() { return chain("and", node::kind::both, &expression_parser::factor); }

  node::pointer chain(const char* word, node::kind what, node::pointer (expression_parser::*part)()) {
    node::pointer out = (this->*part)();
    while (token_ == word) {
      advance();
      out = std::make_shared<node>(what, out, (this->*part)());
    }
    return out;
  }

  node::pointer factor() {
    if (token_.empty()) fail("it ends where a word should stand");
    if (token_ == ")" || token_ == "and" || token_ == "or")
      fail("'" + token_ + "' stands where a word should");
    const std::string token = token_;
    advance();
    if (token == "not") return std::make_shared<node>(node::kind::opposite, factor(), nullptr);
    if (token != "(") return std::make_shared<node>(token);
    node::pointer out = expression();
    if (token_ != ")") fail("a bracket is not closed");
    advance();
    return out;
  }

  [[noreturn]] void fail(const std::string& why) const {
    throw settings_error("-k '" + text_ + "': " + why + " (words, 'and', 'or', 'not', brackets)");
  }

  const std::string& text_;
  std::size_t at_ = 0;
  std::string token_;
};

bool glob_matches(std::string_view pattern, std::string_view text) noexcept {
  std::size_t at = 0, star = pattern.npos, resume = 0, here = 0;
  while (here < text.size()) {
    if (at < pattern.size() && (pattern[at] == '?' || pattern[at] == text[here]) && pattern[at] != '*') {
      ++at, ++here;
    } else if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = here;
    } else if (star != pattern.npos) {
      at = star + 1;
      here = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == pattern.npos;
}

bool any_matches(std::string_view patterns, std::string_view name) noexcept {
  for (std::size_t at = 0; at <= patterns.size();) {
    const std::size_t end = std::min(patterns.find(':', at), patterns.size());
    if (glob_matches(patterns.substr(at, end - at), name)) return true;
    at = end + 1;
  }
  return false;
}

}  // namespace

name_expression::name_expression(const std::string& text)
    : text_(text), root_(expression_parser(text).whole()) {}

bool name_expression::matches(std::string_view name) const { return root_->matches(name); }

bool filter_selects(std::string_view filter, std::string_view name) noexcept {
  const std::size_t minus = filter.find('-');
  const std::string_view wanted = filter.substr(0, minus);
  if (!wanted.empty() && !any_matches(wanted, name)) return false;
  return minus == filter.npos || !any_matches(filter.substr(minus + 1), name);
}

}  // namespace tractor::harness::detail
