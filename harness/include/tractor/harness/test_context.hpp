// What one run of one test has: its cell and its fixtures.
#pragma once

#include <concepts>
#include <memory>
#include <string>
#include <type_traits>
#include <typeindex>
#include <utility>
#include <vector>

#include "tractor/harness/session.hpp"

namespace tractor::harness {

class test_context;

/// A fixture is a type with `static T provide(test_context&)`; a test has it by declaring a parameter of that
/// type.
///
/// One is made for each test, before its root actor, and destroyed after that, the last one first. It may ask
/// the context for further fixtures. It may be neither copyable nor movable: then the parameter is a
/// reference.
template <class T>
concept fixture = requires(test_context& context) {
  { T::provide(context) } -> std::same_as<T>;
};

/// Owns the fixtures of one run of one test. Neither copied nor moved.
class test_context {
 public:
  test_context(std::string suite, std::string name, cell where);
  test_context(const test_context&) = delete;
  test_context& operator=(const test_context&) = delete;
  ~test_context();

  const std::string& suite() const noexcept { return suite_; }
  const std::string& name() const noexcept { return name_; }
  const cell& where() const noexcept { return where_; }
  /// `suite.name/backend+transport`.
  std::string id() const { return suite_ + "." + name_ + "/" + where_.id(); }
  /// A short word that no other test of this or another run has; fit for names of actors and files.
  const std::string& token() const noexcept { return token_; }

  /// Returns the test's instance of a fixture; makes it at the first call.
  template <class Fixture> Fixture& get() {
    static_assert(fixture<Fixture>, "this parameter is no fixture: it needs a static provide(test_context&)");
    if constexpr (fixture<Fixture>) {
      for (const auto& [type, made] : fixtures_)
        if (type == typeid(Fixture)) return static_cast<holder<Fixture>&>(*made).value;
      auto made = std::make_unique<holder<Fixture>>(*this);
      Fixture& value = made->value;
      fixtures_.emplace_back(typeid(Fixture), std::move(made));
      return value;
    }
  }

 private:
  class holder_base {
   public:
    virtual ~holder_base() = default;
  };
  template <class Fixture> class holder final : public holder_base {
   public:
    explicit holder(test_context& context) : value(Fixture::provide(context)) {}
    Fixture value;
  };

  std::string suite_, name_;
  cell where_;
  std::string token_;
  std::vector<std::pair<std::type_index, std::unique_ptr<holder_base>>> fixtures_;
};

}  // namespace tractor::harness
