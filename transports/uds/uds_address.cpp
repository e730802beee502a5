#include "uds_address.hpp"

#include <sodium/crypto_generichash.h>
#include <sodium/utils.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace tractor::uds {

namespace {

constexpr std::string_view scheme = "/unix";
constexpr std::string_view suffix = ".sock";

bool is_control(unsigned char c) { return c < 0x20 || c == 0x7f; }

// Texts may come from a peer: no control character of theirs gets into a log.
[[noreturn]] void refuse(std::string_view text, const std::string& why) {
  std::string shown(text);
  std::replace_if(shown.begin(), shown.end(), is_control, '?');
  throw address_error("'" + shown + "' is not a uds address: " + why);
}

// One spelling for each path, since addresses are compared as texts.
std::string tidy(std::string_view text, std::string_view path) {
  if (std::any_of(path.begin(), path.end(), is_control)) refuse(text, "the path holds a control character");
  std::string clean;
  for (std::size_t at = 0; at < path.size();) {
    const std::size_t begin = path.find_first_not_of('/', at);
    if (begin == path.npos) break;
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (part == "." || part == "..") refuse(text, "the path holds '" + std::string(part) + "'");
    clean.append("/").append(part);
    at = end;
  }
  if (clean.empty()) refuse(text, "the path is missing");
  if (path.back() == '/') refuse(text, "the path names no file, it ends with '/'");
  if (clean.size() > longest_path)
    refuse(text, "the path is " + std::to_string(clean.size()) + " bytes long, and the limit is " +
                     std::to_string(longest_path));
  return clean;
}

bool fits_a_file_name(const std::string& name) {
  return !name.empty() &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c == '/' || is_control(c); });
}

std::string digest(const std::string& name) {
  std::array<unsigned char, crypto_generichash_BYTES_MIN> raw;
  static_assert(raw.size() == 16);
  crypto_generichash(raw.data(), raw.size(), reinterpret_cast<const unsigned char*>(name.data()), name.size(),
                     nullptr, 0);
  std::string hex(2 * raw.size() + 1, '\0');
  sodium_bin2hex(hex.data(), hex.size(), raw.data(), raw.size());
  hex.pop_back();
  return hex;
}

}  // namespace

std::optional<std::string> parse_path(std::string_view text) {
  if (text == scheme) refuse(text, "the path is missing");
  if (text.starts_with(std::string(scheme) + "/")) return tidy(text, text.substr(scheme.size()));
  const bool multiaddr = text.starts_with("/ip4/") || text.starts_with("/ip6/");
  if (!text.starts_with('/') || !text.ends_with(suffix) || multiaddr) return std::nullopt;
  return tidy(text, text);
}

address to_address(const std::string& path) {
  return address(key, std::string(scheme) + path,
                 address::pair_of_texts(folder_of(path), path.substr(path.rfind('/') + 1)));
}

std::string to_path(const address& where) {
  if (where.transport() != key)
    throw address_error("'" + where.text() + "' is an address of transport '" + where.transport() +
                        "', not of uds");
  std::optional<std::string> path = parse_path(where.text());
  if (!path) refuse(where.text(), "it has none of its forms");
  return *path;
}

address unnamed(int pid) {
  const std::string text = "unnamed@" + std::to_string(pid);
  return address(key, text, address::pair_of_texts("", text));
}

sockaddr_un to_sockaddr(const std::string& path) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  path.copy(out.sun_path, longest_path);
  return out;
}

std::string folder_of(const std::string& path) {
  return path.substr(0, std::max<std::size_t>(path.rfind('/'), 1));
}

std::string socket_path(const std::string& folder, const std::string& name, int pid, unsigned copy) {
  const std::string tail =
      (copy ? "." + std::to_string(copy) : "") + "@" + std::to_string(pid) + std::string(suffix);
  std::string path = folder + "/" + name + tail;
  // An actor must not take the registrar's place, whatever its name and pid are.
  if (fits_a_file_name(name) && path.size() <= longest_path && name + tail != registry_file) return path;
  path = folder + "/actor." + digest(name) + tail;
  if (path.size() > longest_path)
    throw address_error("folder '" + folder + "' is too long for sockets: '" + path + "' has " +
                        std::to_string(path.size()) + " bytes, and the limit is " +
                        std::to_string(longest_path) + "; set XDG_RUNTIME_DIR to a shorter one");
  return path;
}

std::optional<int> owner_in_name(std::string_view file) {
  if (!file.ends_with(suffix)) return std::nullopt;
  file.remove_suffix(suffix.size());
  const std::size_t at = file.rfind('@');
  if (at == file.npos || at == 0) return std::nullopt;
  const std::string_view digits = file.substr(at + 1);
  int pid = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), pid);
  if (error != std::errc() || end != digits.data() + digits.size() || pid <= 0) return std::nullopt;
  return pid;
}

}  // namespace tractor::uds
