#include "tractor/runtime/restarts.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>

#include "tractor/async/exception_group.hpp"
#include "tractor/runtime/errors.hpp"

namespace tractor {

namespace {

// splitmix64: one good number for each counter, so that no child's waits depend on when another one fails.
std::uint64_t mixed(std::uint64_t value) noexcept {
  value += 0x9e3779b97f4a7c15ull;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ull;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebull;
  return value ^ (value >> 31);
}

std::string seconds(duration span) {
  char text[48];
  std::snprintf(text, sizeof text, "%.3f s", std::chrono::duration<double>(span).count());
  return text;
}

std::string clock_text(std::chrono::system_clock::time_point when) {
  const std::time_t whole = std::chrono::system_clock::to_time_t(when);
  const auto part = std::chrono::duration_cast<std::chrono::milliseconds>(when.time_since_epoch()).count();
  std::tm local{};
  ::localtime_r(&whole, &local);
  char text[48], day[32];
  std::strftime(day, sizeof day, "%Y-%m-%d %H:%M:%S", &local);
  std::snprintf(text, sizeof text, "%s.%03d", day, static_cast<int>(part % 1000));
  return text;
}

std::string indented(const std::string& text, const std::string& by) {
  std::string out;
  for (const char c : text) out += c == '\n' ? "\n" + by : std::string(1, c);
  return out;
}

// Our own errors say who and what; any other needs its type.
std::string reason(const std::exception_ptr& why) {
  if (!why) return "it returned, and is to run for ever";
  try {
    std::rethrow_exception(why);
  } catch (const remote_actor_error& error) {
    return error.what();
  } catch (const actor_failure& error) {
    return error.what();
  } catch (...) {
    return describe(why);
  }
}

std::string headline(const std::string& supervisor, std::size_t allowed, duration period,
                     const std::vector<restart_record>& history) {
  const std::string who = history.empty() ? "a child" : "'" + history.back().child + "'";
  return "the supervisor in '" + supervisor + "' gives up: " + who + " ended once more, and no more than " +
         std::to_string(allowed) + " restarts within " + seconds(period) + " are allowed";
}

std::string whole_text(const std::string& summary, const std::vector<restart_record>& history,
                       std::size_t forgotten) {
  std::string out = summary + "; its history:";
  if (forgotten > 0) out += "\n  (" + std::to_string(forgotten) + " older restarts are not kept)";
  std::size_t number = forgotten;
  for (const restart_record& each : history)
    out += "\n  " + std::to_string(++number) + ". " + indented(each.text(), "     ");
  return out;
}

}  // namespace

restart_backoff::restart_backoff(duration first, duration most, double factor)
    : first_(first), most_(most), factor_(factor) {
  if (first < duration::zero() || most < first || !(factor >= 1))
    throw std::invalid_argument("restart_backoff: 0 <= first <= most and factor >= 1 must hold");
}

restart_backoff& restart_backoff::jitter(double part) {
  if (!(part >= 0 && part <= 1))
    throw std::invalid_argument("restart_backoff: jitter is a part of the wait, from 0 to 1");
  jitter_ = part;
  return *this;
}

duration restart_backoff::delay(std::size_t child, std::size_t failures) const noexcept {
  const double most = static_cast<double>(most_.count());
  const double grown = static_cast<double>(first_.count()) *
                       std::pow(factor_, static_cast<double>(std::max<std::size_t>(failures, 1) - 1));
  const double whole = grown < most ? grown : most;  // also when `grown` is infinite
  const std::uint64_t random = mixed(mixed(mixed(seed_.value_or(0)) ^ child) ^ failures);
  const double part = static_cast<double>(random >> 11) * 0x1p-53;  // from 0 up to 1
  return std::min(most_, duration(static_cast<duration::rep>(whole * (1 - jitter_ * part))));
}

std::string restart_record::text() const {
  std::string out = clock_text(when) + " '" + child + "'";
  if (!who.empty()) out += " (" + who.short_form() + ", pid " + std::to_string(who.pid()) + ")";
  out += uptime > duration::zero() ? " ended after " + seconds(uptime) : " died in its boot";
  if (!wait)
    out += ", not restarted";
  else if (*wait > duration::zero())
    out += ", to be restarted " + seconds(*wait) + " later";
  else
    out += ", to be restarted at once";
  return out + ": " + reason(why);
}

too_many_restarts::too_many_restarts(const std::string& supervisor, std::size_t allowed, duration period,
                                     std::vector<restart_record> history, std::size_t forgotten)
    : std::runtime_error(whole_text(headline(supervisor, allowed, period, history), history, forgotten)),
      history_(std::make_shared<std::vector<restart_record>>(std::move(history))) {
  summary_ = std::make_shared<std::string>(headline(supervisor, allowed, period, *history_));
}

too_many_restarts::too_many_restarts(const std::string& text)
    : std::runtime_error(text),
      history_(std::make_shared<std::vector<restart_record>>()),
      summary_(std::make_shared<std::string>(text.substr(0, text.find('\n')))) {}

}  // namespace tractor
