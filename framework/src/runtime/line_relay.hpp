// What is done with the output of a foreign program: lines to the log, the tail to the error.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace tractor::detail {

/// Cuts a stream of bytes into lines. A line longer than 8 KiB comes in pieces.
class line_splitter {
 public:
  explicit line_splitter(std::function<void(std::string_view)> emit) : emit_(std::move(emit)) {}
  void feed(std::string_view bytes);
  /// Hands out what stands behind the last newline.
  void finish();

 private:
  static constexpr std::size_t longest = 8 * 1024;
  void emit(std::string_view line);
  std::function<void(std::string_view)> emit_;
  std::string open_;
};

/// Keeps the last 16 KiB of a stream of bytes.
class tail_keeper {
 public:
  void feed(std::string_view bytes);
  /// The tail; one that was cut begins with a whole line if there is any.
  std::string text() const;

 private:
  static constexpr std::size_t room = 16 * 1024;
  std::string kept_;
  bool cut_ = false;
};

}  // namespace tractor::detail
