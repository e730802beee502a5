// Every example is a test, in each cell: it ends with code 0 in time and says no Error.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <tractor/harness/harness.hpp>
#include <vector>

#include "../harness/own_folder.hpp"

namespace examples_test {

namespace {

namespace fs = std::filesystem;
using namespace tractor::harness;
using namespace std::chrono_literals;
using testing::AllOf;
using testing::ElementsAre;
using testing::EndsWith;
using testing::StartsWith;

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

// Of work that is not done.
bool is_left_out(const fs::path& what) { return what.filename().string().starts_with("_"); }
// A project of its own, or a folder of programs that have suites of their own.
bool is_special(const fs::path& folder) {
  static const std::set<std::string> names{"debugging", "integration", "advanced_faults", "trio"};
  return names.contains(folder.filename()) || fs::exists(folder / "CMakeLists.txt");
}

// As examples/CMakeLists.txt has it: a source is a program, a folder with a main.cpp is one.
std::vector<example> find_examples(const fs::path& root) {
  std::vector<fs::path> folders{root};
  for (const auto& entry : fs::directory_iterator(root))
    if (entry.is_directory() && !is_left_out(entry.path()) && !is_special(entry.path()))
      folders.push_back(entry.path());
  std::vector<example> out;
  for (const fs::path& folder : folders) {
    const bool one_program = folder != root && fs::exists(folder / "main.cpp");
    for (const auto& entry : fs::directory_iterator(folder)) {
      const fs::path& file = entry.path();
      if (file.extension() != ".cpp" || is_left_out(file)) continue;
      if (!one_program || file.filename() == "main.cpp") out.emplace_back(file);
    }
  }
  std::ranges::sort(out, {}, &example::name);
  return out;
}

std::vector<std::string> names_of(const std::vector<example>& all) {
  std::vector<std::string> out;
  for (const example& each : all) out.push_back(each.name);
  return out;
}

std::string error_lines(const std::string& text) {
  std::string out;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);)
    if (line.find("Error") != line.npos) out += line + "\n";
  return out;
}

/// Waits for a program, and ends it with all it has started if it is late; returns what is wrong with how it
/// did, with all it wrote, or nothing.
std::string complaints_of(subprocess& run, const std::string& line, std::chrono::nanoseconds most) {
  std::string out;
  const auto status = run.wait(most);
  if (!status) {
    out += "not done after " + std::to_string(std::chrono::duration<double>(most).count()) + " s\n";
    run.kill_tree();
  } else if (!status->ok()) {
    out += status->text() + "\n";
  }
  if (const std::string lines = error_lines(run.err()); !lines.empty())
    out += "stderr has lines with Error:\n" + lines;
  if (status && !run.wait_for_descendants(1s)) out += "it left processes that run\n";
  if (!out.empty()) out += line + "\n--- stdout\n" + run.out() + "--- stderr\n" + run.err();
  return out;
}

std::string complaints(const command& line, std::chrono::nanoseconds most) {
  subprocess run(line);
  return complaints_of(run, line.text(), most);
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
  for (const example& each : find_examples(TRACTOR_EXAMPLES_DIR)) {
    if (!each.alone) continue;
    test_case test("examples", each.name, __FILE__, __LINE__);
    test.timeout = std::chrono::duration_cast<std::chrono::nanoseconds>(bound * 20);
    test.labels.push_back("example");
    test.plain_body = [each](test_context& context) { run_example(each, context); };
    declare(std::move(test));
  }
}

const bool added = (add_source(&declare_examples), true);

command shell(const std::string& script) { return command("sh").arg("-c", script); }

bool runs(pid_t pid) { return ::kill(pid, 0) == 0; }

std::vector<pid_t> numbers_in(const std::string& text) {
  std::istringstream in(text);
  return {std::istream_iterator<pid_t>(in), {}};
}

}  // namespace

TEST(example_rule, takes_each_program_but_what_begins_with_an_underscore_and_special_folders) {
  const tractor::harness::test::own_folder folder;
  for (const char* const file :
       {"plain.cpp", "_later.cpp", "notes.md", "group/of_a_group.cpp", "group/_later.cpp", "_group/later.cpp",
        "whole/main.cpp", "whole/part.cpp", "plugins/CMakeLists.txt", "plugins/of_others.cpp",
        "debugging/of_a_suite.cpp", "trio/of_a_suite.cpp"}) {
    fs::create_directories((fs::path(folder.path) / file).parent_path());
    std::ofstream(fs::path(folder.path) / file) << "int main() {}\n";
  }
  EXPECT_THAT(names_of(find_examples(folder.path)), ElementsAre("of_a_group", "plain", "whole"));
}

TEST(example_rule, reads_from_the_source_with_what_and_whether_it_is_run) {
  const tractor::harness::test::own_folder folder;
  std::ofstream(folder.path + "/counts.cpp") << "// Counts.\n// example arguments: --count 3\n";
  std::ofstream(folder.path + "/asks.cpp") << "// example: not run alone, it asks\n";
  const std::vector<example> found = find_examples(folder.path);
  ASSERT_THAT(names_of(found), ElementsAre("asks", "counts"));
  EXPECT_FALSE(found[0].alone);
  EXPECT_TRUE(found[1].alone);
  EXPECT_THAT(found[1].arguments, ElementsAre("--count", "3"));
}

// Else one of them would be built and never run, or be missed in each run.
TEST(example_rule, takes_just_the_programs_that_are_built) {
  std::ifstream built(fs::read_symlink("/proc/self/exe").parent_path().parent_path() /
                      "examples/programs.txt");
  std::vector<std::string> names;
  for (std::string line; std::getline(built, line);) names.push_back(line);
  EXPECT_THAT(names_of(find_examples(TRACTOR_EXAMPLES_DIR)), testing::UnorderedElementsAreArray(names));
}

TEST(example_rule, wants_exit_code_0) {
  EXPECT_EQ(complaints(command("true"), 10s), "");
  EXPECT_THAT(complaints(command("false"), 10s), StartsWith("exit code 1\n"));
}

TEST(example_rule, wants_no_line_with_Error_on_stderr) {
  EXPECT_EQ(complaints(shell("echo Error; echo error >&2"), 10s), "");
  EXPECT_THAT(complaints(shell("echo a ValueError >&2"), 10s),
              testing::HasSubstr("stderr has lines with Error:\na ValueError\n"));
}

TEST(example_rule, wants_no_process_left) {
  const command line = shell("sleep 60 & echo $!; exit 0");
  std::vector<pid_t> left;
  {
    subprocess run(line);
    EXPECT_THAT(complaints_of(run, line.text(), 10s), StartsWith("it left processes that run\n"));
    left = numbers_in(run.out());
  }
  ASSERT_EQ(left.size(), 1u);
  EXPECT_FALSE(runs(left.front()));
}

TEST(example_rule, shows_both_pipes_of_one_that_fails) {
  EXPECT_THAT(complaints(shell("echo said; echo told >&2; exit 3"), 10s),
              AllOf(StartsWith("exit code 3\n"), EndsWith("\n--- stdout\nsaid\n--- stderr\ntold\n")));
}

TEST(example_rule, wants_an_end_in_time) {
  EXPECT_THAT(complaints(command("sleep").arg("60"), 50ms), StartsWith("not done after"));
}

// A child, a grandchild, and one that has left the group.
TEST(example_rule, ends_all_processes_of_one_that_is_late_and_shows_both_its_pipes) {
  const command line = shell(
      "echo told >&2; sleep 60 & echo $!; sh -c 'sleep 60 & echo $!; wait' & setsid sleep 60 & echo $!; "
      "wait");
  subprocess run(line);
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (numbers_in(run.out()).size() < 3 && std::chrono::steady_clock::now() < until) run.wait_for_more(1s);
  const std::string out = run.out();
  ASSERT_EQ(numbers_in(out).size(), 3u) << out;
  for (const pid_t each : numbers_in(out)) EXPECT_TRUE(runs(each));

  EXPECT_THAT(complaints_of(run, line.text(), 1ms),
              AllOf(StartsWith("not done after"), EndsWith("\n--- stdout\n" + out + "--- stderr\ntold\n")));
  EXPECT_FALSE(runs(run.pid()));
  for (const pid_t each : numbers_in(out)) EXPECT_FALSE(runs(each));
}

}  // namespace examples_test
