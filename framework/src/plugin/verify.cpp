#include "plugin/verify.hpp"

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "plugin/text.hpp"
#include "tractor/plugin/plugin_error.hpp"
#include "tractor/plugin/search_path.hpp"

namespace tractor::plugin::detail {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view prefix = "libtractor_", suffix = ".so";
constexpr std::string_view kinds[] = {kind_of<spawn_backend>, kind_of<tractor::transport>,
                                      kind_of<transport_decorator>};

template <std::size_t Size> bool ended(const char (&field)[Size]) {
  return std::memchr(field, 0, Size) != nullptr;
}

// Whoever owns the program or the kernel decides what they run anyway.
bool trusted(uid_t owner) {
  if (owner == 0 || owner == ::geteuid()) return true;
  struct stat about {};
  if (::stat("/proc/self/exe", &about) == 0 && about.st_uid == owner) return true;
  Dl_info own{};
  return ::dladdr(reinterpret_cast<void*>(&check_owner), &own) != 0 && own.dli_fname &&
         ::stat(own.dli_fname, &about) == 0 && about.st_uid == owner;
}

void check_one(const std::string& plugin, const std::string& what, const std::string& path) {
  struct stat about {};
  if (::stat(path.c_str(), &about) != 0)
    throw plugin_error(fault::not_found, plugin + ": cannot look at " + path + ": " + std::strerror(errno));
  if ((about.st_mode & S_IWOTH) != 0)
    throw plugin_error(fault::insecure,
                       plugin + ": " + what + " can be written by everybody: chmod o-w " + path);
  if (!trusted(about.st_uid))
    throw plugin_error(fault::insecure, plugin + ": " + what + " belongs to user " +
                                            std::to_string(about.st_uid) +
                                            ", who is neither root, nor us, nor the owner of this program");
}

}  // namespace

std::optional<file_name> parse_file_name(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  if (!name.starts_with(prefix) || !name.ends_with(suffix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  name.remove_suffix(std::min(suffix.size(), name.size()));
  for (const std::string_view kind : kinds)
    if (name.starts_with(kind) && name.size() > kind.size() && name[kind.size()] == '_')
      if (const std::string_view key = name.substr(kind.size() + 1); is_key(key))
        return file_name{std::string(kind), std::string(key)};
  return std::nullopt;
}

std::string file_name_of(std::string_view kind, std::string_view key) {
  std::string out(prefix);
  return out.append(kind).append("_").append(key).append(suffix);
}

void check_owner(const std::string& path) {
  check_one(path, "the file", path);
  check_one(path, "its folder", fs::path(path).parent_path());
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  // A link is as good as the place it leads to.
  if (!error && real != path) check_one(path, "the folder it leads to", real.parent_path());
}

void check_descriptor(const std::string& path, const tractor_plugin_descriptor& what) {
  if (what.magic != descriptor_magic) {
    char numbers[80];
    std::snprintf(numbers, sizeof numbers, "0x%08x, and not 0x%08x", what.magic, descriptor_magic);
    throw plugin_error(fault::bad_descriptor,
                       path + ": its 'tractor_plugin' is no descriptor: its magic is " + numbers);
  }
  if (what.size < sizeof what)
    throw plugin_error(fault::bad_descriptor, path + ": its descriptor has a size of " +
                                                  std::to_string(what.size) + " bytes, and not the " +
                                                  std::to_string(sizeof what) +
                                                  " of this kernel: compile it again");
  if (!ended(what.abi) || !ended(what.kind) || !ended(what.key) || !ended(what.aliases) ||
      !ended(what.version) || !ended(what.summary))
    throw plugin_error(fault::bad_descriptor, path + ": a text of its descriptor has no end");
  constexpr auto ours = compose_abi();
  if (what.abi != ours.view())
    throw plugin_error(fault::wrong_abi,
                       path + ": compiled for another ABI: the plugin says " + in_quotes(what.abi) +
                           ", this kernel says " + in_quotes(ours.view()) +
                           ": compile it again with the compiler and the headers of this kernel");
  for (const std::string& alias : aliases_of(what))
    if (!is_key(alias))
      throw plugin_error(fault::bad_descriptor, path + ": its alias " + in_quotes(alias) + " is no key");
}

void check_name(const std::string& path, const tractor_plugin_descriptor& what) {
  const auto said = parse_file_name(path);
  if (!said)
    throw plugin_error(fault::wrong_name,
                       path + ": a plugin's file is named libtractor_<kind>_<key>.so, this one " +
                           in_quotes(file_name_of(what.kind, what.key)));
  if (said->kind != what.kind || said->key != what.key)
    throw plugin_error(fault::wrong_name, path + ": the file's name says " + said->kind + " " +
                                              in_quotes(said->key) + ", its descriptor says " + what.kind +
                                              " " + in_quotes(what.key) + ": rename it to " +
                                              file_name_of(what.kind, what.key));
}

std::vector<std::string> aliases_of(const tractor_plugin_descriptor& what) {
  std::vector<std::string> out;
  for (std::string_view rest = what.aliases; !rest.empty();) {
    const auto comma = rest.find(',');
    out.emplace_back(rest.substr(0, comma));
    rest = comma == rest.npos ? std::string_view() : rest.substr(comma + 1);
  }
  return out;
}

}  // namespace tractor::plugin::detail
