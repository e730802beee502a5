// The fixtures that come with the harness.
#pragma once

#include <memory>
#include <string>

#include "tractor/harness/test_context.hpp"

namespace tractor::harness {

namespace detail {
class reserved_address;
}

/// The registrar's address of this test alone, as text. Copies share the reservation.
class reg_addr {
 public:
  static reg_addr provide(test_context& context);
  const std::string& text() const noexcept;
  operator const std::string&() const noexcept { return text(); }

 private:
  explicit reg_addr(std::shared_ptr<detail::reserved_address> held);
  std::shared_ptr<detail::reserved_address> held_;
};

/// The log level or spec of the run (`--ll`, `--tl`); empty for the default.
class loglevel {
 public:
  static loglevel provide(test_context&) { return loglevel(current_session().loglevel); }
  explicit loglevel(std::string text) : text_(std::move(text)) {}
  const std::string& text() const noexcept { return text_; }
  operator const std::string&() const noexcept { return text_; }

 private:
  std::string text_;
};

/// True when the run has `--debug-mode` or `--tpdb`.
class debug_mode {
 public:
  static debug_mode provide(test_context&) { return debug_mode(current_session().debug_mode); }
  explicit debug_mode(bool on) : on_(on) {}
  operator bool() const noexcept { return on_; }

 private:
  bool on_;
};

/// The key of the cell's spawn backend.
class start_method {
 public:
  static start_method provide(test_context& context) { return start_method(context.where().backend); }
  explicit start_method(std::string key) : key_(std::move(key)) {}
  const std::string& key() const noexcept { return key_; }
  operator const std::string&() const noexcept { return key_; }

 private:
  std::string key_;
};

/// The key of the cell's transport.
class tpt_proto {
 public:
  static tpt_proto provide(test_context& context) { return tpt_proto(context.where().transport); }
  explicit tpt_proto(std::string key) : key_(std::move(key)) {}
  const std::string& key() const noexcept { return key_; }
  operator const std::string&() const noexcept { return key_; }

 private:
  std::string key_;
};

/// A folder of this test alone, removed after it with all that is in it. Asked for as `tmp_dir&`.
class tmp_dir {
 public:
  static tmp_dir provide(test_context& context) { return tmp_dir(context); }
  tmp_dir(const tmp_dir&) = delete;
  tmp_dir& operator=(const tmp_dir&) = delete;
  ~tmp_dir();

  const std::string& path() const noexcept { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  explicit tmp_dir(test_context& context);
  std::string path_;
};

}  // namespace tractor::harness
