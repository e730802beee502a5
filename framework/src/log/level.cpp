#include "tractor/log/level.hpp"

#include <algorithm>
#include <charconv>
#include <mutex>
#include <stdexcept>

#include "log/text.hpp"

namespace tractor::log {
namespace {

struct known_level {
  std::string name;
  int value;
  colour shown_in;
};

struct level_table {
  std::mutex lock;
  std::vector<known_level> levels{
      {"TRANSPORT", 5, colour::none}, {"DEBUG", 10, colour::white},     {"RUNTIME", 15, colour::cyan},
      {"DEVX", 17, colour::cyan},     {"INFO", 20, colour::green},      {"IO", 21, colour::blue},
      {"CANCEL", 22, colour::yellow}, {"WARNING", 30, colour::magenta}, {"ERROR", 40, colour::red},
      {"CRITICAL", 50, colour::red},  {"PDB", 500, colour::white},
  };
};

// Leaked: destructors of other libraries may still log.
level_table& table() {
  static auto* const it = new level_table;
  return *it;
}

bool good_name(std::string_view name) {
  return !name.empty() && !std::isdigit(static_cast<unsigned char>(name.front())) &&
         std::ranges::all_of(name, [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

}  // namespace

std::string level_name(level value) {
  const std::scoped_lock guard(table().lock);
  for (const auto& it : table().levels)
    if (it.value == int(value)) return it.name;
  return "LEVEL " + std::to_string(int(value));
}

colour level_colour(level value) {
  const std::scoped_lock guard(table().lock);
  for (const auto& it : table().levels)
    if (it.value == int(value)) return it.shown_in;
  return colour::none;
}

level parse_level(std::string_view text) {
  const std::string name = detail::in_capitals(text);
  {
    const std::scoped_lock guard(table().lock);
    for (const auto& it : table().levels)
      if (it.name == name) return level(it.value);
  }
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= 1000)
    return level(number);
  throw std::invalid_argument("no log level " + detail::in_quotes(text) + ": use one of " +
                              detail::in_small(detail::joined(level_names())) +
                              ", or a number from 1 to 1000");
}

level add_level(std::string_view text, int value, colour shown_in) {
  if (!good_name(text))
    throw std::invalid_argument("cannot add the log level " + detail::in_quotes(text) +
                                ": a name holds letters, digits and _, and starts with none of the digits");
  if (value < 1 || value > 1000)
    throw std::invalid_argument("cannot add the log level " + std::string(text) + " with number " +
                                std::to_string(value) + ": use one from 1 to 1000");
  const std::string name = detail::in_capitals(text);
  const std::scoped_lock guard(table().lock);
  auto& levels = table().levels;
  for (auto& it : levels) {
    if (it.name == name && it.value == value) {
      it.shown_in = shown_in;
      return level(value);
    }
    if (it.name == name || it.value == value)
      throw std::invalid_argument("cannot add the log level " + name + " with number " +
                                  std::to_string(value) + ": " + it.name + " has number " +
                                  std::to_string(it.value) + " already");
  }
  levels.insert(std::ranges::find_if(levels, [&](const auto& it) { return it.value > value; }),
                {name, value, shown_in});
  return level(value);
}

std::vector<std::string> level_names() {
  const std::scoped_lock guard(table().lock);
  std::vector<std::string> names;
  for (const auto& it : table().levels) names.push_back(it.name);
  return names;
}

}  // namespace tractor::log
