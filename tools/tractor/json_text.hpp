// JSON for other programs.
#pragma once

#include <string>
#include <vector>

#include "actor_processes.hpp"
#include "machine_checks.hpp"
#include "task_dumps.hpp"
#include "tractor/plugin/registry.hpp"
#include "tractor/plugin/settings.hpp"

namespace tractor::cli {

/// Returns a JSON list, one object for each plugin, with a newline at the end.
std::string json_of(const std::vector<plugin::plugin_info>& plugins);

/// Returns a JSON list, one object for each setting, with a newline at the end.
std::string json_of(const std::vector<settings::row>& rows);

/// Returns a JSON list, one object for each process, with a newline at the end.
std::string json_of(const std::vector<actor_process>& processes);

/// Returns a JSON list, one object for each actor that was asked, with a newline at the end.
std::string json_of(const std::vector<task_dump>& dumps);

/// Returns a JSON list, one object for each check, with a newline at the end.
std::string json_of(const std::vector<machine_check>& checks);

}  // namespace tractor::cli
