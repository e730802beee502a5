// A program of tests with faults, each the subject of a test in verdict_test.cpp.
#include <tractor/harness/main.hpp>

int main(int argc, char** argv) { return tractor::harness::main(argc, argv); }
