// Log specs as they come from a flag, and what a line makes of the same bytes.
#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "tractor/log/sink.hpp"
#include "tractor/log/spec.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  namespace log = tractor::log;
  const std::string text(reinterpret_cast<const char*>(data), size);
  try {
    log::apply(log::parse_spec(text));
    // What a parent hands on must be good for its child.
    if (const std::string handed_on = log::single_levels(); !handed_on.empty()) log::parse_spec(handed_on);
  } catch (const std::invalid_argument& error) {
    for (const char c : std::string(error.what()))
      if (static_cast<unsigned char>(c) < 0x20 && c != '\t') std::abort();
  }
  const log::record it{
      log::level::error, "ipc", text, std::source_location::current(), std::chrono::system_clock::now(), 1,
      {text, text, text}};
  const std::string line = log::render(it, false);
  for (std::size_t at = 0; at < line.size(); ++at) {
    const auto c = static_cast<unsigned char>(line[at]);
    const bool marked = line.compare(at + 1, 6, "    | ") == 0 || at + 1 == line.size();
    if (c == 0x7f || (c < 0x20 && c != '\t' && !(c == '\n' && marked))) std::abort();
  }
  return 0;
}
