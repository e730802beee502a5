// Processes as the kernel sees them.
#pragma once

#include <string>
#include <vector>

/// All processes below `root`, zombies included.
std::vector<int> descendants(int root);
/// Draws the processes below `root` by their titles, as pstree does.
std::string draw_process_tree(int root);
