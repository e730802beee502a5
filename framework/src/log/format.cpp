#include "log/format.hpp"

#include <fmt/args.h>
#include <fmt/format.h>

#include <sstream>
#include <string>

namespace tractor::log::detail {
namespace {

using arguments = fmt::dynamic_format_arg_store<fmt::format_context>;

std::string custom_text(const argument& what) {
  std::string out;
  if (what.render()) {
    what.render()(what.as_pointer(), out);
  } else {
    std::ostringstream stream;
    what.stream()(what.as_pointer(), stream);
    out = std::move(stream).str();
  }
  return out;
}

std::string duration_text(double seconds) {
  const double size = seconds < 0 ? -seconds : seconds;
  if (size == 0 || size >= 1) return fmt::format("{:.6g}s", seconds);
  if (size >= 1e-3) return fmt::format("{:.6g}ms", seconds * 1e3);
  if (size >= 1e-6) return fmt::format("{:.6g}us", seconds * 1e6);
  return fmt::format("{:.6g}ns", seconds * 1e9);
}

void add(arguments& store, const argument& what) {
  using kind = argument::kind;
  switch (what.what()) {
    case kind::boolean:
      return store.push_back(what.as_integer() != 0);
    case kind::character:
      return store.push_back(static_cast<char>(what.as_integer()));
    case kind::integer:
      return store.push_back(what.as_integer());
    case kind::natural:
      return store.push_back(what.as_natural());
    case kind::real:
      return store.push_back(what.as_real());
    case kind::seconds:
      return store.push_back(duration_text(what.as_real()));
    case kind::pointer:
      return store.push_back(what.as_pointer());
    case kind::text:
      return store.push_back(fmt::string_view(what.as_text().data(), what.as_text().size()));
    case kind::custom:
      return store.push_back(custom_text(what));
  }
}

}  // namespace

std::string formatted(std::string_view text, std::span<const argument> args) {
  try {
    arguments store;
    for (const argument& it : args) add(store, it);
    return fmt::vformat(fmt::string_view(text.data(), text.size()), store);
  } catch (const std::exception& error) {
    // A log line must never be the failure: show what there is.
    return "[log text cannot be formatted: " + std::string(error.what()) + "] " + std::string(text);
  }
}

}  // namespace tractor::log::detail
