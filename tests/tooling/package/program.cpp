#include <cstdio>
#include <tractor/detail/asio.hpp>

// Runs the event loop that is compiled inside libtractor.so.
int main() {
  tractor::asio::io_context loop(1);
  int ran = 0;
  tractor::asio::post(loop, [&] { ++ran; });
  loop.run();
  std::puts(ran == 1 ? "ran" : "did not run");
  return ran == 1 ? 0 : 1;
}
