// The one error of the codec and the framing.
#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tractor/detail/export.hpp>

namespace tractor::msg {

/// Says where in a message the bytes did not fit the type, what was wanted and what was there.
///
/// Its text reads `order.qty[2]: expected an integer, found a string`. The path grows from the inside out
/// while the error leaves the nested decoders.
class TRACTOR_API codec_error : public std::runtime_error {
 public:
  codec_error(std::string expected, std::string found);

  /// Makes an error whose text is the sentence `text` in place of "expected ..., found ...".
  codec_error(std::string expected, std::string found, std::string text);
  ~codec_error() override;

  const char* what() const noexcept override { return what_.c_str(); }

  /// The path of the member, such as `order.qty[2]`; empty if the outermost value itself is wrong.
  const std::string& path() const noexcept { return path_; }
  const std::string& expected() const noexcept { return expected_; }
  const std::string& found() const noexcept { return found_; }

  /// Puts a member name in front of the path; a decoder calls it while the error passes.
  void prepend_field(std::string_view name);
  /// Puts `[index]` in front of the path.
  void prepend_index(std::size_t index);
  /// Puts `[key]` in front of the path, where `key` is the text of a map key.
  void prepend_key(std::string_view key);

 private:
  void prepend(std::string step);

  std::string path_;
  std::string expected_;
  std::string found_;
  std::string text_;
  std::string what_;
};

}  // namespace tractor::msg
