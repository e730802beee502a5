#include "tractor/runtime/endpoint.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "tractor/runtime/errors.hpp"

namespace tractor::detail {

std::uint64_t endpoint::layout_hash() const {
  if (!layout_hash_) layout_hash_ = layout ? msg::layout_hash(layout()) : 0;
  return *layout_hash_;
}

namespace {

struct entry {
  endpoint what;
  const void* function;
};

// Keyed by ns:name(signature); leaked, since endpoints are used until the very end of the process.
std::map<std::string, entry, std::less<>>& table() {
  static auto* all = new std::map<std::string, entry, std::less<>>();
  return *all;
}

// By the key of what they stand for.
std::map<std::string, const endpoint*, std::less<>>& plain_names() {
  static auto* all = new std::map<std::string, const endpoint*, std::less<>>();
  return *all;
}

void erase_all(std::string& text, std::string_view what) {
  for (std::size_t at; (at = text.find(what)) != std::string::npos;) text.erase(at, what.size());
}

}  // namespace

const endpoint& register_endpoint(endpoint what, const void* function) {
  std::string key = what.key();
  auto [at, fresh] = table().try_emplace(std::move(key), entry{std::move(what), function});
  if (!fresh && at->second.function != function) {
    std::fprintf(stderr,
                 "tractor: two endpoints are named '%s': another process could not tell them apart; rename "
                 "one, or give "
                 "it a name of its own with expose_as\n",
                 at->first.c_str());
    std::abort();
  }
  if (!at->second.what.alias_of.empty()) plain_names()[at->second.what.alias_of] = &at->second.what;
  return at->second.what;
}

const endpoint& plain_form(const endpoint& of) {
  const auto at = plain_names().find(of.key());
  return at == plain_names().end() ? of : *at->second;
}

std::pair<std::string, std::string> function_name(std::string_view pretty) {
  // g++:   constexpr std::string_view tractor::detail::pretty_name() [with auto Fn = add; std::string_view =
  // …] clang: std::string_view tractor::detail::pretty_name() [Fn = &add]
  std::size_t from = pretty.find("Fn = ");
  std::string name(pretty.substr(from + 5));
  int depth = 0;
  std::size_t end = 0;
  for (; end < name.size(); ++end) {
    const char c = name[end];
    if (c == '<' || c == '(' || c == '[' || c == '{') ++depth;
    if (depth == 0 && (c == ';' || c == ']')) break;
    if (c == '>' || c == ')' || c == ']' || c == '}') --depth;
  }
  name.resize(end);
  erase_all(name, "{anonymous}::");
  erase_all(name, "(anonymous namespace)::");
  if (name.starts_with('&')) name.erase(0, 1);
  // Template arguments differ in spelling between compilers; those of a name stay with the name.
  const std::size_t angle = name.find('<');
  const std::size_t scope = name.rfind("::", angle == std::string::npos ? name.size() : angle);
  if (scope == std::string::npos) return {"main", name};
  return {name.substr(0, scope), name.substr(scope + 2)};
}

std::string signature_text(std::string dialog, std::vector<std::string> parameters,
                           const std::string& result) {
  if (!dialog.empty()) parameters.insert(parameters.begin(), std::move(dialog));
  std::string out = "(";
  for (const std::string& parameter : parameters) out.append(out.size() > 1 ? "," : "").append(parameter);
  return out.append(")->").append(result);
}

const endpoint* find_endpoint(std::string_view ns, std::string_view name, std::string_view signature) {
  const std::string prefix = std::string(ns) + ":" + std::string(name);
  if (!signature.empty()) return find_endpoint(prefix + std::string(signature));
  auto at = table().lower_bound(prefix + "(");
  const bool found = at != table().end() && at->first.starts_with(prefix + "(");
  return found ? &at->second.what : nullptr;
}

const endpoint* find_endpoint(std::string_view key) {
  const auto at = table().find(key);
  return at == table().end() ? nullptr : &at->second.what;
}

void bad_argument(const endpoint& self, std::size_t index, const std::string& wanted,
                  const std::string& what) {
  std::string which = "argument " + std::to_string(index + 1);
  if (index < self.parameters.size()) which += " '" + self.parameters[index] + "'";
  throw msg_type_error(which + " of " + self.key() + " must be a " + wanted + ": " + what);
}

std::vector<msg::byte_view> argument_values(const endpoint& self, const msg::start& call) {
  std::vector<msg::byte_view> values;
  if (!call.x_args.empty()) {
    msg::reader in(call.x_args);
    const std::size_t count = in.array_header();
    if (count != self.arity)
      throw argument_error(self.key() + " takes " + std::to_string(self.arity) + " arguments, but " +
                           std::to_string(count) + " were given");
    for (std::size_t i = 0; i < count; ++i) values.push_back(in.skip());
    return values;
  }
  values.resize(self.arity);
  std::size_t given = 0;
  if (!call.kwargs.empty()) {
    msg::reader in(call.kwargs);
    const std::size_t count = in.map_header();
    for (std::size_t i = 0; i < count; ++i) {
      const std::string name(in.str());
      const auto at = std::find(self.parameters.begin(), self.parameters.end(), name);
      if (at == self.parameters.end())
        throw argument_error(self.key() + " has no parameter named '" + name + "'" +
                             (self.parameters.empty() ? " (give it names with expose_as)" : ""));
      values[static_cast<std::size_t>(at - self.parameters.begin())] = in.skip();
      ++given;
    }
  }
  if (given != self.arity)
    throw argument_error(self.key() + " takes " + std::to_string(self.arity) + " arguments, but " +
                         std::to_string(given) + " were given");
  return values;
}

}  // namespace tractor::detail
