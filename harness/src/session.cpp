#include "session.hpp"

#include <time.h>

#include <algorithm>
#include <cstdio>

namespace tractor::harness {
namespace {

session chosen;
bool seed_is_said = false;

// Wall-clock time of a fixed piece of work, in seconds: slow with a slow processor, and with others running.
double probe() {
  const auto started = std::chrono::steady_clock::now();
  volatile std::uint64_t value = 1;
  for (int turn = 0; turn < 20'000'000; ++turn) value = value * 6364136223846793005u + 1442695040888963407u;
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
}

double measure_head_room() {
  constexpr double of_an_idle_machine = 0.03;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr double of_sanitizers = 3;
#else
  constexpr double of_sanitizers = 1;
#endif
  const double took = probe();
  const double factor = std::clamp(took / of_an_idle_machine * of_sanitizers, of_sanitizers, 20.0);
  std::printf("head room: %.1f times (a probe took %.0f ms)\n", factor, took * 1000);
  std::fflush(stdout);
  return factor;
}

}  // namespace

void detail::set_session(session it) { chosen = std::move(it); }
std::chrono::nanoseconds detail::scaled(std::chrono::nanoseconds bound) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(bound * chosen.timeout_scale);
}
void detail::start_test() noexcept { seed_is_said = false; }

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
  static const double factor = measure_head_room();
  return factor;
}

}  // namespace tractor::harness
