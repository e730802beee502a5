// A fixture of the session, with a life that can be seen and a descriptor that is no leak.
#include <fcntl.h>

#include <cstdio>
#include <tractor/harness/harness.hpp>
#include <tractor/plugin/owned_fd.hpp>

using namespace tractor;
using namespace tractor::harness;

namespace {

class counter {
 public:
  static counter provide(session_context&) { return counter(); }
  counter(const counter&) = delete;
  counter& operator=(const counter&) = delete;
  ~counter() { std::printf("shared ends after %d\n", used_); }
  int use() { return ++used_; }

 private:
  counter() : held_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) { std::printf("shared begins\n"); }
  owned_fd held_;
  int used_ = 0;
};

}  // namespace

TRACTOR_CELL_TEST(shared, a_test_without) { std::printf("without\n"); }

TRACTOR_CELL_TEST(shared, b_first, (counter & it)) {
  EXPECT_EQ(it.use(), 1);
  std::printf("used once\n");
}

TRACTOR_TEST(shared, c_second, (counter & it)) {
  EXPECT_EQ(it.use(), 2);
  std::printf("used twice\n");
  co_return;
}
