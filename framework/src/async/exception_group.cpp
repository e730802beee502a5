#include "tractor/async/exception_group.hpp"

#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <typeinfo>

#include "tractor/async/detail/task_state.hpp"

namespace tractor {

namespace {

std::string demangle(const char* mangled) {
  int status = 0;
  std::unique_ptr<char, void (*)(void*)> text(abi::__cxa_demangle(mangled, nullptr, nullptr, &status),
                                              std::free);
  return status == 0 ? text.get() : mangled;
}

const base_exception_group* as_group(const std::exception_ptr& error) {
  if (detail::is_cancelled(error)) return nullptr;
  try {
    std::rethrow_exception(error);
  } catch (const base_exception_group& group) {
    // The exception object lives as long as `error` does.
    return &group;
  } catch (...) {
    return nullptr;
  }
}

bool holds_cancelled(const std::vector<std::exception_ptr>& members) {
  bool found = false;
  for (const auto& member : members)
    for_each_leaf(member,
                  [&](const std::exception_ptr& leaf) { found = found || detail::is_cancelled(leaf); });
  return found;
}

std::exception_ptr make_group(std::string message, std::vector<std::exception_ptr> members) {
  if (holds_cancelled(members))
    return std::make_exception_ptr(base_exception_group(std::move(message), std::move(members)));
  return std::make_exception_ptr(exception_group(std::move(message), std::move(members)));
}

void render(std::string& out, const std::exception_ptr& error, const std::string& indent) {
  if (const base_exception_group* group = as_group(error)) {
    out += "exception_group: " + group->message() + " (" + std::to_string(group->exceptions().size()) +
           " errors)";
    for (const auto& member : group->exceptions()) {
      out += "\n" + indent + "  - ";
      render(out, member, indent + "    ");
    }
    return;
  }
  out += type_name(error);
  const std::string text = detail::text_of_error(error);
  if (!text.empty()) out += ": ";
  for (const char c : text) out += c == '\n' ? "\n" + indent : std::string(1, c);
}

std::string text_with_causes(const std::exception& error) {
  const char* const own = error.what();
  std::string out = own ? own : "";
  const auto* const nested = dynamic_cast<const std::nested_exception*>(&error);
  if (nested && nested->nested_ptr()) out += "\ncaused by " + describe(nested->nested_ptr());
  return out;
}

std::exception_ptr keep_first(const std::exception_ptr& error, std::vector<std::exception_ptr>& seen) {
  const base_exception_group* const group = as_group(error);
  if (!group) {
    const bool is_new = std::find(seen.begin(), seen.end(), error) == seen.end();
    return is_new ? seen.emplace_back(error) : nullptr;
  }
  std::vector<std::exception_ptr> kept;
  for (const auto& member : group->exceptions())
    if (auto rest = keep_first(member, seen)) kept.push_back(std::move(rest));
  if (kept == group->exceptions()) return error;
  if (kept.empty()) return nullptr;
  return kept.size() == 1 ? kept.front() : make_group(group->message(), std::move(kept));
}

}  // namespace

base_exception_group::base_exception_group(std::string message, std::vector<std::exception_ptr> members)
    : message_(std::move(message)), members_(std::move(members)) {
  text_ = message_ + " (" + std::to_string(members_.size()) + " errors)";
  for (const auto& member : members_) {
    text_ += "\n  - ";
    render(text_, member, "    ");
  }
}

std::size_t base_exception_group::leaf_count() const {
  std::size_t count = 0;
  for_each_leaf([&](const std::exception_ptr&) { ++count; });
  return count;
}

void base_exception_group::for_each_leaf(const std::function<void(const std::exception_ptr&)>& visit) const {
  for (const auto& member : members_) tractor::for_each_leaf(member, visit);
}

std::pair<std::exception_ptr, std::exception_ptr> base_exception_group::split(
    const std::function<bool(const std::exception_ptr&)>& matches) const {
  std::vector<std::exception_ptr> yes, no;
  for (const auto& member : members_) {
    auto [matching, rest] = split_error(member, matches);
    if (matching) yes.push_back(matching);
    if (rest) no.push_back(rest);
  }
  auto rebuild = [&](std::vector<std::exception_ptr>& part) -> std::exception_ptr {
    if (part.empty()) return nullptr;
    if (part.size() == 1) return part.front();
    return make_group(message_, std::move(part));
  };
  return {rebuild(yes), rebuild(no)};
}

std::exception_ptr join_errors(std::string message, std::vector<std::exception_ptr> errors) {
  if (errors.empty()) return nullptr;
  if (errors.size() == 1) return errors.front();
  return make_group(std::move(message), std::move(errors));
}

std::pair<std::exception_ptr, std::exception_ptr> split_error(
    const std::exception_ptr& error, const std::function<bool(const std::exception_ptr&)>& matches) {
  if (!error) return {nullptr, nullptr};
  if (const base_exception_group* group = as_group(error)) {
    auto [yes, no] = group->split(matches);
    if (!no) return {error, nullptr};
    if (!yes) return {nullptr, error};
    return {yes, no};
  }
  if (matches(error)) return {error, nullptr};
  return {nullptr, error};
}

void for_each_leaf(const std::exception_ptr& error,
                   const std::function<void(const std::exception_ptr&)>& visit) {
  if (!error) return;
  if (const base_exception_group* group = as_group(error))
    group->for_each_leaf(visit);
  else
    visit(error);
}

std::exception_ptr collapse_group(const std::exception_ptr& error) {
  const base_exception_group* group = error ? as_group(error) : nullptr;
  if (!group) return error;
  if (group->exceptions().size() == 1) return collapse_group(group->exceptions().front());
  std::vector<std::exception_ptr> members;
  for (const auto& member : group->exceptions()) members.push_back(collapse_group(member));
  if (members == group->exceptions()) return error;
  return make_group(group->message(), std::move(members));
}

bool detail::only_cancelled(const std::exception_ptr& error,
                            const std::function<bool(const std::exception_ptr&)>& also) {
  if (!error) return false;
  bool only = true;
  for_each_leaf(error, [&](const std::exception_ptr& leaf) {
    only = only && (detail::is_cancelled(leaf) || also(leaf));
  });
  return only;
}

std::exception_ptr detail::without_repeats(const std::exception_ptr& error) noexcept {
  std::vector<std::exception_ptr> seen;
  return error ? keep_first(error, seen) : nullptr;
}

std::string detail::text_of_error(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& of) {
    return text_with_causes(of);
  } catch (const std::string& text) {
    return text;
  } catch (const char* text) {
    return text ? text : "";
  } catch (...) {
    return {};
  }
}

std::string detail::readable_type_name(const std::type_info& type) {
  std::string name = demangle(type.name());
  constexpr std::string_view begin = "std::_Nested_exception<";
  if (!name.starts_with(begin) || !name.ends_with('>')) return name;
  name = name.substr(begin.size(), name.size() - begin.size() - 1);
  while (name.ends_with(' ')) name.pop_back();
  return name;
}

void maybe_raise_from_masking_error(const std::exception_ptr& error) {
  auto is_cancel = [](const std::exception_ptr& leaf) { return detail::is_cancelled(leaf); };
  const auto [cancels, errors] = split_error(error, is_cancel);
  if (cancels && errors) std::rethrow_exception(errors);
}

std::string type_name(const std::exception_ptr& error) {
  if (!error) return "none";
  const std::type_info* type = error.__cxa_exception_type();
  return type ? detail::readable_type_name(*type) : "unknown exception";
}

std::string describe(const std::exception_ptr& error) {
  if (!error) return "no error";
  std::string out;
  render(out, error, "");
  return out;
}

}  // namespace tractor
