// A camera actor sends frames to its parent through a ring in shared memory: the parent looks at each one
// where it lies. No system call is made while neither has to wait for the other.
#include <algorithm>
#include <cstddef>
#include <iostream>
#include <tractor/tractor.hpp>

using namespace tractor;

constexpr int frames = 500;
constexpr std::size_t frame_size = 64 * 1024;

task<> camera(ring_token to) {
  auto out = co_await attach_ring_sender(to);
  ring_bytes frame(frame_size);
  for (int i = 0; i < frames; ++i) {
    std::ranges::fill(frame, static_cast<std::byte>(i));
    co_await out.send(frame);
  }
}

task<int> app() {
  int seen = 0, wrong = 0;
  co_await open_nursery([&](actor_nursery& an) -> task<> {
    auto ring = open_ring_channel(1 << 20);
    co_await an.run_in_actor<&camera>("camera", ring.token());
    auto in = ring.receiver();
    while (auto frame = co_await in.next_view()) {
      const auto color = static_cast<std::byte>(seen++);
      if (frame->size() != frame_size || frame->front() != color || frame->back() != color) ++wrong;
    }
  });
  std::cout << seen << " frames, " << wrong << " of them wrong\n";
  co_return seen == frames&& wrong == 0 ? 0 : 1;
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
