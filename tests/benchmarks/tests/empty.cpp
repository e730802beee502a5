// Sixteen tests that only boot a root: what is left is what a test costs.
#include <tractor/harness/harness.hpp>

namespace empty_tests {

#define EMPTY_TEST(letter) \
  TRACTOR_TEST(empty, letter, ()) { co_return; }

EMPTY_TEST(a)
EMPTY_TEST(b)
EMPTY_TEST(c)
EMPTY_TEST(d)
EMPTY_TEST(e)
EMPTY_TEST(f)
EMPTY_TEST(g)
EMPTY_TEST(h)
EMPTY_TEST(i)
EMPTY_TEST(j)
EMPTY_TEST(k)
EMPTY_TEST(l)
EMPTY_TEST(m)
EMPTY_TEST(n)
EMPTY_TEST(o)
EMPTY_TEST(p)

#undef EMPTY_TEST

}  // namespace empty_tests

int main(int argc, char** argv) { return tractor::harness::main(argc, argv); }
