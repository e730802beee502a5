// Runs the `tractor` command as a person runs it.
#pragma once

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <string>

#include "environment.hpp"
#include "temporary_folder.hpp"

namespace tractor::cli_test {

struct outcome {
  int code = -1;
  std::string out;
  std::string err;
};

/// Runs `tractor <arguments>` in `folder`, without the person's own configuration. `before` is a shell
/// command that makes ready, or nothing.
inline outcome run_in(const std::string& folder, const std::string& arguments,
                      const std::string& before = ":") {
  const plugin::test::temporary_folder own;
  const plugin::test::environment home("HOME", own.path().c_str()), xdg("XDG_CONFIG_HOME", nullptr),
      config("TRACTOR_CONFIG", nullptr);
  const std::string errors = own.path() + "/errors";
  const std::string line =
      "cd " + folder + " && " + before + " && " TRACTOR_TEST_CLI " " + arguments + " 2>" + errors;
  outcome result;
  FILE* const pipe = ::popen(line.c_str(), "r");
  std::array<char, 4096> part{};
  for (std::size_t got; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;)
    result.out.append(part.data(), got);
  const int status = ::pclose(pipe);
  result.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  std::ifstream file(errors);
  result.err.assign(std::istreambuf_iterator<char>(file), {});
  return result;
}

/// The same in an empty folder.
inline outcome run(const std::string& arguments) {
  const plugin::test::temporary_folder folder;
  return run_in(folder.path(), arguments);
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace tractor::cli_test
