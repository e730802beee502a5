// Addresses that no other test has, of whatever transport.
#pragma once

#include <string>

#include "tractor/harness/test_context.hpp"

namespace tractor::harness::detail {

/// Finds an address to listen on and keeps other runs from it while it lives.
class reserved_address {
 public:
  explicit reserved_address(test_context& context);
  reserved_address(const reserved_address&) = delete;
  reserved_address& operator=(const reserved_address&) = delete;
  ~reserved_address();

  const std::string& text() const noexcept { return text_; }

 private:
  void choose_number(const std::string& transport, const std::string& host);
  bool lock_number(int number);

  std::string text_;
  int lock_ = -1;
};

}  // namespace tractor::harness::detail
