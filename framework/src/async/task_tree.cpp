#include "tractor/async/task_tree.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "async/event_loop.hpp"
#include "async/write_task_tree.hpp"

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

// Writes into a given room and allocates nothing: a signal handler uses it, too.
class bounded_text {
 public:
  bounded_text(char* into, std::size_t room) noexcept : into_(into), room_(room) {}

  void add(std::string_view text) noexcept {
    full_ = full_ || room_ - size_ < text.size();
    if (full_) return;
    size_ += text.copy(into_ + size_, text.size());
  }
  // Of what people may name as they like: a dump is lines, which a name does not break.
  void add_name(std::string_view text) noexcept {
    const std::size_t begin = size_;
    add(text);
    std::replace_if(
        into_ + begin, into_ + size_, [](unsigned char c) { return c < 0x20 || c == 0x7f; }, '?');
  }
  void add(std::int64_t number) noexcept {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    add(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  void indent(int depth) noexcept {
    for (int i = 0; i < depth; ++i) add("  | ");
  }
  std::size_t size() const noexcept { return size_; }
  bool full() const noexcept { return full_; }

 private:
  char* into_;
  std::size_t room_;
  std::size_t size_ = 0;
  bool full_ = false;
};

// gcc names a coroutine's function `void nested(nested(int)::_Z6nestedi.Frame*)`; clang writes it plainly.
std::string_view function_of(const frame_record& frame) {
  std::string_view name = frame.made.function_name();
  const std::size_t open = name.find('(');
  if (open != std::string_view::npos) name = name.substr(0, open);
  const std::size_t space = name.rfind(' ');
  if (space != std::string_view::npos) name.remove_prefix(space + 1);
  return name;
}

std::string_view file_of(const std::source_location& where) {
  std::string_view file = where.file_name();
  const std::size_t slash = file.rfind('/');
  return slash == std::string_view::npos ? file : file.substr(slash + 1);
}

void add_scopes(bounded_text& out, const task_state& task) {
  bool first = true;
  for (const cancel_scope* scope = task.scope; scope; scope = scope_inspector::parent(*scope)) {
    const bool cancelled = scope_inspector::effective(*scope);
    if (!cancelled && !scope->shield() && scope->deadline() == time_point::max()) continue;
    out.add(first ? " scopes:" : ",");
    first = false;
    if (scope->shield()) out.add(" shield");
    if (cancelled) out.add(" cancelled");
    if (scope->deadline() != time_point::max()) {
      auto left = std::chrono::duration_cast<std::chrono::milliseconds>(scope->deadline() - task.loop.now());
      out.add(" deadline in ");
      out.add(left.count());
      out.add("ms");
    }
  }
}

std::string_view name_of(const task_state& task) {
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

// The engine's own wrappers say nothing to a reader.
bool is_of_engine(const frame_record& frame) {
  const std::string_view file = file_of(frame.made);
  return file == "task_nursery.hpp" || file == "body.hpp" || file == "cancel_scope.hpp" || file == "loop.hpp";
}

// Outermost first; of a very deep chain those nearest to where it waits.
void add_frames(bounded_text& out, const task_state& task, int depth) {
  constexpr std::size_t most = 256;
  const frame_record* frames[most];
  std::size_t count = 0;
  bool more = false;
  for (const frame_record* frame = task.leaf; frame && !more; frame = frame->caller) {
    if (is_of_engine(*frame)) continue;
    more = count == most;
    if (!more) frames[count++] = frame;
  }
  if (more) {
    out.indent(depth);
    out.add("  ... called from further out\n");
  }
  while (count > 0) {
    const frame_record& frame = *frames[--count];
    out.indent(depth);
    out.add("  ");
    out.add(function_of(frame));
    out.add(" at ");
    out.add(file_of(frame.waiting));
    out.add(":");
    out.add(static_cast<std::int64_t>(frame.waiting.line()));
    out.add("\n");
  }
}

void render(bounded_text& out, const task_state& task, int depth) {
  if (out.full()) return;
  const char* state = task.blocked ? "waiting" : task.leaf ? "ready" : "ending";
  if (detail::current_task_or_null() == &task) state = "running";
  out.indent(depth);
  out.add("task ");
  out.add_name(name_of(task));
  out.add(" (");
  out.add(state);
  out.add(")");
  add_scopes(out, task);
  out.add("\n");
  add_frames(out, task, depth);
  task.nurseries.for_each([&](const task_nursery& nursery) {
    out.indent(depth);
    out.add("  nursery, tasks: ");
    out.add(static_cast<std::int64_t>(nursery.child_count()));
    out.add("\n");
    scope_inspector::children(nursery).for_each(
        [&](const task_state& child) { render(out, child, depth + 1); });
  });
}

constexpr std::string_view cut = "... and more\n";

// False when the room is too small for all of it.
bool write_tree(char* into, std::size_t room, std::size_t& size) noexcept {
  size = 0;
  detail::event_loop* const loop = detail::event_loop::current();
  if (!loop || !loop->main_task() || room < cut.size()) return true;
  bounded_text out(into, room - cut.size());
  render(out, *loop->main_task(), 0);
  size = out.size();
  return !out.full();
}

}  // namespace

std::size_t detail::write_task_tree(char* into, std::size_t room) noexcept {
  std::size_t size = 0;
  if (!write_tree(into, room, size)) size += cut.copy(into + size, cut.size());
  return size;
}

std::string dump_task_tree() {
  std::string out;
  std::size_t size = 0;
  do out.resize(out.empty() ? 16 << 10 : out.size() * 4);
  while (!write_tree(out.data(), out.size(), size));
  out.resize(size);
  return out;
}

std::string current_task_name() {
  const task_state* task = detail::current_task_or_null();
  return task ? std::string(name_of(*task)) : std::string();
}

}  // namespace tractor
