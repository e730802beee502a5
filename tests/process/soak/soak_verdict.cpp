#include "soak_verdict.hpp"

#include <tractor/tractor.hpp>

#include "soak_tree.hpp"

namespace soak {

using namespace tractor;

namespace {

// One remote error, or the errors of a group that came from afar, seen by `plan`.
class examiner {
 public:
  examiner(const round_plan& plan, const std::set<std::string>& hit, const std::set<std::string>& stopped)
      : plan_(plan), hit_(hit), stopped_(stopped) {}

  std::string judge(const remote_actor_error& error) const {
    const auto members = error.exceptions();
    for (const remote_actor_error& member : members)
      if (std::string wrong = judge(member); !wrong.empty()) return wrong;
    if (std::string wrong = judge_path(error); !wrong.empty()) return wrong;
    if (!members.empty()) return {};
    const std::string& source = error.src_uid().name();
    if (error.src_type_str() == "ContextCancelled") return judge_cancel(error, source);
    if (error.src_type_str() == "ActorFailure") return judge_failure(error, source);
    if (error.boxed_type_is<actor_too_slow_error>()) return judge_silent(error.message(), source);
    if (error.boxed_type_is<fate_met>()) {
      if (fate_of(source) == fate::throws && error.message() == "the fate of " + source) return {};
      return "blames the wrong actor";
    }
    return "is of a type that nobody throws";
  }

  /// Whether the one whose heartbeat is missed is a child of `parent`, and has been stopped by us.
  std::string judge_silent(const std::string& text, const std::string& parent) const {
    const std::string name = name_after("'", text);
    const auto at = plan_.parents.find(name);
    if (at == plan_.parents.end()) return "misses an actor that is none of this round: '" + name + "'";
    if (at->second != parent) return "misses an actor that is no child of who says it: '" + name + "'";
    return stopped_.count(name) > 0 ? "" : "misses an actor that nobody has stopped: '" + name + "'";
  }

  /// Whether the name of a victim of ours is that of a child of `parent`.
  std::string judge_victim(const std::string& text, const std::string& parent) const {
    const std::string name = name_after("actor '", text);
    const auto at = plan_.parents.find(name);
    if (at == plan_.parents.end()) return "names an actor that is none of this round: '" + name + "'";
    if (at->second != parent) return "names an actor that is no child of who says it: '" + name + "'";
    const fate meets = fate_of(name);
    if (meets == fate::is_killed || meets == fate::exits || hit_.count(name) > 0) return {};
    return "names an actor that nobody has killed: '" + name + "'";
  }

 private:
  fate fate_of(const std::string& name) const {
    const auto at = plan_.fates.find(name);
    return at == plan_.fates.end() ? fate::none : at->second;
  }

  // What stands between `begin` and the next `@`.
  static std::string name_after(const std::string& begin, const std::string& text) {
    const std::size_t at = text.find(begin);
    if (at == text.npos) return {};
    const std::size_t name = at + begin.size();
    return text.substr(name, text.find('@', name) - name);
  }

  // Each has it from a child of its own.
  std::string judge_path(const remote_actor_error& error) const {
    const auto& path = error.relay_path();
    if (path.empty() || path.front().name() != error.src_uid().name()) return "does not begin at its source";
    for (std::size_t i = 0; i + 1 < path.size(); ++i) {
      const auto at = plan_.parents.find(path[i].name());
      if (at == plan_.parents.end() || at->second != path[i + 1].name())
        return "came to '" + path[i + 1].name() + "' from '" + path[i].name() + "', which is no child of it";
    }
    return {};
  }

  std::string judge_failure(const remote_actor_error& error, const std::string& source) const {
    return judge_victim(error.message(), source);
  }

  // Who cancels an actor is that one itself, somebody above it, or a visitor, whose own stream it is.
  std::string judge_cancel(const remote_actor_error& error, const std::string& source) const {
    const std::string& by = error.record().canceller.name();
    if (by == source)
      return fate_of(source) == fate::cancels_itself ? "" : "says that an actor cancelled itself";
    for (std::string above = source; !above.empty();) {
      const auto at = plan_.parents.find(above);
      if (at == plan_.parents.end()) break;
      above = at->second;
      if (above == by || (above.empty() && by == "root")) return {};
    }
    return "was cancelled by '" + by + "', which had no part in it";
  }

  const round_plan& plan_;
  const std::set<std::string>& hit_;
  const std::set<std::string>& stopped_;
};

}  // namespace

std::string verdict::judge(const std::exception_ptr& leaf) const {
  const examiner look(plan_, hit_, stopped_);
  try {
    std::rethrow_exception(leaf);
  } catch (const remote_actor_error& error) {
    return look.judge(error);
  } catch (const actor_failure& failure) {
    return look.judge_victim(failure.what(), "");
  } catch (const actor_too_slow_error& silent) {
    return look.judge_silent(silent.what(), "");
  } catch (const too_slow_error&) {
    return "the round did not end in time";
  } catch (...) {
    return "is of a type that nobody throws";
  }
}

std::vector<std::string> verdict::complaints(const std::exception_ptr& error) const {
  std::vector<std::string> out;
  if (!error) return out;
  for_each_leaf(error, [&](const std::exception_ptr& leaf) {
    if (const std::string wrong = judge(leaf); !wrong.empty()) out.push_back(wrong + ": " + describe(leaf));
  });
  return out;
}

}  // namespace soak
