#include "tractor/plugin/config.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>
#include <set>
#include <stdexcept>
#include <system_error>

#include "plugin/text.hpp"
#include "plugin/values.hpp"
#include "tractor/log/spec.hpp"
#include "tractor/plugin/owned_fd.hpp"
#include "tractor/plugin/search_path.hpp"
#include "tractor/plugin/settings_error.hpp"

namespace tractor {
namespace {

namespace fs = std::filesystem;
using namespace plugin::detail;

constexpr std::size_t largest_file = 1 << 20;

using reader = std::function<void(const YAML::Node& node, choices& out)>;
using readers = std::map<std::string, reader>;

std::string kind_of_node(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Null:
      return "nothing";
    case YAML::NodeType::Scalar:
      return "a text";
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a map";
    case YAML::NodeType::Undefined:
      break;
  }
  return "nothing";
}

// Carries the place to `read_config`, which knows the file's name.
class bad_node : public std::invalid_argument {
 public:
  bad_node(YAML::Mark mark, const std::string& text) : std::invalid_argument(text), mark(mark) {}
  YAML::Mark mark;
};

std::string scalar(const YAML::Node& node, const char* expected) {
  if (!node.IsScalar())
    throw bad_node(node.Mark(), std::string("expected ") + expected + ", found " + kind_of_node(node));
  return node.Scalar();
}

template <class T, class Parse> reader one(std::optional<T> choices::*member, Parse parse) {
  return [=](const YAML::Node& node, choices& out) { out.*member = parse(scalar(node, "one value")); };
}

template <class Parse> std::vector<std::string> texts(const YAML::Node& node, Parse check) {
  std::vector<std::string> out;
  const auto add = [&](const YAML::Node& it) {
    const std::string text = scalar(it, "a text");
    try {
      check(text);
    } catch (const std::invalid_argument& error) {
      throw bad_node(it.Mark(), error.what());
    }
    out.push_back(text);
  };
  if (node.IsScalar())
    add(node);
  else if (node.IsSequence() && node.size() > 0)
    for (const auto& it : node) add(it);
  else
    throw bad_node(node.Mark(), "expected a list of texts, found " +
                                    (node.IsSequence() ? "an empty one" : kind_of_node(node)));
  return out;
}

void check_folder(const std::string& text) {
  if (!text.starts_with('/'))
    throw std::invalid_argument("expected a whole path, from /, found " + in_quotes(text));
}

std::string checked_spec(const std::string& text) {
  log::parse_spec(text);
  return text;
}

std::vector<std::string> names_of(const readers& known) {
  std::vector<std::string> out;
  for (const auto& [name, unused] : known) out.push_back(name);
  return out;
}

void read_map(const YAML::Node& node, const readers& known, choices& out) {
  if (!node.IsMap())
    throw bad_node(node.Mark(),
                   "expected a map of " + joined(names_of(known)) + ", found " + kind_of_node(node));
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const std::string key = scalar(entry.first, "a key");
    const auto found = known.find(key);
    if (found == known.end())
      throw bad_node(entry.first.Mark(),
                     "unknown key " + in_quotes(key) + ": known are " + joined(names_of(known)));
    if (!seen.insert(key).second)
      throw bad_node(entry.first.Mark(), "key " + in_quotes(key) + " is there twice");
    try {
      found->second(entry.second, out);
    } catch (const bad_node&) {
      throw;
    } catch (const std::invalid_argument& error) {
      throw bad_node(entry.second.Mark(), error.what());
    }
  }
}

reader map_of(const readers& known) {
  return [=](const YAML::Node& node, choices& out) { read_map(node, known, out); };
}

const readers& top_level() {
  static const readers limits{
      {"max_frame", one(&choices::max_frame, parse_frame_size)},
      {"depth", one(&choices::depth, parse_depth)},
      {"handshake_timeout", one(&choices::handshake_timeout, parse_handshake_bound)},
      {"max_unauthenticated", one(&choices::max_unauthenticated, parse_size)},
  };
  static const readers timeouts{
      {"cancel_ack", one(&choices::cancel_ack, parse_duration)},
      {"hard_kill", one(&choices::hard_kill, parse_duration)},
      {"nursery_cancel", one(&choices::nursery_cancel, parse_duration)},
      {"unregister", one(&choices::unregister, parse_duration)},
      {"peers", one(&choices::peers, parse_duration)},
      {"heartbeat_period", one(&choices::heartbeat_period, parse_duration)},
      {"heartbeat_timeout", one(&choices::heartbeat_timeout, parse_duration)},
  };
  static const readers all{
      {"spawn_backend", one(&choices::spawn_backend, parse_key)},
      {"transports",
       [](const YAML::Node& node, choices& out) { out.transports = texts(node, parse_transport); }},
      {"registry_addrs",
       [](const YAML::Node& node, choices& out) { out.registry_addrs = texts(node, parse_list); }},
      {"loglevel", one(&choices::loglevel, log::parse_level)},
      {"log_spec", one(&choices::log_spec, checked_spec)},
      {"plugin_path",
       [](const YAML::Node& node, choices& out) { out.plugin_path = texts(node, check_folder); }},
      {"debug_mode", one(&choices::debug_mode, parse_bool)},
      {"enable_stackscope", one(&choices::enable_stackscope, parse_bool)},
      {"allow_keyless_peers", one(&choices::allow_keyless_peers, parse_bool)},
      {"insecure_bind", one(&choices::insecure_bind, parse_bool)},
      {"limits", map_of(limits)},
      {"timeouts", map_of(timeouts)},
  };
  return all;
}

std::string place_of(const std::string& path, YAML::Mark mark) {
  if (mark.is_null()) return path;
  return path + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

std::string placed(const std::string& path, YAML::Mark mark, const std::string& text) {
  return place_of(path, mark) + ": " + text;
}

// /dev/null stands for no choices at all.
bool is_null_device(const struct stat& about) {
  return S_ISCHR(about.st_mode) && about.st_rdev == ::makedev(1, 3);
}

std::string text_of_file(const std::string& path) {
  const auto fail = [&](const std::string& why) { throw settings_error(path + ": cannot be read: " + why); };
  // Not to wait for a writer, should that be a pipe.
  const owned_fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) fail(std::generic_category().message(errno));
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) fail(std::generic_category().message(errno));
  if (!S_ISREG(about.st_mode) && !is_null_device(about)) fail("it is not a regular file");
  std::string out;
  std::array<char, 4096> part;
  while (out.size() <= largest_file) {
    const ssize_t count = ::read(file.get(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(std::generic_category().message(errno));
    if (count == 0) return out;
    out.append(part.data(), static_cast<std::size_t>(count));
  }
  throw settings_error(path + ": is larger than 1 MiB, so no config file");
}

// Programs of one tree would read one document, a person perhaps the other.
YAML::Node the_document(const std::string& text) {
  const std::vector<YAML::Node> all = YAML::LoadAll(text);
  if (all.size() > 1) throw bad_node(all[1].Mark(), "a second document: a config file holds one");
  return all.empty() ? YAML::Node() : all.front();
}

void note_places(const YAML::Node& node, const std::string& before, const std::string& path, choices& out) {
  for (const auto& entry : node) {
    const std::string name = before + entry.first.Scalar();
    out.places[name] = place_of(path, entry.first.Mark());
    if (entry.second.IsMap()) note_places(entry.second, name + ".", path, out);
  }
}

}  // namespace

std::optional<std::string> find_config(const std::optional<std::string>& from_flag) {
  if (from_flag) return from_flag;
  if (plugin::runs_privileged()) return std::nullopt;
  const auto variable = [](const char* name) {
    const char* const text = std::getenv(name);
    return std::string(text ? text : "");
  };
  if (const std::string path = variable("TRACTOR_CONFIG"); !path.empty()) {
    if (!path.starts_with('/'))
      throw settings_error("TRACTOR_CONFIG: expected a whole path, from /, found " + in_quotes(path));
    return path;
  }
  std::string folder = variable("XDG_CONFIG_HOME");
  if (!folder.starts_with('/')) folder = variable("HOME") + "/.config";
  const std::string path = folder + "/tractor/tractor.yaml";
  std::error_code error;
  if (!path.starts_with('/') || !fs::exists(path, error)) return std::nullopt;
  return path;
}

choices read_config(const std::string& path) {
  const std::string text = text_of_file(path);
  choices out;
  try {
    const YAML::Node root = the_document(text);
    if (root.IsNull()) return out;
    read_map(root, top_level(), out);
    note_places(root, "", path, out);
  } catch (const YAML::Exception& bad) {
    throw settings_error(placed(path, bad.mark, bad.msg));
  } catch (const bad_node& bad) {
    throw settings_error(placed(path, bad.mark, bad.what()));
  }
  return out;
}

}  // namespace tractor
