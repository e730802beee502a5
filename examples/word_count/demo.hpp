// The count in each cell (spawn backend x transport), with a worker killed on the way, and what each cell
// costs.
#pragma once

#include <string>
#include <tractor/plugin/choices.hpp>
#include <vector>

/// Runs the demonstration; yields the exit code: 0 if every cell counted right and left nothing behind.
///
/// Boots one tree after the other in this process, which must be no actor and have called
/// `tractor::run_if_child`.
int run_demo(const std::vector<std::string>& files, int workers, const tractor::choices& asked);
