// The main function of a test program.
#pragma once

namespace tractor::harness {

/// Runs the tests of this program over the matrix; yields the exit code. Call it first in `main`.
///
/// Takes the flags of GoogleTest; `--spawn-backend` and `--tpt-proto` (several; default: all plugins that are
/// good), which `TRACTOR_SPAWN_METHOD` and `TRACTOR_TPT_PROTO` narrow; `--ll`, `--tl`, `--plugin-path`,
/// `--debug-mode`/`--tpdb`, `--enable-stackscope`, `--config`; `--seed N`, `--timeout-scale F`, `-k EXPR`,
/// `--lf`, `-x`, `--durations N`, `-s`, `--isolate sandbox|process|none` (default: a sandbox for each test,
/// where one is allowed); unless all run in one process `-n JOBS`, `--ff`, `--with PROGRAM...`,
/// `--retries N`, `--watch`, `--junit FILE`, `--html FILE`, `--markdown FILE`, `--artifacts FOLDER`,
/// `--keep-sandbox`; for CTest `--ctest FILE`, `--skip-code N`. Exit codes: 0 all passed, 1 some failed,
/// 2 wrong usage, 3 a test blocked its thread and was ended by force, 4 no test was selected; 128 and the
/// number of the signal that interrupted the run.
int main(int argc, char** argv);

}  // namespace tractor::harness
