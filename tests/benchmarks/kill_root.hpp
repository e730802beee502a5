// The root that is to be killed is a process of its own.
#pragma once

namespace bench {

/// Runs the root of a tree when the arguments say so; it never returns then. To be called after
/// `tractor::run_if_child`.
void run_if_root_of_tree(int argc, char** argv);

}  // namespace bench
