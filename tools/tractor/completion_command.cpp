#include "completion_command.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "runtime_flags.hpp"

namespace tractor::cli {
namespace {

struct known_command {
  std::string name, help;
  std::vector<std::pair<std::string, std::string>> flags;  // without dashes, with what they do
  std::vector<std::string> nested;
};

// What several of the nested commands take is one flag of the command.
void add_flags(known_command& to, const CLI::App& from) {
  for (const CLI::Option* const option : from.get_options())
    for (const auto& name : option->get_lnames())
      if (std::ranges::find(to.flags, name, &std::pair<std::string, std::string>::first) == to.flags.end())
        to.flags.emplace_back(name, option->get_description());
}

std::vector<known_command> commands_of(const CLI::App& app) {
  std::vector<known_command> all;
  for (const CLI::App* const one : app.get_subcommands([](const CLI::App*) { return true; })) {
    known_command it{one->get_name(), one->get_description(), {}, {}};
    add_flags(it, *one);
    for (const CLI::App* const inner : one->get_subcommands([](const CLI::App*) { return true; })) {
      it.nested.push_back(inner->get_name());
      add_flags(it, *inner);
    }
    for (const auto& [name, help] : tools::shown_runtime_flags())
      if (std::ranges::find(it.flags, name, &std::pair<std::string, std::string>::first) == it.flags.end())
        it.flags.emplace_back(name, help);
    if (it.name == "completion") it.nested = {"bash", "zsh", "fish"};
    all.push_back(std::move(it));
  }
  return all;
}

std::string bash_script(const std::vector<known_command>& all) {
  std::string names, cases;
  for (const auto& it : all) {
    names += (names.empty() ? "" : " ") + it.name;
    std::string words;
    for (const auto& word : it.nested) words += word + " ";
    for (const auto& [flag, help] : it.flags) words += "--" + flag + " ";
    cases += "    " + it.name + ") words='" + words + "' ;;\n";
  }
  return "_tractor() {\n  local words='" + names +
         "' word=${COMP_WORDS[COMP_CWORD]}\n  ((COMP_CWORD == 1)) || case ${COMP_WORDS[1]} in\n" + cases +
         "  esac\n  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n}\n"
         "complete -o default -F _tractor tractor\n";
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("\\'") : std::string(1, c);
  return out + "'";
}

std::string fish_script(const std::vector<known_command>& all) {
  std::string out = "complete -c tractor -e\n";
  for (const auto& it : all) {
    const std::string seen = " -n '__fish_seen_subcommand_from " + it.name + "'";
    out += "complete -c tractor -f -n __fish_use_subcommand -a " + it.name + " -d " + quoted(it.help) + "\n";
    for (const auto& word : it.nested) out += "complete -c tractor -f" + seen + " -a " + word + "\n";
    for (const auto& [flag, help] : it.flags)
      out += "complete -c tractor" + seen + " -l " + flag + " -d " + quoted(help) + "\n";
  }
  return out;
}

}  // namespace

void add_completion_command(CLI::App& app, int& result) {
  CLI::App* const completion =
      app.add_subcommand("completion", "Writes what a shell needs to complete this command.");
  const auto shell = std::make_shared<std::string>();
  completion->add_option("SHELL", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  completion->footer(
      "In ~/.bashrc or ~/.zshrc: source <(tractor completion bash), or zsh.\n"
      "For fish: tractor completion fish > ~/.config/fish/completions/tractor.fish\n"
      "Exit codes: 0 it is written, 2 wrong usage.");
  completion->final_callback([=, &app, &result] {
    const std::vector<known_command> all = commands_of(app);
    std::string text = *shell == "fish" ? fish_script(all) : bash_script(all);
    if (*shell == "zsh") text = "autoload -U +X bashcompinit && bashcompinit\n" + text;
    std::fwrite(text.data(), 1, text.size(), stdout);
    result = 0;
  });
}

}  // namespace tractor::cli
