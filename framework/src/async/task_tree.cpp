#include "tractor/async/task_tree.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include "async/event_loop.hpp"

namespace tractor {

// Befriended by the classes whose links the dump follows.
struct scope_inspector {
  static const cancel_scope* parent(const cancel_scope& scope) { return scope.parent_; }
  static bool effective(const cancel_scope& scope) { return scope.effective_; }
  static const detail::intrusive_list<detail::task_state, detail::in_parent>& children(
      const task_nursery& nursery) {
    return nursery.children_;
  }
};

namespace {

using detail::frame_record;
using detail::task_state;

// gcc names a coroutine's function `void nested(nested(int)::_Z6nestedi.Frame*)`; clang writes it plainly.
std::string function_of(const frame_record& frame) {
  std::string_view name = frame.made.function_name();
  const std::size_t open = name.find('(');
  if (open != std::string_view::npos) name = name.substr(0, open);
  const std::size_t space = name.rfind(' ');
  if (space != std::string_view::npos) name.remove_prefix(space + 1);
  return std::string(name);
}

std::string_view file_of(const std::source_location& where) {
  std::string_view file = where.file_name();
  const std::size_t slash = file.rfind('/');
  return slash == std::string_view::npos ? file : file.substr(slash + 1);
}

std::string scope_text(const task_state& task) {
  std::string out;
  for (const cancel_scope* scope = task.scope; scope; scope = scope_inspector::parent(*scope)) {
    const bool cancelled = scope_inspector::effective(*scope);
    if (!cancelled && !scope->shield() && scope->deadline() == time_point::max()) continue;
    out += out.empty() ? " scopes:" : ",";
    if (scope->shield()) out += " shield";
    if (cancelled) out += " cancelled";
    if (scope->deadline() != time_point::max()) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(scope->deadline() - current_time());
      out += " deadline in " + std::to_string(left.count()) + "ms";
    }
  }
  return out;
}

std::string name_of(const task_state& task) {
  if (!task.name.empty()) return task.name;
  // The root frame is the engine's own wrapper; the function it calls is the one to name.
  const frame_record* last = nullptr;
  const frame_record* before = nullptr;
  for (const frame_record* frame = task.leaf; frame; frame = frame->caller) {
    before = last;
    last = frame;
  }
  return before ? function_of(*before) : last ? function_of(*last) : "task";
}

void render(std::string& out, const task_state& task, const std::string& indent) {
  const char* state = task.blocked ? "waiting" : task.leaf ? "ready" : "ending";
  if (detail::current_task_or_null() == &task) state = "running";
  out += indent + "task " + name_of(task) + " (" + state + ")" + scope_text(task) + "\n";
  std::vector<const frame_record*> frames;
  for (const frame_record* frame = task.leaf; frame; frame = frame->caller) frames.push_back(frame);
  std::reverse(frames.begin(), frames.end());
  for (const frame_record* frame : frames) {
    std::string_view file = file_of(frame->made);
    // The engine's own wrappers say nothing to a reader.
    if (file == "task_nursery.hpp" || file == "body.hpp" || file == "cancel_scope.hpp" || file == "loop.hpp")
      continue;
    out += indent + "  " + function_of(*frame) + " at " + std::string(file_of(frame->waiting)) + ":" +
           std::to_string(frame->waiting.line()) + "\n";
  }
  task.nurseries.for_each([&](const task_nursery& nursery) {
    scope_inspector::children(nursery).for_each(
        [&](const task_state& child) { render(out, child, indent + "  | "); });
  });
}

}  // namespace

std::string dump_task_tree() {
  detail::event_loop* loop = detail::event_loop::current();
  std::string out;
  if (loop && loop->main_task()) render(out, *loop->main_task(), "");
  return out;
}

std::string current_task_name() {
  const task_state* task = detail::current_task_or_null();
  return task ? name_of(*task) : std::string();
}

}  // namespace tractor
