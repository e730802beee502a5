// expect: a temporary body that captures by value is destroyed twice by g++ 12
#include "tractor/async/async.hpp"
using namespace tractor;
task<> user(std::string s) {
  co_await fail_after(std::chrono::seconds(1), [s]() -> task<> { co_return; });
}
