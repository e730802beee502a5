// Addresses: where an actor listens, in a form that no transport but its own needs to understand.
#pragma once

#include <compare>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>

#include "tractor/detail/export.hpp"

namespace tractor {

/// Names one endpoint of one transport. A value; made by that transport's `parse` and `random_bind`.
///
/// Holds the transport's key, the multiaddr text (`/ip4/127.0.0.1/…`), and the form that travels inside
/// messages: a pair where the protocol has one for that transport, else the multiaddr text itself.
class TRACTOR_API address {
 public:
  using pair_with_number = std::pair<std::string, std::int64_t>;
  using pair_of_texts = std::pair<std::string, std::string>;
  using wire_form = std::variant<pair_with_number, pair_of_texts, std::string>;

  address() = default;
  /// Makes an address that travels as its multiaddr text.
  address(std::string transport, std::string multiaddr)
      : transport_(std::move(transport)), text_(multiaddr), wire_(std::move(multiaddr)) {}
  /// Makes an address with a form of its own on the wire.
  address(std::string transport, std::string multiaddr, wire_form wire)
      : transport_(std::move(transport)), text_(std::move(multiaddr)), wire_(std::move(wire)) {}

  const std::string& transport() const noexcept { return transport_; }
  const std::string& text() const noexcept { return text_; }
  const wire_form& wire() const noexcept { return wire_; }
  bool empty() const noexcept { return transport_.empty(); }

  friend bool operator==(const address& a, const address& b) {
    return a.text_ == b.text_ && a.transport_ == b.transport_;
  }
  friend std::strong_ordering operator<=>(const address& a, const address& b) {
    if (const auto order = a.text_ <=> b.text_; order != 0) return order;
    return a.transport_ <=> b.transport_;
  }

 private:
  std::string transport_;
  std::string text_;
  wire_form wire_ = std::string();
};

/// Reports an address that cannot be used; the text names it and says why.
class TRACTOR_API address_error : public std::invalid_argument {
 public:
  using std::invalid_argument::invalid_argument;
};

/// How far away an address is; smaller is nearer and preferred.
enum class locality { same_process, same_host, loopback, network };

}  // namespace tractor
