// The arguments and the format text of a log call, with no formatting library in sight.
#pragma once

#include <chrono>
#include <concepts>
#include <cstddef>
#include <exception>
#include <iosfwd>
#include <source_location>
#include <string>
#include <string_view>
#include <type_traits>

#include "tractor/detail/export.hpp"

namespace tractor::log {

template <class T>
concept has_to_string = requires(const T& value) {
  { value.to_string() } -> std::convertible_to<std::string>;
};
template <class T>
concept has_free_to_string = requires(const T& value) {
  { to_string(value) } -> std::convertible_to<std::string>;
};
template <class T>
concept streamable = requires(std::ostream& out, const T& value) {
  out << value;
};

/// One argument of a log call, captured without copying or formatting it.
///
/// Numbers, texts, pointers, durations and exceptions are known; any other type needs a member
/// `to_string()`, a free `to_string(value)` or an `operator<<` in its own namespace.
/// Refers to its value: good for the full expression of the call only.
class argument {
 public:
  enum class kind : unsigned char {
    boolean,
    character,
    integer,
    natural,
    real,
    seconds,
    pointer,
    text,
    custom
  };
  using renderer = void (*)(const void* value, std::string& out);
  using streamer = void (*)(const void* value, std::ostream& out);

  template <class T> explicit argument(const T& value) noexcept {
    if constexpr (std::same_as<T, bool>) {
      set(kind::boolean), integer_ = value;
    } else if constexpr (std::same_as<T, char>) {
      set(kind::character), integer_ = value;
    } else if constexpr (!std::is_null_pointer_v<T> && std::convertible_to<const T&, std::string_view>) {
      set_text(value);
    } else if constexpr (has_to_string<T>) {
      set_renderer(&value,
                   [](const void* it, std::string& out) { out = static_cast<const T*>(it)->to_string(); });
    } else if constexpr (has_free_to_string<T>) {
      set_renderer(&value,
                   [](const void* it, std::string& out) { out = to_string(*static_cast<const T*>(it)); });
    } else if constexpr (std::is_enum_v<T>) {
      set(kind::integer), integer_ = static_cast<long long>(value);
    } else if constexpr (std::signed_integral<T>) {
      set(kind::integer), integer_ = value;
    } else if constexpr (std::unsigned_integral<T>) {
      set(kind::natural), natural_ = value;
    } else if constexpr (std::floating_point<T>) {
      set(kind::real), real_ = static_cast<double>(value);
    } else if constexpr (std::derived_from<T, std::exception>) {
      set_text(value.what());
    } else if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T>) {
      set(kind::pointer), data_ = static_cast<const void*>(value);
    } else if constexpr (is_duration<T>) {
      set(kind::seconds), real_ = std::chrono::duration<double>(value).count();
    } else {
      static_assert(streamable<T>, "a log argument needs to_string() or operator<<");
      set(kind::custom), data_ = &value;
      stream_ = [](const void* it, std::ostream& out) { out << *static_cast<const T*>(it); };
    }
  }

  kind what() const noexcept { return kind_; }
  long long as_integer() const noexcept { return integer_; }
  unsigned long long as_natural() const noexcept { return natural_; }
  double as_real() const noexcept { return real_; }
  const void* as_pointer() const noexcept { return data_; }
  std::string_view as_text() const noexcept { return {static_cast<const char*>(data_), size_}; }
  renderer render() const noexcept { return render_; }  ///< Null unless the type has a `to_string`.
  streamer stream() const noexcept { return stream_; }  ///< Null unless the type is streamed.

 private:
  template <class T> static constexpr bool is_duration = requires {
    requires std::same_as<T, std::chrono::duration<typename T::rep, typename T::period>>;
  };

  void set(kind value) noexcept { kind_ = value; }
  void set_text(std::string_view value) noexcept {
    set(kind::text), data_ = value.data(), size_ = value.size();
  }
  void set_text(const char* value) noexcept { set_text(std::string_view(value ? value : "(null)")); }
  void set_renderer(const void* value, renderer function) noexcept {
    kind_ = kind::custom;
    data_ = value;
    render_ = function;
  }

  kind kind_ = kind::integer;
  union {
    long long integer_ = 0;
    unsigned long long natural_;
    double real_;
    std::size_t size_;
  };
  const void* data_ = nullptr;
  renderer render_ = nullptr;
  streamer stream_ = nullptr;
};

/// The text of a log call: a literal in the `{}` grammar of {fmt}, and the line it stands on.
///
/// Made at compile time by the call itself. A text whose places are not as many as the arguments, or that
/// numbers them, does not compile.
template <std::size_t Arguments> class format_text {
 public:
  consteval format_text(const char* text, std::source_location where = std::source_location::current())
      : text_(text), where_(where) {
    if (places(text_) != Arguments) throw "the places of the log text are not as many as the arguments";
  }

  constexpr std::string_view text() const noexcept { return text_; }
  constexpr const std::source_location& where() const noexcept { return where_; }

 private:
  static consteval std::size_t places(std::string_view text) {
    std::size_t count = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
      if (text[at] == '}') {
        if (++at == text.size() || text[at] != '}') throw "a lone } in a log text: write }}";
      } else if (text[at] == '{') {
        if (++at == text.size()) throw "a lone { in a log text: write {{";
        if (text[at] == '{') continue;
        if (text[at] != '}' && text[at] != ':') throw "the places of a log text are {} or {:spec}";
        while (at < text.size() && text[at] != '}') ++at;
        if (at == text.size()) throw "a place of the log text has no end";
        ++count;
      }
    }
    return count;
  }

  std::string_view text_;
  std::source_location where_;
};

}  // namespace tractor::log
