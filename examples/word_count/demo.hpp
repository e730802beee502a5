// The count in each cell (spawn backend x transport), with a worker killed on the way, and what each cell
// costs.
#pragma once

#include <string>
#include <tractor/plugin/settings.hpp>
#include <vector>

/// Runs the demonstration; yields the exit code: 0 if every cell counted right and left nothing behind.
///
/// The cells are those of the backend and the transports that a flag or the environment asks for, else all.
/// Each has a registrar at an address of its own, unless addresses are given, so that what listens at the
/// usual one is not in the way. Boots one tree after the other in this process, which must be no actor and
/// have called `tractor::run_if_child`. Takes the choices of the environment out of it: they have been made.
int run_demo(const std::vector<std::string>& files, int workers, const tractor::settings& asked);
