// Counts the words of text files with a pool of actors, and checks the sum against a count in one process.
// A worker may die at any time: the error names it, a fresh one counts its file again, and the sum stays the
// same.
//
// word_count [--workers N] [--top N] [--kill-one] [file]...
//
// Without a file it counts the system's licences and documentation.
//
// word_count --demo
//
// The same in all cells, with a table of what each costs. Both take the flags of the runtime as well.
#include <fstream>
#include <iomanip>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>
#include <tractor/plugin/flags.hpp>
#include <tractor/plugin/registry.hpp>
#include <tractor/plugin/settings.hpp>
#include <tractor/tractor.hpp>

#include "crew.hpp"
#include "demo.hpp"
#include "tally.hpp"

using namespace tractor;

namespace {

constexpr std::uintmax_t default_bytes = 4 << 20;

struct command_line {
  int workers = 4;
  int top = 10;
  bool demo = false;
  bool kill_one = false;
  bool help = false;
  std::vector<std::string> files;
};

int read_number(const std::string& flag, const char* text, int most) {
  char* end = nullptr;
  const long number = text ? std::strtol(text, &end, 10) : 0;
  if (!text || *end != '\0' || number < 1 || number > most)
    throw std::invalid_argument(flag + " needs a number from 1 to " + std::to_string(most));
  return static_cast<int>(number);
}

constexpr const char* usage =
    "usage: word_count [--workers N] [--top N] [--kill-one] [file]... | word_count --demo\n";

command_line parse(arguments args) {
  command_line out;
  for (std::size_t i = 1; i < args.size(); ++i) {
    const std::string flag = args[i];
    const auto value = [&] { return ++i < args.size() ? args[i] : nullptr; };
    if (flag == "--workers")
      out.workers = read_number(flag, value(), 64);
    else if (flag == "--top")
      out.top = read_number(flag, value(), 1000);
    else if (flag == "--demo")
      out.demo = true;
    else if (flag == "--kill-one")
      out.kill_one = true;
    else if (flag == "--help" || flag == "-h")
      out.help = true;
    else if (flag.starts_with("-"))
      throw std::invalid_argument("unknown flag " + flag);
    else if (std::ifstream file(flag); !file || file.peek() == EOF)
      throw std::invalid_argument("no text in " + flag);
    else
      out.files.push_back(flag);
  }
  if (out.help) return out;
  if (out.files.empty()) out.files = default_files(default_bytes);
  if (out.files.empty()) throw std::invalid_argument("no text files found on this system: name some");
  return out;
}

// Yields what was asked for, or prints one clear line and yields nothing.
std::optional<command_line> try_parse(arguments args) {
  try {
    return parse(args);
  } catch (const std::invalid_argument& wrong) {
    std::cerr << "word_count: " << wrong.what() << "\n" << usage << std::flush;
    return std::nullopt;
  }
}

void print_help() { std::cout << usage << "\nFlags of the runtime:\n" << runtime_flags_help() << std::flush; }

task<tally> count_with_actors(const command_line& wanted) {
  crew workers(wanted.workers);
  if (wanted.kill_one) workers.kill_one_after(wanted.files.size() / 2);
  co_return co_await open_task_nursery([&](task_nursery& tn) -> task<tally> {
    co_await workers.start(tn);
    tally words = co_await workers.count(wanted.files);
    workers.dismiss();
    co_return words;
  });
}

task<int> app(arguments args) {
  const auto wanted = try_parse(args);
  if (!wanted) co_return 2;
  if (wanted->help) {
    print_help();
    co_return 0;
  }
  const tally words = co_await count_with_actors(*wanted);
  for (const auto& [word, count] : top_words(words, static_cast<std::size_t>(wanted->top)))
    std::cout << std::setw(9) << count << "  " << word << "\n";

  const bool same = words == count_files(wanted->files);
  std::cout << total(words) << " words, " << words.size() << " different ones, in " << wanted->files.size()
            << " files, counted by " << wanted->workers << " actors; a single process finds "
            << (same ? "the same" : "OTHER NUMBERS") << std::endl;
  co_return same ? 0 : 1;
}

// One tree after the other, in all cells that the runtime's flags leave.
int demo(int argc, char** argv) {
  try {
    const parsed_flags flags = parse_runtime_flags(argc, argv);
    std::vector<char*> rest{argv[0]};
    for (const std::string& word : flags.rest) rest.push_back(const_cast<char*>(word.c_str()));
    const auto wanted = try_parse(rest);
    if (!wanted) return 2;
    if (wanted->help) return print_help(), 0;
    const settings asked = resolve_settings(flags);
    plugin::registry::instance().set_folders(asked.plugin_folders());
    return run_demo(wanted->files, wanted->workers, asked);
  } catch (const std::exception& wrong) {
    std::cerr << "word_count: " << wrong.what() << std::endl;
    return 2;
  }
}

}  // namespace

int main(int argc, char** argv) {
  run_if_child(argc, argv);
  const arguments args(argv, static_cast<std::size_t>(argc));
  for (const std::string_view arg : args)
    if (arg == "--demo") return demo(argc, argv);
  run_options options;
  options.own_flags();
  return tractor::run(argc, argv, options, &app);
}
