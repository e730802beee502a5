// Errors of finding and of being found.
#pragma once

#include <stdexcept>

#include "tractor/detail/export.hpp"

namespace tractor {

/// None of the registrars that were asked can be reached; the text names each with the cause.
///
/// Raised at once: the runtime goes on trying to reach them for itself, a lookup does not wait for that.
class TRACTOR_API registrar_unreachable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A registrar that refuses duplicates has an actor of this name already.
class TRACTOR_API name_taken_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Nobody of the name is registered, and the caller said `raise_on_none`.
class TRACTOR_API actor_not_found : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace tractor
