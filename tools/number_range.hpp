// A check of numbers on a command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace tractor::tools {

/// Takes numbers from `least` to `most`; unlike `CLI::Range` no NaN.
inline CLI::Validator number_range(double least, double most) {
  const CLI::Range range(least, most);
  return CLI::Validator(
      [=](std::string& word) {
        const std::string complaint = range(word);
        double value = least;
        if (complaint.empty() && CLI::detail::lexical_cast(word, value) && !(value >= least))
          return word + " is no number";
        return complaint;
      },
      range.get_description());
}

}  // namespace tractor::tools
