// outcome<T>: how a computation ended, as a value.
#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

#include "tractor/async/exception_group.hpp"

namespace tractor {

/// A value or an error. Made by `capture`; a cancellation is neither and never kept here.
template <class T = void> class outcome {
 public:
  explicit outcome(T value) : value_(std::move(value)) {}
  explicit outcome(std::exception_ptr error) noexcept : error_(std::move(error)) {}

  bool failed() const noexcept { return error_ != nullptr; }
  /// The error; null when there is a value.
  const std::exception_ptr& error() const noexcept { return error_; }
  /// The value; throws the error when there is one.
  const T& value() const& {
    if (error_) std::rethrow_exception(error_);
    return *value_;
  }
  /// Takes the value out; throws the error when there is one.
  T unwrap() && {
    if (error_) std::rethrow_exception(std::move(error_));
    return std::move(*value_);
  }

 private:
  std::optional<T> value_;
  std::exception_ptr error_;
};

template <> class outcome<void> {
 public:
  outcome() = default;
  explicit outcome(std::exception_ptr error) noexcept : error_(std::move(error)) {}

  bool failed() const noexcept { return error_ != nullptr; }
  const std::exception_ptr& error() const noexcept { return error_; }
  /// Throws the error when there is one.
  void value() const {
    if (error_) std::rethrow_exception(error_);
  }
  void unwrap() && { value(); }

 private:
  std::exception_ptr error_;
};

}  // namespace tractor
