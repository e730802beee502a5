#include "tractor/plugin/registry.hpp"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>

#include "plugin/catalogue.hpp"
#include "plugin/loader.hpp"
#include "plugin/text.hpp"
#include "tractor/plugin/descriptor.hpp"

namespace tractor::plugin {
namespace {

constexpr std::pair<spawn_capability, const char*> of_backends[] = {
    {spawn_capability::fresh_exec, "fresh_exec"},
    {spawn_capability::fork, "fork"},
    {spawn_capability::batch, "batch"},
    {spawn_capability::debugger, "debugger"}};
constexpr const char *encrypts = "encrypts", *one_process = "one_process";

std::vector<std::string> capabilities_of(const spawn_backend& it) {
  std::vector<std::string> out;
  for (const auto& [bit, name] : of_backends)
    if (has(it.caps(), bit)) out.emplace_back(name);
  return out;
}

std::vector<std::string> capabilities_of(const tractor::transport& it) {
  std::vector<std::string> out;
  if (it.encrypts()) out.emplace_back(encrypts);
  if (!it.crosses_processes()) out.emplace_back(one_process);
  return out;
}

// Objects outlive even their registry: tasks of theirs may still run. Kept where a leak checker finds them.
void keep_for_ever(void* object) {
  static std::mutex lock;
  static auto* const kept = new std::vector<void*>;
  const std::scoped_lock guard(lock);
  kept->push_back(object);
}

}  // namespace

std::vector<std::string> known_capabilities() {
  std::vector<std::string> out;
  for (const auto& [bit, name] : of_backends) out.emplace_back(name);
  out.insert(out.end(), {encrypts, one_process});
  return out;
}

std::string to_string(fault what) {
  switch (what) {
    case fault::none:
      return "good";
    case fault::not_found:
      return "not found";
    case fault::unknown_key:
      return "unknown key";
    case fault::relative_path:
      return "relative path";
    case fault::insecure:
      return "insecure";
    case fault::not_elf:
      return "not an ELF file";
    case fault::not_loadable:
      return "not loadable";
    case fault::no_descriptor:
      return "no descriptor";
    case fault::bad_descriptor:
      return "bad descriptor";
    case fault::wrong_abi:
      return "wrong ABI";
    case fault::wrong_name:
      return "wrong name";
    case fault::conflict:
      return "conflict";
    case fault::not_created:
      return "not created";
  }
  return "unknown fault";
}

class registry::state {
 public:
  explicit state(search_path path) : folders(std::move(path)) {}

  /// Returns the plugin of that name; reads the folders anew if it is not known yet.
  plugin_info find(std::string_view kind, std::string_view key) {
    if (keys_trusted && !known) {
      std::optional<plugin_info> there = detail::find_file(folders, kind, key);
      if (there) return *std::move(there);
    }
    if (known) {
      try {
        return detail::find(*known, folders, kind, key);
      } catch (const plugin_error&) {
        // It may have been put there since.
      }
    }
    known = detail::read_folders(folders);
    return detail::find(*known, folders, kind, key);
  }

  /// Returns the one object of a file.
  void* object(const std::string& path) {
    if (const auto it = objects.find(path); it != objects.end()) return it->second;
    const auto& descriptor = detail::load(path);
    void* const made = detail::create(path, descriptor);
    keep_for_ever(made);
    return objects.emplace(path, made).first->second;
  }

  /// Returns the key that a key or alias stands for, with its decorators.
  std::string resolve(std::string_view kind, std::string_view key) {
    const auto plus = key.find('+');
    if (kind != "transport" || plus == key.npos) return find(kind, key).key;
    const std::string outer = find("decorator", key.substr(0, plus)).key;
    return outer + '+' + resolve(kind, key.substr(plus + 1));
  }

  /// Returns the one transport of a key or alias, made by its decorators.
  tractor::transport& transport(std::string_view key) {
    const auto plus = key.find('+');
    if (plus == key.npos) return *static_cast<tractor::transport*>(object(find("transport", key).path));
    std::string whole = resolve("transport", key);
    if (const auto it = decorated.find(whole); it != decorated.end()) return *it->second;
    tractor::transport& inner = transport(key.substr(plus + 1));
    auto& outer = *static_cast<transport_decorator*>(object(find("decorator", key.substr(0, plus)).path));
    std::string why = "its decorator returned nothing";
    try {
      if (std::unique_ptr<tractor::transport> made = outer.wrap(inner, whole)) {
        keep_for_ever(made.get());
        return *decorated.emplace(std::move(whole), made.release()).first->second;
      }
    } catch (const std::exception& error) {
      why = error.what();
    }
    throw plugin_error(fault::not_created,
                       "the transport " + detail::in_quotes(whole) + " cannot be made: " + why);
  }

  // Recursive: a plugin that wraps another one asks for it from its constructor.
  std::recursive_mutex lock;
  search_path folders;
  bool keys_trusted = false;
  std::optional<std::vector<plugin_info>> known;
  std::map<std::string, void*> objects;                  // by path
  std::map<std::string, tractor::transport*> decorated;  // by key
};

registry::registry(search_path folders) : state_(std::make_unique<state>(std::move(folders))) {}
registry::~registry() = default;

registry& registry::instance() {
  static auto* const it = new registry(search_path::compose({}, {}));
  return *it;
}

void registry::set_folders(search_path folders) {
  const std::scoped_lock guard(state_->lock);
  // A forked actor comes with what its zygote has read: reading the folders again would be a third of its
  // boot.
  const bool same = std::ranges::equal(state_->folders.folders(), folders.folders(), {},
                                       &search_path::folder::path, &search_path::folder::path);
  state_->folders = std::move(folders);
  if (!same) state_->known.reset();
}

search_path registry::folders() const {
  const std::scoped_lock guard(state_->lock);
  return state_->folders;
}

void registry::trust_keys() {
  const std::scoped_lock guard(state_->lock);
  state_->keys_trusted = true;
}

spawn_backend& registry::spawn(std::string_view key) {
  const std::scoped_lock guard(state_->lock);
  return *static_cast<spawn_backend*>(state_->object(state_->find("spawn", key).path));
}

tractor::transport& registry::transport(std::string_view key) {
  const std::scoped_lock guard(state_->lock);
  return state_->transport(key);
}

std::string registry::resolve(std::string_view kind, std::string_view key) {
  const std::scoped_lock guard(state_->lock);
  return state_->resolve(kind, key);
}

std::vector<plugin_info> registry::list() {
  const std::scoped_lock guard(state_->lock);
  state_->known = detail::read_folders(state_->folders);
  return *state_->known;
}

plugin_info registry::check(std::string_view text) {
  const std::string path(text);
  plugin_info out;
  out.path = path;
  if (!text.starts_with('/')) {
    out.fault = fault::relative_path;
    out.reason = detail::in_quotes(path) + " is relative: give the whole path of the plugin, from /";
    return out;
  }
  out = detail::read_file(path);
  if (!out.good()) return out;
  const std::scoped_lock guard(state_->lock);
  try {
    void* const it = state_->object(path);
    if (out.kind == kind_of<spawn_backend>)
      out.capabilities = capabilities_of(*static_cast<const spawn_backend*>(it));
    else if (out.kind == kind_of<tractor::transport>)
      out.capabilities = capabilities_of(*static_cast<const tractor::transport*>(it));
  } catch (const plugin_error& error) {
    out.fault = error.fault();
    out.reason = error.what();
  }
  return out;
}

}  // namespace tractor::plugin
