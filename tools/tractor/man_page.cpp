#include "man_page.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace tractor::cli {
namespace {

constexpr std::string_view codes_word = "Exit codes: ";

std::string roff(const std::string& text) {
  std::string out;
  bool line_begins = true;
  for (const char c : text) {
    if (line_begins && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
    line_begins = c == '\n';
  }
  return out;
}

std::vector<const CLI::App*> commands_of(const CLI::App& of) {
  return of.get_subcommands([](const CLI::App* it) { return !it->get_name().empty(); });
}

bool is_shown(const CLI::Option* option) { return !option->get_group().empty(); }

// What stands behind the name in the help, as what is to be put there.
std::string values_of(const CLI::Option* option) {
  const CLI::Formatter formatter;
  const std::string all = formatter.make_option_opts(option);
  return all.empty() ? "" : " \\fI" + roff(all.substr(all.find_first_not_of(' '))) + "\\fR";
}

void add_options(std::string& out, const CLI::App& command) {
  for (const CLI::Option* option : command.get_options()) {
    if (!is_shown(option)) continue;
    const bool positional = !option->nonpositional();
    out += ".TP\n\\fB" + roff(positional ? option->get_name(true) : option->get_name(false, true)) + "\\fR" +
           values_of(option) + "\n" + roff(option->get_description()) + "\n";
  }
}

// Lines stay as they are: some are tables.
void add_lines(std::string& out, const std::vector<std::string>& lines) {
  out += ".nf\n";
  for (const std::string& line : lines) out += roff(line) + "\n";
  out += ".fi\n";
}

struct footer_parts {
  std::vector<std::string> notes, codes;
};

// The exit codes are said last.
footer_parts footer_of(const CLI::App& command) {
  footer_parts out;
  std::istringstream in(command.get_footer());
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(codes_word))
      line.erase(0, codes_word.size());
    else if (out.codes.empty()) {
      out.notes.push_back(line);
      continue;
    }
    out.codes.push_back(line);
  }
  return out;
}

std::string with_spaces(std::string name) {
  std::ranges::replace(name, '-', ' ');
  return name;
}

void add_commands(std::string& out, const CLI::App& command, const std::string& name) {
  const auto inner = commands_of(command);
  if (inner.empty()) return;
  out += ".SH COMMANDS\n";
  for (const CLI::App* each : inner) {
    const bool page = command.get_parent() == nullptr;
    out += page ? ".TP\n\\fB" + roff(name + "-" + each->get_name()) + "\\fR(1)\n" +
                      roff(each->get_description()) + "\n"
                : ".SS " + roff(each->get_name()) + "\n" + roff(each->get_description()) + "\n";
    if (!page) add_options(out, *each);
  }
}

void write(const std::filesystem::path& folder, const CLI::App& command, const std::string& name) {
  std::ofstream file(folder / (name + ".1"));
  file << man_page(command, name);
  if (!file.flush()) throw std::runtime_error("cannot write " + (folder / (name + ".1")).string());
}

}  // namespace

std::string man_page(const CLI::App& command, const std::string& name) {
  const footer_parts footer = footer_of(command);
  std::string title = name;
  std::ranges::transform(title, title.begin(), [](unsigned char c) { return std::toupper(c); });
  std::string synopsis = "\\fB" + roff(with_spaces(name)) + "\\fR [\\fIOPTION\\fR]...";
  for (const CLI::Option* option : command.get_options())
    if (option->get_positional() && is_shown(option)) {
      const std::string what = "\\fI" + roff(option->get_name(true)) + "\\fR";
      const char* const more = option->get_items_expected_max() > 1 ? "..." : "";
      synopsis += option->get_required() ? " " + what + more : " [" + what + "]" + more;
    }
  if (!commands_of(command).empty()) synopsis += " \\fICOMMAND\\fR ...";
  std::string summary = command.get_description();
  if (const std::size_t end = summary.find(". "); end != std::string::npos) summary.resize(end);
  if (summary.ends_with('.')) summary.pop_back();
  std::string out = ".TH " + roff(title) +
                    " 1 \"\" \"tractor " TRACTOR_VERSION "\" \"User Commands\"\n.SH NAME\n" + roff(name) +
                    " \\- " + roff(summary) + "\n.SH SYNOPSIS\n" + synopsis + "\n.SH DESCRIPTION\n" +
                    roff(command.get_description()) + "\n";
  if (!footer.notes.empty()) {
    out += ".PP\n";
    add_lines(out, footer.notes);
  }
  out += ".SH OPTIONS\n";
  add_options(out, command);
  add_commands(out, command, name);
  if (!footer.codes.empty()) {
    out += ".SH EXIT STATUS\n";
    add_lines(out, footer.codes);
  }
  if (name != "tractor") out += ".SH SEE ALSO\n\\fBtractor\\fR(1)\n";
  return out;
}

void add_man_option(CLI::App& program) {
  program
      .add_option_function<std::string>("--man-pages",
                                        [&program](const std::string& where) {
                                          const std::filesystem::path folder = where;
                                          std::filesystem::create_directories(folder);
                                          write(folder, program, program.get_name());
                                          for (const CLI::App* each : commands_of(program))
                                            write(folder, *each, program.get_name() + "-" + each->get_name());
                                          throw CLI::Success();
                                        })
      ->trigger_on_parse()
      ->group("");
}

}  // namespace tractor::cli
