// What a plugin says about itself: all that its author writes beside the plugin's own class.
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/abi.hpp"
#include "tractor/plugin/transport_decorator.hpp"

extern "C" {

/// The self-description of a plugin: plain data, with its texts inside.
///
/// The loader reads it from the file itself, before any code of the plugin runs. Fields are never reordered
/// and only ever appended; `size` tells which are there. Texts end with a zero; the rest of each is zero.
struct tractor_plugin_descriptor {
  std::uint32_t magic;
  std::uint32_t size;
  char abi[192];
  char kind[16];      ///< "spawn", "transport" or "decorator"
  char key[48];       ///< the name it is loaded by
  char aliases[128];  ///< other names, separated by commas
  char version[32];
  char summary[160];  ///< one line
  void* (*create)();  ///< returns a new object of the kind's interface, which is never deleted
};

/// The one symbol of a plugin. It defines it at global scope:
/// `constinit const tractor_plugin_descriptor tractor_plugin = tractor::describe_plugin<…>(…);`
TRACTOR_API extern const tractor_plugin_descriptor tractor_plugin;

}  // extern "C"

namespace tractor {

namespace plugin {

/// Marks a descriptor ("TRPL" in memory).
inline constexpr std::uint32_t descriptor_magic = 0x4c505254;

/// The kind of plugin that an interface makes; specialised for the interfaces of the kernel.
template <class Interface> inline constexpr std::string_view kind_of = "";
template <> inline constexpr std::string_view kind_of<spawn_backend> = "spawn";
template <> inline constexpr std::string_view kind_of<transport> = "transport";
template <> inline constexpr std::string_view kind_of<transport_decorator> = "decorator";

/// Tells whether a text may be a key: small letters, digits and `_`, starting with a letter.
constexpr bool is_key(std::string_view text) {
  if (text.empty() || text.size() >= sizeof(tractor_plugin_descriptor::key)) return false;
  for (const char c : text)
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_')) return false;
  return text.front() >= 'a' && text.front() <= 'z';
}

}  // namespace plugin

/// Describes the plugin class `T` that implements `Interface` (`spawn_backend`, `transport` or
/// `transport_decorator`).
///
/// `T` is default constructed once in a process that uses the key, and never destroyed. `key` must be that of
/// the file's name, `libtractor_<kind>_<key>.so`; `aliases` are separated by commas, with no spaces.
/// Evaluated by the compiler: a text that is too long or no key does not compile.
template <class Interface, class T>
consteval tractor_plugin_descriptor describe_plugin(std::string_view key, std::string_view aliases,
                                                    std::string_view version, std::string_view summary) {
  static_assert(!plugin::kind_of<Interface>.empty(),
                "a plugin implements spawn_backend, transport or transport_decorator");
  static_assert(std::derived_from<T, Interface>, "the plugin class must derive from the interface");
  static_assert(std::default_initializable<T>, "the plugin class must be default constructible");
  const auto put = [](auto& field, std::string_view text) {
    if (text.size() >= sizeof field) throw "the text is too long for its field of the descriptor";
    for (std::size_t at = 0; at < text.size(); ++at) field[at] = text[at];
  };
  if (!plugin::is_key(key)) throw "a key holds small letters, digits and _ only";
  for (std::string_view rest = aliases; !rest.empty();) {
    const auto comma = rest.find(',');
    if (!plugin::is_key(rest.substr(0, comma))) throw "an alias holds small letters, digits and _ only";
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
  }
  tractor_plugin_descriptor out{};
  out.magic = plugin::descriptor_magic;
  out.size = sizeof out;
  put(out.abi, plugin::compose_abi().view());
  put(out.kind, plugin::kind_of<Interface>);
  put(out.key, key);
  put(out.aliases, aliases);
  put(out.version, version);
  put(out.summary, summary);
  // By way of the interface: a void* made from T* would point elsewhere if T has another base first.
  out.create = []() -> void* { return static_cast<Interface*>(new T); };
  return out;
}

}  // namespace tractor
