// A doubly linked list through hooks in its elements: no allocation per insertion, removal without a search.
//
// Own, since every public header of async/ needs it and Boost.Intrusive would cost each user 0.3 s of
// compiling.
#pragma once

namespace tractor::detail {

/// Links one element into one list; `Tag` tells apart the lists an element is in at once.
template <class Tag> struct list_hook {
  list_hook() = default;
  list_hook(const list_hook&) = delete;
  list_hook& operator=(const list_hook&) = delete;
  ~list_hook() { unlink(); }

  bool linked() const noexcept { return next != nullptr; }
  void unlink() noexcept {
    if (!next) return;
    prev->next = next;
    next->prev = prev;
    next = prev = nullptr;
  }

  list_hook* prev = nullptr;
  list_hook* next = nullptr;
};

/// The list itself; it owns nothing. `T` derives from `list_hook<Tag>`.
template <class T, class Tag> class intrusive_list {
 public:
  intrusive_list() noexcept { head_.next = head_.prev = &head_; }
  ~intrusive_list() {
    while (!empty()) head_.next->unlink();
    head_.next = head_.prev = nullptr;
  }
  intrusive_list(const intrusive_list&) = delete;
  intrusive_list& operator=(const intrusive_list&) = delete;

  bool empty() const noexcept { return head_.next == &head_; }
  void push_back(T& item) noexcept {
    list_hook<Tag>& hook = item;
    hook.prev = head_.prev;
    hook.next = &head_;
    head_.prev->next = &hook;
    head_.prev = &hook;
  }
  T& front() noexcept { return static_cast<T&>(*head_.next); }
  T& pop_front() noexcept {
    T& item = front();
    static_cast<list_hook<Tag>&>(item).unlink();
    return item;
  }

  /// Calls `visit` for each element; `visit` may unlink the element it is given, and no other.
  template <class Visit> void for_each(Visit&& visit) {
    for (list_hook<Tag>* at = head_.next; at != &head_;) {
      list_hook<Tag>* following = at->next;
      visit(static_cast<T&>(*at));
      at = following;
    }
  }
  template <class Visit> void for_each(Visit&& visit) const {
    for (const list_hook<Tag>* at = head_.next; at != &head_; at = at->next)
      visit(static_cast<const T&>(*at));
  }

 private:
  list_hook<Tag> head_;
};

}  // namespace tractor::detail
