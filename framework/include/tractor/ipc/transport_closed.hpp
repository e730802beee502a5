// The end of a connection.
#pragma once

#include <stdexcept>
#include <string>

#include "tractor/detail/export.hpp"

namespace tractor {

/// Reports that the connection to a peer is gone; the text names the peer and the cause.
class TRACTOR_API transport_closed : public std::runtime_error {
 public:
  /// How it ended: in order at a message border, by a peer that went away with something left unread or
  /// unsent, or by a fault (a cut or broken frame, an error of the system).
  enum class cause { end_of_stream, reset, fault };
  transport_closed(const std::string& what, cause why) : std::runtime_error(what), cause_(why) {}
  cause why() const noexcept { return cause_; }

 private:
  cause cause_;
};

/// Reports a peer that was refused, or that refused us, before any message of use passed.
class TRACTOR_API handshake_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace tractor
