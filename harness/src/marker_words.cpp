#include "marker_words.hpp"

#include <algorithm>
#include <cstdio>
#include <set>

#include "declared.hpp"
#include "joined.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace tractor::harness::detail {

namespace {

std::string name_of(const test_case& test) { return test.suite + "." + test.name; }

void check_capabilities(const test_case& test) {
  const std::vector<std::string> known = plugin::known_capabilities();
  for (const std::string& word : test.named_capabilities)
    if (std::ranges::count(known, word) == 0)
      throw settings_error(name_of(test) + ": needs(\"" + word + "\"): no plugin can have that: known are " +
                           joined(known, ", "));
}

/// The keys of all plugins that were found, good or not, and their aliases.
class known_places {
 public:
  known_places() : found_(plugin::registry::instance().list()) {}

  bool has(const std::string& key) const {
    return std::ranges::any_of(found_, [&](const auto& each) { return each.key == key; });
  }
  /// The key that an alias stands for; empty if it is none.
  std::string key_of_alias(const std::string& word) const {
    for (const plugin::plugin_info& each : found_)
      if (std::ranges::count(each.aliases, word) > 0) return each.key;
    return {};
  }
  std::string listed() const {
    std::set<std::string> keys;
    for (const plugin::plugin_info& each : found_) keys.insert(each.key);
    return joined({keys.begin(), keys.end()}, ", ");
  }

 private:
  std::vector<plugin::plugin_info> found_;
};

void check_place(const test_case& test, const std::string& place, const known_places& known,
                 std::set<std::string>& told) {
  for (std::size_t at = 0; at <= place.size();) {
    const std::size_t end = std::min(place.find('+', at), place.size());
    const std::string word = place.substr(at, end - at);
    at = end + 1;
    if (known.has(word)) continue;
    if (const std::string key = known.key_of_alias(word); !key.empty())
      throw settings_error(name_of(test) + ": \"" + place + "\" is no cell: '" + word + "' is an alias of '" +
                           key + "', so write that");
    if (told.insert(place).second)
      std::printf("%s: an option is for \"%s\", but there is no plugin '%s' in this run: found are %s\n",
                  name_of(test).c_str(), place.c_str(), word.c_str(), known.listed().c_str());
  }
}

}  // namespace

void check_marker_words(const std::vector<std::string>& tests) {
  std::set<const test_case*> looked_at;
  std::set<std::string> told;
  const known_places known;
  for (const std::string& name : tests) {
    const test_case* const test = find_declared(name);
    if (!test || !looked_at.insert(test).second) continue;
    check_capabilities(*test);
    for (const std::string& place : test->named_places) check_place(*test, place, known, told);
  }
  std::fflush(stdout);
}

}  // namespace tractor::harness::detail
