// What one run of one test has: its cell and its fixtures.
#pragma once

#include <concepts>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <vector>

#include "tractor/harness/session.hpp"

namespace tractor::harness {

class test_context;
class session_context;

namespace detail {

/// What a `provide` says of its fixture: by whose context it is made, and which others it needs.
template <class> class provider_traits;
template <class T, class Context, class... Needs> class provider_traits<T (*)(Context&, Needs&...)> {
 public:
  using result = T;
  using context = Context;
  using needs = std::tuple<Needs&...>;

  template <class... Above> static consteval bool need_one_of();
  static T make(Context& from) {
    // In braces they are made from left to right.
    needs others{from.template get<Needs>()...};
    return std::apply([&](Needs&... each) { return T::provide(from, each...); }, others);
  }
};
template <class T> using provider = provider_traits<decltype(&T::provide)>;

template <class T, class Context>
concept provided_from =
    std::same_as<typename provider<T>::result, T> && std::same_as<typename provider<T>::context, Context>;

/// True if a fixture needs itself, or one of `Above`, whatever the way.
template <class T, class... Above> consteval bool needs_one_of() {
  if constexpr ((std::same_as<T, Above> || ...))
    return true;
  else if constexpr (requires { typename provider<T>::result; })
    return provider<T>::template need_one_of<T, Above...>();
  else
    return false;
}
template <class T, class Context, class... Needs>
template <class... Above>
consteval bool provider_traits<T (*)(Context&, Needs&...)>::need_one_of() {
  return (needs_one_of<Needs, Above...>() || ...);
}

/// Fixtures of one scope, each made once and destroyed in reverse order. Neither copied nor moved.
class fixture_store {
 public:
  fixture_store() = default;
  fixture_store(const fixture_store&) = delete;
  fixture_store& operator=(const fixture_store&) = delete;
  ~fixture_store() { clear(); }

  template <class Fixture, class Context> Fixture& get(Context& context) {
    static_assert(!needs_one_of<Fixture>(), "this fixture needs itself, by way of the parameters of provide");
    for (const auto& [type, made] : fixtures_)
      if (type == typeid(Fixture)) return static_cast<holder<Fixture>&>(*made).value;
    const in_the_making now(*this, typeid(Fixture));
    auto made = std::make_unique<holder<Fixture>>(context);
    Fixture& value = made->value;
    fixtures_.emplace_back(typeid(Fixture), std::move(made));
    return value;
  }
  void clear() noexcept {
    while (!fixtures_.empty()) fixtures_.pop_back();
  }

 private:
  // Fixtures that need each other would be made for ever.
  class in_the_making {
   public:
    in_the_making(fixture_store& of, std::type_index type) : of_(of) {
      for (const std::type_index& each : of.making_)
        if (each == type)
          throw std::logic_error(std::string("the fixture ") + type.name() +
                                 " needs itself, by way of others");
      of.making_.push_back(type);
    }
    in_the_making(const in_the_making&) = delete;
    in_the_making& operator=(const in_the_making&) = delete;
    ~in_the_making() { of_.making_.pop_back(); }

   private:
    fixture_store& of_;
  };

  class holder_base {
   public:
    virtual ~holder_base() = default;
  };
  template <class Fixture> class holder final : public holder_base {
   public:
    template <class Context> explicit holder(Context& context) : value(provider<Fixture>::make(context)) {}
    Fixture value;
  };

  std::vector<std::pair<std::type_index, std::unique_ptr<holder_base>>> fixtures_;
  std::vector<std::type_index> making_;
};

}  // namespace detail

/// A fixture is a type with `static T provide(test_context&, others&...)`; a test has it by declaring a
/// parameter of that type.
///
/// One is made for each test, before its root actor, and destroyed after that, the last one first. The
/// further parameters of `provide` are fixtures that it needs: they are made before it, once for all who ask;
/// a fixture that needs itself does not compile. It may also ask the context for others as it is made. It may
/// be neither copyable nor movable: then the parameter is a reference.
template <class T>
concept test_fixture = detail::provided_from<T, test_context>;

/// A fixture of the session is a type with `static T provide(session_context&, others&...)`, where the others
/// are of the session too; a parameter is a reference.
///
/// One is made for each process of tests, before the first test that has it as a parameter, and destroyed
/// after the last: one for the whole run with `--isolate none`, else one for each test. What it holds is no
/// leak of a test. It may ask the context for further fixtures of the session.
template <class T>
concept session_fixture = detail::provided_from<T, session_context>;

/// What a parameter of a test can be.
template <class T>
concept fixture = test_fixture<T> || session_fixture<T>;

/// Owns the fixtures of this process's session. Neither copied nor moved.
class session_context {
 public:
  /// Returns the session's instance of a fixture; makes it at the first call.
  template <class Fixture> Fixture& get() {
    static_assert(session_fixture<Fixture>,
                  "this is no fixture of the session: it needs a static provide(session_context&)");
    if constexpr (session_fixture<Fixture>) return fixtures_.get<Fixture>(*this);
  }
  /// Ends them, the last one first.
  void clear() noexcept { fixtures_.clear(); }

 private:
  detail::fixture_store fixtures_;
};

/// Returns that of this process; its fixtures end with the last test.
session_context& current_session_context();

/// Owns the fixtures of one run of one test. Neither copied nor moved.
class test_context {
 public:
  test_context(std::string suite, std::string name, cell where);
  test_context(const test_context&) = delete;
  test_context& operator=(const test_context&) = delete;

  const std::string& suite() const noexcept { return suite_; }
  const std::string& name() const noexcept { return name_; }
  const cell& where() const noexcept { return where_; }
  /// `suite.name/backend+transport`.
  std::string id() const { return suite_ + "." + name_ + "/" + where_.id(); }
  /// A short word that no other test of this or another run has; fit for names of actors and files.
  const std::string& token() const noexcept { return token_; }

  /// Returns the test's instance of a fixture, or the session's; makes it at the first call.
  ///
  /// One of the session is made before the test begins only if it is a parameter of that.
  template <class Fixture> Fixture& get() {
    static_assert(fixture<Fixture>,
                  "this parameter is no fixture: it needs a static provide(test_context&) or "
                  "provide(session_context&)");
    if constexpr (test_fixture<Fixture>)
      return fixtures_.get<Fixture>(*this);
    else if constexpr (session_fixture<Fixture>)
      return current_session_context().get<Fixture>();
  }

 private:
  std::string suite_, name_;
  cell where_;
  std::string token_;
  detail::fixture_store fixtures_;
};

}  // namespace tractor::harness
