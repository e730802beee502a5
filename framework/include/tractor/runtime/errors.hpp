// Errors that cross process borders, and those of the runtime itself.
#pragma once

#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <typeinfo>
#include <vector>

#include "tractor/detail/export.hpp"
#include "tractor/plugin/actor_id.hpp"
#include "tractor/plugin/child_process.hpp"

namespace tractor {

/// What travels of an error: who raised what, and through whom it came. A value, shared by those who relay
/// it.
class TRACTOR_API error_record {
 public:
  actor_id src_uid;                  ///< The actor that raised it; never overwritten by a relay.
  std::string src_type_str;          ///< The type it had there.
  std::string boxed_type_str;        ///< The type that the last relayer saw.
  std::vector<actor_id> relay_path;  ///< Every actor on its way, the source first.
  std::string message;
  std::string tb_str;               ///< Rendered by the source.
  actor_id canceller;               ///< For a cancellation: who asked.
  actor_id originator;              ///< For a cancellation: on whose behalf, if that is known.
  std::string reason;               ///< For a cancellation: the canceller's words.
  actor_id sender;                  ///< For an overrun: whose message it was.
  std::vector<error_record> group;  ///< The members, when it is a group: a tree.

  /// The source's type, its message and the path: one line, if the message is one.
  std::string summary() const;
  /// Several lines for people: type and message, then the path of actors and the source's own text, and the
  /// members of a group as a tree. No newline at the end.
  ///
  /// No line has more than `width` columns, 0 for as many as it takes; widths below 40 are taken for 40.
  /// Control characters stand as `\x1b`: no terminal obeys them.
  std::string render(std::size_t width = 0) const;
  /// The name of one of its types as people are shown it: `<unknown>` for an empty one.
  static const std::string& type_text(const std::string& name) noexcept;
};

/// Returns any error as such lines, as `run` prints the one that ends a program: those of other actors with
/// their path, groups as a tree. Null is `no error`.
TRACTOR_API std::string render_error(const std::exception_ptr& error, std::size_t width = 0);

/// An error that another actor raised, as its peers see it.
class TRACTOR_API remote_actor_error : public std::runtime_error {
 public:
  explicit remote_actor_error(std::shared_ptr<const error_record> record);

  const error_record& record() const noexcept { return *record_; }
  const actor_id& src_uid() const noexcept { return record_->src_uid; }
  /// The type it had at its source, and the one that the last relayer saw; `<unknown>` where the peer says
  /// none.
  const std::string& src_type_str() const noexcept { return record_->type_text(record_->src_type_str); }
  const std::string& boxed_type_str() const noexcept { return record_->type_text(record_->boxed_type_str); }
  const std::string& message() const noexcept { return record_->message; }
  const std::string& tb_str() const noexcept { return record_->tb_str; }
  const std::vector<actor_id>& relay_path() const noexcept { return record_->relay_path; }
  /// The last actor on the way: the one that sent it to us.
  const actor_id& relay_uid() const noexcept;
  /// True when a peer relays what it got from another actor.
  bool is_inception() const noexcept { return record_->relay_path.size() > 1; }
  /// True when the source raised exactly an `E`; works for types that this program never registered.
  template <class E> bool boxed_type_is() const { return src_type_str() == wire_type_name(typeid(E)); }
  /// The error as a local exception: of its own type if that is known here (standard ones, ours, those given
  /// to `register_errors`, and those of the reference's runtime that have a counterpart here), a tree of such
  /// for a group; null if the type is unknown.
  std::exception_ptr unwrap() const;
  /// The members of a group, else empty.
  std::vector<remote_actor_error> exceptions() const;

  /// The name that a type has on the wire.
  static std::string wire_type_name(const std::type_info& type);

 private:
  std::shared_ptr<const error_record> record_;
};

/// A task of another actor was cancelled; `canceller` says by whom. List it before its base in handlers.
class TRACTOR_API context_cancelled : public remote_actor_error {
 public:
  using remote_actor_error::remote_actor_error;
  const actor_id& canceller() const noexcept { return record().canceller; }
  /// On whose behalf it was cancelled: the actor where the cancelling began; empty if that is unknown.
  const actor_id& originator() const noexcept { return record().originator; }
  /// Why, in the words of the canceller; may be empty.
  const std::string& reason() const noexcept { return record().reason; }
};

/// A child ended in a way that nobody asked for: in its boot, or later by a signal or an exit code.
class TRACTOR_API actor_failure : public std::runtime_error {
 public:
  actor_failure(actor_id who, exit_status how, bool booting, std::string stderr_tail);
  /// For boots that fail while the process lives (too slow, wrong answers).
  actor_failure(actor_id who, const std::string& what);
  const actor_id& who() const noexcept { return who_; }
  const exit_status& status() const noexcept { return status_; }
  /// The last of what it wrote to stderr in its boot.
  const std::string& stderr_tail() const noexcept { return stderr_tail_; }

 private:
  actor_id who_;
  exit_status status_;
  std::string stderr_tail_;
};

/// The called actor does not expose what was asked for.
class TRACTOR_API module_not_exposed : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A payload is not of the type that the other side declares; the text names both types and the field.
class TRACTOR_API msg_type_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The arguments of a call do not fit its function: too many, too few, or one whose name it does not know.
///
/// On the wire it is a `TypeError`, as peers of the reference know it.
class TRACTOR_API argument_error : public msg_type_error {
 public:
  using msg_type_error::msg_type_error;
};

/// A peer did not answer within its bound. Not a timeout of the caller's own.
class TRACTOR_API actor_too_slow_error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Items of a stream came faster than its receiver took them, and its policy is to say so.
class TRACTOR_API stream_overrun : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// There is no actor runtime here.
class TRACTOR_API no_runtime : public std::logic_error {
 public:
  using std::logic_error::logic_error;
};

/// The runtime is used in a way, or in a place, where it cannot work.
class TRACTOR_API runtime_failure : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Raised at the root when SIGINT or SIGTERM ended the program's tree.
class TRACTOR_API interrupted : public std::runtime_error {
 public:
  explicit interrupted(int signo);
  int signo() const noexcept { return signo_; }

 private:
  int signo_;
};

namespace detail {
using error_maker = std::function<std::exception_ptr(const std::string& message)>;
TRACTOR_API void register_error(const std::type_info& type, error_maker make);
/// Packs any exception as `self` would send it: sources keep their record, relays append themselves.
TRACTOR_API error_record box_error(const std::exception_ptr& error, const actor_id& self);
/// The exception that a received record is raised as.
TRACTOR_API std::exception_ptr unbox_error(error_record record);
}  // namespace detail

/// Makes errors of these types come out of `unwrap()` as themselves. Each is made from its message text.
template <class... E> void register_errors() {
  (detail::register_error(typeid(E),
                          [](const std::string& text) { return std::make_exception_ptr(E(text)); }),
   ...);
}

}  // namespace tractor
