#include "tractor/plugin/search_path.hpp"

#include <limits.h>
#include <sys/auxv.h>

#include <algorithm>
#include <boost/dll/runtime_symbol_info.hpp>
#include <cstdlib>

#include "plugin/text.hpp"
#include "tractor/plugin/plugin_error.hpp"

namespace tractor::plugin {

namespace {

std::string real_path(const std::string& of) {
  char room[PATH_MAX];
  return ::realpath(of.c_str(), room) ? room : "";
}

// Not by weakly_canonical: it asks for the working directory, which may be gone, even where it does not
// matter.
boost::dll::fs::path folder_of_library() {
  const boost::dll::fs::path library = boost::dll::this_line_location();
  if (const std::string real = real_path(library.string()); !real.empty())
    return boost::dll::fs::path(real).parent_path();
  // The file has been replaced, perhaps; its folder is the same.
  const std::string folder = real_path(library.parent_path().string());
  return folder.empty() ? library.parent_path() : boost::dll::fs::path(folder);
}

}  // namespace

void search_path::add(std::string_view folder, std::string_view origin) {
  if (!folder.starts_with('/'))
    throw plugin_error(fault::relative_path, "the plugin folder " + detail::in_quotes(folder) + " of " +
                                                 std::string(origin) +
                                                 " is relative: give its whole path, from /");
  while (folder.size() > 1 && folder.ends_with('/')) folder.remove_suffix(1);
  if (std::ranges::find(folders_, folder, &search_path::folder::path) == folders_.end())
    folders_.push_back({std::string(folder), std::string(origin)});
}

void search_path::add_list(std::string_view folders, std::string_view origin) {
  for (const std::string& one : detail::split(folders, ":")) add(one, origin);
}

search_path search_path::compose(const std::vector<std::string>& from_flag,
                                 const std::vector<std::string>& from_config) {
  search_path out;
  for (const std::string& it : from_flag) out.add_list(it, "--plugin-path");
  if (const char* const text = std::getenv("TRACTOR_PLUGIN_PATH"); text && !runs_privileged())
    out.add_list(text, "TRACTOR_PLUGIN_PATH");
  for (const std::string& it : from_config) out.add(it, "the config file");
  out.add(built_in_folder(), "beside libtractor.so");
  return out;
}

std::string built_in_folder() {
  // Absolute also if the loader was told a relative path.
  static const std::string folder = (folder_of_library() / "tractor" / "plugins").string();
  return folder;
}

bool runs_privileged() noexcept { return ::getauxval(AT_SECURE) != 0; }

}  // namespace tractor::plugin
