#include "plugin/loader.hpp"

#include <boost/dll/shared_library.hpp>
#include <map>
#include <mutex>

#include "plugin/elf_descriptor.hpp"
#include "plugin/verify.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/plugin/plugin_error.hpp"

namespace tractor::plugin::detail {
namespace {

namespace dll = boost::dll;

struct libraries {
  std::mutex lock;
  std::map<std::string, dll::shared_library> loaded;
};

// Leaked, so that no destructor of ours unmaps code that a later destructor still calls.
libraries& the() {
  static auto* const it = new libraries;
  return *it;
}

// Boost wraps the loader's words in its own, which blame a file descriptor.
std::string loader_words(std::string_view text) {
  constexpr std::string_view opening = "(dlerror system message: ";
  const auto from = text.find(opening);
  if (from == text.npos) return std::string(text);
  text.remove_prefix(from + opening.size());
  const auto to = text.rfind("): ");
  if (to != text.npos) return std::string(text.substr(0, to));
  return std::string(text.substr(0, text.rfind(')')));
}

dll::shared_library open(const std::string& path) {
  try {
    return dll::shared_library(path, dll::load_mode::rtld_now | dll::load_mode::rtld_local);
  } catch (const std::exception& error) {
    throw plugin_error(fault::not_loadable, path + ": cannot be loaded: " + loader_words(error.what()));
  }
}

}  // namespace

const tractor_plugin_descriptor& load(const std::string& path) {
  libraries& all = the();
  {
    const std::scoped_lock guard(all.lock);
    if (const auto it = all.loaded.find(path); it != all.loaded.end())
      return it->second.get<const tractor_plugin_descriptor>("tractor_plugin");
  }
  check_owner(path);
  const tractor_plugin_descriptor in_file = read_descriptor(path);
  check_descriptor(path, in_file);
  check_name(path, in_file);
  // Not under the lock: constructors of the plugin run here and may ask for another plugin.
  dll::shared_library library = open(path);
  const auto& out = library.get<const tractor_plugin_descriptor>("tractor_plugin");
  check_descriptor(path, out);
  check_name(path, out);
  log::subsystem::plugin.debug("loaded {} '{}' {} from {}", out.kind, out.key, out.version, path);
  const std::scoped_lock guard(all.lock);
  return all.loaded.emplace(path, std::move(library))
      .first->second.get<const tractor_plugin_descriptor>("tractor_plugin");
}

void* create(const std::string& path, const tractor_plugin_descriptor& what) {
  std::string why = "its create function returned nothing";
  try {
    if (!what.create)
      why = "it has no create function";
    else if (void* const made = what.create())
      return made;
  } catch (const std::exception& error) {
    why = error.what();
  }
  throw plugin_error(fault::not_created, path + ": its object cannot be created: " + why);
}

}  // namespace tractor::plugin::detail
