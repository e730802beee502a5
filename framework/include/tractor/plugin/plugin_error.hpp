// The ways in which a plugin cannot be had.
#pragma once

#include <stdexcept>
#include <string>

#include "tractor/detail/export.hpp"

namespace tractor::plugin {

/// Why a plugin was refused.
enum class fault {
  none,
  not_found,       ///< no such file on the path
  unknown_key,     ///< no plugin has this key or alias, though there are others of the kind
  relative_path,   ///< a plugin path that depends on the working directory
  insecure,        ///< the file or its folder may be changed by strangers
  not_elf,         ///< the file is no shared object
  not_loadable,    ///< the dynamic loader refused it
  no_descriptor,   ///< it exports no `tractor_plugin`
  bad_descriptor,  ///< the descriptor has a wrong magic, size or text
  wrong_abi,       ///< it was compiled for another kernel
  wrong_name,      ///< kind or key are not those of the file's name
  conflict,        ///< another plugin claims the same key or alias
  not_created,     ///< its create function failed
};

/// Returns the fault in words, such as `wrong ABI`.
TRACTOR_API std::string to_string(fault what);

/// Reports a plugin that cannot be used; the text names the file or key, says why, and what to do.
class TRACTOR_API plugin_error : public std::runtime_error {
 public:
  plugin_error(plugin::fault what, const std::string& text) : std::runtime_error(text), fault_(what) {}
  plugin::fault fault() const noexcept { return fault_; }

 private:
  plugin::fault fault_;
};

}  // namespace tractor::plugin
