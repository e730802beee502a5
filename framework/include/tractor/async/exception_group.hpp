// Several errors at once, as a tree.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tractor/detail/export.hpp"

namespace tractor {

/// Holds what several tasks (or actors) threw, as a tree: a member may itself be a group.
///
/// Thrown as itself when a `cancelled` is among its leaves, so that a handler for `std::exception` does not
/// swallow that; else as an `exception_group`. Immutable and cheap to copy.
class TRACTOR_API base_exception_group {
 public:
  base_exception_group(std::string message, std::vector<std::exception_ptr> members);
  virtual ~base_exception_group() = default;

  const std::string& message() const noexcept { return message_; }
  const std::vector<std::exception_ptr>& exceptions() const noexcept { return members_; }
  /// Counts the leaves of the whole tree.
  std::size_t leaf_count() const;
  /// Renders the tree, one line for each node.
  const std::string& text() const noexcept { return text_; }

  /// Calls `visit` for each leaf, depth first.
  void for_each_leaf(const std::function<void(const std::exception_ptr&)>& visit) const;
  /// Splits into (leaves that match, the others), each keeping its place in the tree; null where nothing is
  /// left.
  std::pair<std::exception_ptr, std::exception_ptr> split(
      const std::function<bool(const std::exception_ptr&)>& matches) const;
  /// Splits by type: leaves that are an `E`, and the rest.
  template <class E> std::pair<std::exception_ptr, std::exception_ptr> split() const;
  /// The part whose leaves are an `E`; null if there is none.
  template <class E> std::exception_ptr filter() const { return split<E>().first; }

 private:
  std::string message_;
  std::vector<std::exception_ptr> members_;
  std::string text_;
};

/// A group none of whose leaves is a `cancelled`: an ordinary error.
class TRACTOR_API exception_group : public base_exception_group, public std::exception {
 public:
  using base_exception_group::base_exception_group;
  const char* what() const noexcept override { return text().c_str(); }
};

/// True when `error` holds an `E` (bare, not inside a group).
template <class E> bool is_error(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const E&) {
    return true;
  } catch (...) {
    return false;
  }
}

template <class E> std::pair<std::exception_ptr, std::exception_ptr> base_exception_group::split() const {
  return split([](const std::exception_ptr& leaf) { return is_error<E>(leaf); });
}

/// Joins errors into one: null for none, the error itself for one, else a group of the fitting class.
TRACTOR_API std::exception_ptr join_errors(std::string message, std::vector<std::exception_ptr> errors);
/// Splits a bare error or a group; see `base_exception_group::split`.
TRACTOR_API std::pair<std::exception_ptr, std::exception_ptr> split_error(
    const std::exception_ptr& error, const std::function<bool(const std::exception_ptr&)>& matches);
/// Calls `visit` for each leaf of a group, or once for a bare error.
TRACTOR_API void for_each_leaf(const std::exception_ptr& error,
                               const std::function<void(const std::exception_ptr&)>& visit);
/// One readable line (a tree for groups): the type's name and the message.
TRACTOR_API std::string describe(const std::exception_ptr& error);
/// The qualified name of the error's dynamic type, e.g. `std::runtime_error`.
TRACTOR_API std::string type_name(const std::exception_ptr& error);

/// Replaces each group of one member by that member, at every depth; the error itself if there is none.
///
/// Nurseries and scopes never raise such groups; those made by hand or by a peer may be. The message of a
/// group that goes is dropped.
TRACTOR_API std::exception_ptr collapse_group(const std::exception_ptr& error);

/// True when `error`, bare or a group, is made of nothing but `cancelled` and errors of the types `Also`.
template <class... Also> bool is_multi_cancelled(const std::exception_ptr& error);

/// Throws the part of `error` that is no `cancelled`, if there is one beside a cancel that hides it.
///
/// A group that holds a `cancelled` is no `std::exception`, so a handler for those does not see the errors in
/// it. Returns when there is nothing to dig out: `error` is one plain error or group, or only cancelled, or
/// null. For `catch (...) { maybe_raise_from_masking_error(std::current_exception()); throw; }` at a place
/// where an error matters more than that its task was cancelled as well. Not a checkpoint.
TRACTOR_API void maybe_raise_from_masking_error(const std::exception_ptr& error);

namespace detail {
/// Leaves each error object, except the groups, where it is met first, and takes it out elsewhere.
TRACTOR_API std::exception_ptr without_repeats(const std::exception_ptr& error) noexcept;
/// The text of an exception or of a string that was thrown, below it that of its causes, as
/// `std::throw_with_nested` keeps them; empty for other things. A null `what()` is an empty text.
TRACTOR_API std::string text_of_error(const std::exception_ptr& error);
/// The name of a type, without what `std::throw_with_nested` wraps it in.
TRACTOR_API std::string readable_type_name(const std::type_info& type);
/// True when each leaf of `error` is a `cancelled` or matches.
TRACTOR_API bool only_cancelled(const std::exception_ptr& error,
                                const std::function<bool(const std::exception_ptr&)>& also);

template <class F> struct handler_arg : handler_arg<decltype(&F::operator())> {};
template <class R, class C, class A> struct handler_arg<R (C::*)(A) const> { using type = A; };
template <class R, class C, class A> struct handler_arg<R (C::*)(A)> { using type = A; };
}  // namespace detail

template <class... Also> bool is_multi_cancelled(const std::exception_ptr& error) {
  return detail::only_cancelled(error, []([[maybe_unused]] const std::exception_ptr& leaf) {
    return (is_error<Also>(leaf) || ... || false);
  });
}

/// Offers each leaf of `error` to the first handler whose parameter type fits; returns what nobody took.
///
/// Works alike on one bare error and on a group. A handler that throws stops the walk with its own error.
template <class... Handlers>
[[nodiscard]] std::exception_ptr handle(const std::exception_ptr& error, Handlers... handlers) {
  // Which handler fits is found with empty hands first: a handler may itself throw the type it takes.
  return split_error(error,
                     [&](const std::exception_ptr& leaf) {
                       bool taken = false;
                       auto attempt = [&](auto& handler) {
                         if (taken) return;
                         using arg = std::remove_cvref_t<
                             typename detail::handler_arg<std::remove_cvref_t<decltype(handler)>>::type>;
                         if (is_error<arg>(leaf)) {
                           taken = true;
                           try {
                             std::rethrow_exception(leaf);
                           } catch (arg& caught) {
                             handler(caught);
                           }
                         }
                       };
                       (attempt(handlers), ...);
                       return taken;
                     })
      .second;
}

}  // namespace tractor
