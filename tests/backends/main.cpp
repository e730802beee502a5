// A child of these tests is this program too: run anew by one backend, copied by the other.
#include "tractor/harness/main.hpp"

#include <cstring>

#include "support.hpp"

int main(int argc, char** argv) {
  backend_tests::remember_arguments(argc, argv);
  if (argc > 0 && std::strncmp(argv[0], "_subactor[", 10) == 0) return backend_tests::child_main();
  return tractor::harness::main(argc, argv);
}
