#include "tractor/plugin/flags.hpp"

#include <algorithm>
#include <functional>
#include <span>
#include <stdexcept>
#include <string_view>

#include "log/text.hpp"
#include "plugin/text.hpp"
#include "plugin/values.hpp"
#include "tractor/log/spec.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace tractor {
namespace {

using namespace plugin::detail;

enum class takes { nothing, one, keys, addresses };

struct flag {
  std::string_view name;
  takes value;
  std::string_view help;
  void (*store)(parsed_flags& out, const std::string& value);
};

template <class T> void append(std::optional<std::vector<T>>& list, std::vector<T> more) {
  if (!list) list.emplace();
  list->insert(list->end(), more.begin(), more.end());
}

constexpr flag flags[] = {
    {"--spawn-backend", takes::one, "KEY       how processes start",
     [](parsed_flags& out, const std::string& text) { out.said.spawn_backend = parse_key(text); }},
    {"--tpt-proto", takes::keys, "KEY...        how bytes travel; several: the preferred one first",
     [](parsed_flags& out, const std::string& text) { append(out.said.transports, parse_transports(text)); }},
    {"--registry-addr", takes::addresses, "ADDR...   where registrars are, or where to be one",
     [](parsed_flags& out, const std::string& text) { append(out.said.registry_addrs, parse_list(text)); }},
    {"--ll", takes::one, "LEVEL                log level of everything",
     [](parsed_flags& out, const std::string& text) { out.said.loglevel = log::parse_level(text); }},
    {"--tl", takes::one, "SPEC                 log level, or levels by subsystem: devx:runtime,ipc:cancel",
     [](parsed_flags& out, const std::string& text) { log::parse_spec(text), out.said.log_spec = text; }},
    {"--debug-mode", takes::nothing, "             stop in a debugger prompt at a crash",
     [](parsed_flags& out, const std::string& text) { out.said.debug_mode = parse_bool(text); }},
    {"--tpdb", takes::nothing, "                   the same",
     [](parsed_flags& out, const std::string& text) { out.said.debug_mode = parse_bool(text); }},
    {"--enable-stackscope", takes::nothing, "      dump all tasks at SIGUSR1",
     [](parsed_flags& out, const std::string& text) { out.said.enable_stackscope = parse_bool(text); }},
    {"--plugin-path", takes::one, "FOLDERS     where plugins are, separated by colons",
     [](parsed_flags& out, const std::string& text) {
       for (const auto& it : split(text, ":")) {
         if (!it.starts_with('/'))
           throw std::invalid_argument("expected whole paths, from /, found " + in_quotes(it));
         out.said.plugin_path.push_back(it);
       }
     }},
    {"--config", takes::one, "FILE             config file",
     [](parsed_flags& out, const std::string& text) { out.config_file = text; }},
    {"--insecure", takes::nothing, "               allow to listen beyond this host without encryption",
     [](parsed_flags& out, const std::string& text) { out.said.insecure_bind = parse_bool(text); }},
    {"--allow-keyless-peers", takes::nothing, "    let peers in that do not know the user's key",
     [](parsed_flags& out, const std::string& text) { out.said.allow_keyless_peers = parse_bool(text); }},
};

bool is_flag(std::string_view word) {
  // A negative number is a value.
  return word.size() > 1 && word[0] == '-' && !(word[1] >= '0' && word[1] <= '9') && word[1] != '.';
}

bool is_keys(std::string_view word) {
  const auto keys = split(word, ",");
  return !keys.empty() && std::ranges::all_of(keys, is_transport_name);
}

bool is_address(std::string_view word) { return !is_flag(word) && word.find_first_of(":/@") != word.npos; }

void store(const flag& it, parsed_flags& out, const std::string& value) {
  try {
    it.store(out, value);
  } catch (const std::invalid_argument& error) {
    throw settings_error(std::string(it.name) + ": " + error.what());
  }
}

// Stores the flag at words[at] with its values; returns the place after them.
std::size_t take(const flag& it, std::span<const std::string_view> words, std::size_t at,
                 const std::vector<std::string>& commands, parsed_flags& out) {
  const std::string_view word = words[at++];
  if (const auto equals = word.find('='); equals != word.npos) {
    if (equals + 1 == word.size()) throw settings_error(std::string(it.name) + ": needs a value");
    store(it, out, std::string(word.substr(equals + 1)));
    return at;
  }
  if (it.value == takes::nothing) {
    store(it, out, "true");
    return at;
  }
  if (at == words.size() || is_flag(words[at]) || words[at].empty())
    throw settings_error(std::string(it.name) + ": needs a value");
  store(it, out, std::string(words[at++]));
  const auto looks_right = it.value == takes::keys ? is_keys : is_address;
  const auto more = [&](std::string_view next) {
    return looks_right(next) && std::ranges::find(commands, next) == commands.end();
  };
  if (it.value != takes::one)
    while (at < words.size() && more(words[at])) store(it, out, std::string(words[at++]));
  return at;
}

}  // namespace

parsed_flags parse_runtime_flags(int argc, const char* const* argv,
                                 const std::vector<std::string>& commands) {
  parsed_flags out;
  const std::vector<std::string_view> words(argv + std::min(argc, 1), argv + argc);
  for (std::size_t at = 0; at < words.size();) {
    const std::string_view word = words[at];
    if (word == "--") {
      out.rest.insert(out.rest.end(), words.begin() + static_cast<std::ptrdiff_t>(at) + 1, words.end());
      break;
    }
    const auto found = std::ranges::find(flags, word.substr(0, word.find('=')), &flag::name);
    if (found != std::end(flags)) {
      at = take(*found, words, at, commands, out);
      continue;
    }
    if (is_flag(word)) out.unknown.emplace_back(word);
    out.rest.emplace_back(word);
    ++at;
  }
  return out;
}

void refuse_unknown(const parsed_flags& given) {
  if (given.unknown.empty()) return;
  std::vector<std::string> known;
  for (const flag& it : flags) known.emplace_back(it.name);
  throw settings_error("unknown flag " + in_quotes(given.unknown.front()) + ": known are " + joined(known) +
                       "; what is not for the runtime goes after --");
}

std::string runtime_flags_help() {
  std::string out;
  for (const flag& it : flags) out.append("  ").append(it.name).append(" ").append(it.help).append("\n");
  return out;
}

}  // namespace tractor
