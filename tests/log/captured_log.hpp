// Catches records for the length of a test, and puts levels and sink back after it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tractor/log/logger.hpp"
#include "tractor/log/sink.hpp"
#include "tractor/log/spec.hpp"

namespace tractor::log::test {

class captured_log {
 public:
  captured_log()
      : general_(general_level()),
        single_(single_levels()),
        before_(set_sink([this](const record& it) { lines.push_back(keep(it)); })) {}
  captured_log(const captured_log&) = delete;
  captured_log& operator=(const captured_log&) = delete;
  ~captured_log() {
    set_sink(std::move(before_));
    set_context_provider(nullptr);
    spec back;
    back.all = general_;
    apply(back);
    if (!single_.empty()) apply(parse_spec(single_));
  }

  /// "LEVEL subsystem message" of each record.
  std::vector<std::string> lines;

 private:
  static std::string keep(const record& it) {
    return level_name(it.level) + " " + std::string(it.subsystem) + " " + std::string(it.message);
  }

  const level general_;
  const std::string single_;
  sink before_;
};

}  // namespace tractor::log::test
