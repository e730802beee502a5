// What a process or a sandbox of its own costs a test.
#include <boost/process/args.hpp>
#include <boost/process/io.hpp>
#include <boost/process/system.hpp>
#include <filesystem>
#include <stdexcept>

#include "series.hpp"

namespace bench {

namespace {

namespace process = boost::process;

// As many as are in that program.
constexpr int tests = 16;

std::string test_program() {
  return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "tractor_bench_suite";
}

// Milliseconds for each test of a program whose tests only boot a root.
double measure_tests(const cell& where, const std::string& isolation) {
  std::vector<std::string> words{"--isolate",       isolation,         "--tpt-proto",
                                 where.transport(), "--spawn-backend", where.backend()};
  for (const std::string& folder : where.plugin_path()) words.insert(words.end(), {"--plugin-path", folder});
  const stopwatch watch;
  const int code = process::system(test_program(), process::args(words), process::std_out > process::null,
                                   process::std_err > process::null);
  const double took = watch.ms();
  if (code != 0) throw std::runtime_error(test_program() + " --isolate " + isolation + " has failed");
  return took / tests;
}

}  // namespace

std::vector<series> isolation(const cell& where, int batches) {
  series in_process("test_in_process", "ms"), in_sandbox("test_in_sandbox", "ms");
  for (int i = 0; i < batches; ++i) {
    const double bare = measure_tests(where, "none");
    for (series* const each : {&in_process, &in_sandbox}) each->raw.push_back(bare);
    in_process.measured.push_back(measure_tests(where, "process"));
    in_sandbox.measured.push_back(measure_tests(where, "sandbox"));
  }
  return {in_process, in_sandbox};
}

}  // namespace bench
