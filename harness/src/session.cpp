#include "session.hpp"

#include <time.h>

#include <algorithm>
#include <cstdio>
#include <thread>
#include <vector>

namespace tractor::harness {
namespace {

session chosen;
bool seed_is_said = false;
double room_that_was_measured = 0;

// Wall-clock time of a fixed piece of work, in seconds: slow with a slow processor, and with others running.
double probe() {
  const auto started = std::chrono::steady_clock::now();
  volatile std::uint64_t value = 1;
  for (int turn = 0; turn < 20'000'000; ++turn) value = value * 6364136223846793005u + 1442695040888963407u;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

// Of the slowest of several, which is what the tests of a run with as many workers will meet.
double slowest_probe(std::size_t count) {
  std::vector<double> took(std::max<std::size_t>(count, 1));
  std::vector<std::thread> others;
  for (std::size_t i = 1; i < took.size(); ++i) others.emplace_back([&took, i] { took[i] = probe(); });
  took[0] = probe();
  for (std::thread& each : others) each.join();
  return *std::ranges::max_element(took);
}

}  // namespace

void detail::set_session(session it) { chosen = std::move(it); }
std::chrono::nanoseconds detail::scaled(std::chrono::nanoseconds bound) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(bound * chosen.timeout_scale);
}
std::string detail::seconds_text(std::chrono::nanoseconds span) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(span).count());
  return text;
}
void detail::start_test() noexcept { seed_is_said = false; }

double detail::measure_head_room(std::size_t side_by_side) {
  constexpr double of_an_idle_machine = 0.03;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr double of_sanitizers = 3;
#else
  constexpr double of_sanitizers = 1;
#endif
  const double took = slowest_probe(side_by_side);
  const double factor = std::clamp(took / of_an_idle_machine * of_sanitizers, of_sanitizers, 20.0);
  std::printf("head room: %.1f times (a probe took %.0f ms)\n", factor, took * 1000);
  std::fflush(stdout);
  return factor;
}

void detail::set_head_room(double factor) noexcept { room_that_was_measured = factor; }

const session& current_session() noexcept { return chosen; }
bool full_run() noexcept { return chosen.full; }

std::uint64_t seed() {
  if (!seed_is_said) {
    std::printf("seed: %llu (repeat with --seed %llu)\n", static_cast<unsigned long long>(chosen.seed),
                static_cast<unsigned long long>(chosen.seed));
    std::fflush(stdout);
  }
  seed_is_said = true;
  return chosen.seed;
}

double head_room() {
  static const double factor =
      room_that_was_measured > 0 ? room_that_was_measured : detail::measure_head_room(1);
  return factor;
}

}  // namespace tractor::harness
