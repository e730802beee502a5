#include "tractor/plugin/any_address.hpp"

namespace tractor {

std::string any_address::host_and_port(std::string_view host, long long port) {
  const bool v6 = host.find(':') != std::string_view::npos;
  std::string out(host);
  if (v6) out = "[" + out + "]";
  return out + ":" + std::to_string(port);
}

std::string any_address::folder_and_file(std::string_view folder, std::string_view file) {
  std::string out(folder);
  if (!out.ends_with('/')) out += '/';
  return out.append(file);
}

}  // namespace tractor
