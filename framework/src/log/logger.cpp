#include "tractor/log/logger.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>

#include "log/registry.hpp"
#include "log/text.hpp"
#include "tractor/log/spec.hpp"

namespace tractor::log {

namespace subsystem {
// constinit: a logger must work in the constructor of any global, in whatever order they run.
constinit logger async{"async"};
constinit logger log{"log"};
constinit logger msg{"msg"};
constinit logger plugin{"plugin"};
constinit logger ipc{"ipc"};
constinit logger runtime{"runtime"};
constinit logger discovery{"discovery"};
constinit logger devx{"devx"};
constinit logger spawn{"spawn"};
constinit logger transport{"transport"};
constinit logger harness{"harness"};
}  // namespace subsystem

namespace {

struct own_logger {
  explicit own_logger(std::string_view text) : name(text), it(name) {}
  std::string name;
  logger it;
};

struct registry {
  std::mutex lock;
  level general = default_level;
  std::map<logger*, level> single;
  std::vector<logger*> all{&subsystem::async,     &subsystem::log,    &subsystem::msg,
                           &subsystem::plugin,    &subsystem::ipc,    &subsystem::runtime,
                           &subsystem::discovery, &subsystem::devx,   &subsystem::spawn,
                           &subsystem::transport, &subsystem::harness};
  std::vector<std::unique_ptr<own_logger>> owned;

  logger* find(std::string_view name) const {
    if (name == "trionics") name = "async";
    const auto it = std::ranges::find(all, name, &logger::name);
    return it == all.end() ? nullptr : *it;
  }
};

// Leaked: loggers outlive every static object.
registry& the() {
  static auto* const it = new registry;
  return *it;
}

}  // namespace

logger& get(std::string_view name) {
  const std::scoped_lock guard(the().lock);
  if (logger* const found = the().find(name)) return *found;
  const auto good = [](unsigned char c) { return std::isalnum(c) || c == '_' || c == '-' || c == '.'; };
  if (name.empty() || !std::ranges::all_of(name, good))
    throw std::invalid_argument("no logger can be named " + detail::in_quotes(name) +
                                ": use letters, digits, _, - and .");
  auto& made = the().owned.emplace_back(std::make_unique<own_logger>(name));
  made->it.set_threshold(the().general);
  the().all.push_back(&made->it);
  return made->it;
}

std::vector<logger*> loggers() {
  const std::scoped_lock guard(the().lock);
  return the().all;
}

void set_general_level(level value) {
  const std::scoped_lock guard(the().lock);
  the().general = value;
  for (logger* it : the().all)
    if (!the().single.contains(it)) it->set_threshold(value);
}

level general_level() {
  const std::scoped_lock guard(the().lock);
  return the().general;
}

std::string single_levels() {
  std::string out;
  for (const logger* it : loggers()) {
    const std::scoped_lock guard(the().lock);
    const auto found = the().single.find(const_cast<logger*>(it));
    if (found == the().single.end()) continue;
    out.append(out.empty() ? "" : ",")
        .append(it->name())
        .append(":")
        .append(std::to_string(int(found->second)));
  }
  return out;
}

namespace detail {

logger* find_logger(std::string_view name) {
  const std::scoped_lock guard(the().lock);
  return the().find(name);
}

void set_single_level(std::string_view name, level value) {
  const std::scoped_lock guard(the().lock);
  logger* const it = the().find(name);
  if (!it) throw std::invalid_argument("no subsystem " + in_quotes(name) + " to set a log level for");
  the().single[it] = value;
  it->set_threshold(value);
}

void forget_single_levels() {
  const std::scoped_lock guard(the().lock);
  the().single.clear();
  for (logger* it : the().all) it->set_threshold(the().general);
}

}  // namespace detail
}  // namespace tractor::log
