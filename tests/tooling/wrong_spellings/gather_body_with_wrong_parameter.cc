// expect: the body takes what the openers hand over, in their order
#include <string>

#include "tractor/async/async.hpp"

tractor::task<> wrong() {
  co_await tractor::gather_contexts([](std::string&) -> tractor::task<> { co_return; },
                                    [](tractor::entered<int>& in) -> tractor::task<> {
                                      int value = 1;
                                      co_await in(value);
                                    });
}
