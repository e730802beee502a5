// The matrix: tests of whole trees of processes, in each cell.
#include <tractor/harness/main.hpp>

int main(int argc, char** argv) { return tractor::harness::main(argc, argv); }
