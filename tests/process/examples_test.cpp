// Every example is a test, in each cell: it ends with code 0 in time and says no Error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <tractor/harness/harness.hpp>
#include <vector>

namespace examples_test {

namespace {

namespace fs = std::filesystem;
using namespace tractor::harness;
using namespace std::chrono_literals;

constexpr auto bound = std::chrono::seconds(16);

/// One program of examples/. A value.
class example {
 public:
  explicit example(const fs::path& source) {
    name = source.stem() == "main" ? source.parent_path().filename() : source.stem();
    std::ifstream in(source);
    for (std::string line; std::getline(in, line);) {
      const std::string given = "// example arguments:";
      if (line.starts_with("// example: not run alone")) alone = false;
      if (!line.starts_with(given)) continue;
      std::istringstream words(line.substr(given.size()));
      for (std::string word; words >> word;) arguments.push_back(word);
    }
  }

  std::string program() const { return fs::read_symlink("/proc/self/exe").parent_path() / "examples" / name; }

  std::string name;
  std::vector<std::string> arguments;
  bool alone = true;
};

// As examples/CMakeLists.txt has it: a source is a program, a folder with a main.cpp is one; _ keeps a source
// out.
std::vector<example> find_examples() {
  const fs::path root = TRACTOR_EXAMPLES_DIR;
  std::vector<fs::path> folders{root};
  for (const auto& entry : fs::directory_iterator(root))
    if (entry.is_directory() && entry.path().filename() != "plugins") folders.push_back(entry.path());
  std::vector<example> out;
  for (const fs::path& folder : folders) {
    const bool one_program = folder != root && fs::exists(folder / "main.cpp");
    for (const auto& entry : fs::directory_iterator(folder)) {
      const fs::path& file = entry.path();
      if (file.extension() != ".cpp" || file.filename().string().starts_with("_")) continue;
      if (!one_program || file.filename() == "main.cpp") out.emplace_back(file);
    }
  }
  std::ranges::sort(out, {}, &example::name);
  return out;
}

std::string error_lines(const std::string& text) {
  std::string out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (line.find("Error") != line.npos) out += line + "\n";
  return out;
}

/// Runs a program; returns what is wrong with how it did, with all it wrote, or nothing.
std::string complaints(const command& line, std::chrono::nanoseconds most) {
  std::string out;
  subprocess run(line);
  const auto status = run.wait(most);
  if (!status)
    out += "not done after " + std::to_string(std::chrono::duration<double>(most).count()) + " s\n";
  else if (!status->ok())
    out += status->text() + "\n";
  if (const std::string lines = error_lines(run.err()); !lines.empty())
    out += "stderr has lines with Error:\n" + lines;
  if (status && !run.wait_for_descendants(1s)) out += "it left processes that run\n";
  if (!out.empty()) out += line.text() + "\n--- stdout\n" + run.out() + "--- stderr\n" + run.err();
  return out;
}

void run_example(const example& what, test_context& context) {
  if (!fs::exists(what.program())) {
    ADD_FAILURE() << what.program() << " is not built: ninja -C build/<preset> examples";
    return;
  }
  command line(what.program());
  for (const std::string& word : what.arguments) line.arg(word);
  line.arg("--spawn-backend", context.where().backend, "--tpt-proto", context.where().transport,
           "--registry-addr", context.get<reg_addr>().text());
  EXPECT_EQ(complaints(line, std::chrono::duration_cast<std::chrono::nanoseconds>(bound * head_room())), "");
}

void declare_examples() {
  for (const example& each : find_examples()) {
    if (!each.alone) continue;
    test_case test("examples", each.name, __FILE__, __LINE__);
    test.timeout = std::chrono::duration_cast<std::chrono::nanoseconds>(bound * 20);
    test.labels.push_back("example");
    test.plain_body = [each](test_context& context) { run_example(each, context); };
    declare(std::move(test));
  }
}

const bool added = (add_source(&declare_examples), true);

}  // namespace

TEST(example_rule, wants_exit_code_0) {
  EXPECT_EQ(complaints(command("true"), 10s), "");
  EXPECT_THAT(complaints(command("false"), 10s), testing::StartsWith("exit code 1\n"));
}

TEST(example_rule, wants_no_line_with_Error_on_stderr) {
  EXPECT_EQ(complaints(command("sh").arg("-c", "echo Error; echo error >&2"), 10s), "");
  EXPECT_THAT(complaints(command("sh").arg("-c", "echo a ValueError >&2"), 10s),
              testing::HasSubstr("stderr has lines with Error:\na ValueError\n"));
}

TEST(example_rule, wants_no_process_left) {
  EXPECT_THAT(complaints(command("sh").arg("-c", "sleep 60 & exit 0"), 10s),
              testing::StartsWith("it left processes that run\n"));
}

TEST(example_rule, wants_an_end_in_time) {
  EXPECT_THAT(complaints(command("sleep").arg("60"), 50ms), testing::StartsWith("not done after"));
}

}  // namespace examples_test
