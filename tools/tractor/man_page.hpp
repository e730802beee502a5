// Pages of the manual, made from the help of a command.
#pragma once

#include <string>

namespace CLI {
class App;
}

namespace tractor::cli {

/// Returns the page of a command as roff; `name` is that of the page, with dashes.
std::string man_page(const CLI::App& command, const std::string& name);

/// Adds a hidden option, `--man-pages FOLDER`: the program writes its page, and those of its sub-commands,
/// there, and ends. The build calls it.
void add_man_option(CLI::App& program);

}  // namespace tractor::cli
