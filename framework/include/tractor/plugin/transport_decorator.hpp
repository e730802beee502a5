// The contract of a plugin that goes round transports.
#pragma once

#include <memory>
#include <string>

#include "tractor/plugin/transport.hpp"

namespace tractor {

/// Makes transports out of transports: the key `X+Y` is the transport Y with the decorator X round it.
///
/// One object a process, created by the plugin's descriptor, never destroyed. What it makes has the key
/// `X+Y` in the addresses that it parses and binds, and the texts of Y.
class TRACTOR_API transport_decorator {
 public:
  transport_decorator() = default;
  transport_decorator(const transport_decorator&) = delete;
  transport_decorator& operator=(const transport_decorator&) = delete;
  virtual ~transport_decorator() = default;

  /// Makes the transport `key` round `inner`, which is never destroyed. Called once for each key; what it
  /// throws is told to whoever asked for that key.
  virtual std::unique_ptr<transport> wrap(transport& inner, std::string key) = 0;
};

}  // namespace tractor
