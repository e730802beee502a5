#include "tractor/harness/fixtures.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "hard_guard.hpp"
#include "reserved_address.hpp"
#include "run_folder.hpp"
#include "session.hpp"

namespace tractor::harness {

test_context::test_context(std::string suite, std::string name, cell where)
    : suite_(std::move(suite)), name_(std::move(name)), where_(std::move(where)) {
  static unsigned made = 0;
  token_ = std::to_string(::getpid()) + "x" + std::to_string(++made);
}

namespace {

/// Ends the session's fixtures while a failure of theirs is still one of the run.
class end_of_session final : public testing::Environment {
 public:
  void TearDown() override {
    const detail::hard_guard guard("the end of the session's fixtures",
                                   detail::scaled(std::chrono::minutes(1)));
    current_session_context().clear();
  }
};

}  // namespace

session_context& current_session_context() {
  static session_context the_only;
  // Owned by GoogleTest from then on.
  static const auto* const ends = testing::AddGlobalTestEnvironment(new end_of_session);
  static_cast<void>(ends);
  return the_only;
}

reg_addr::reg_addr(std::shared_ptr<detail::reserved_address> held) : held_(std::move(held)) {}

reg_addr reg_addr::provide(test_context& context) {
  return reg_addr(std::make_shared<detail::reserved_address>(context));
}

const std::string& reg_addr::text() const noexcept { return held_->text(); }

tmp_dir::tmp_dir(test_context& context)
    : path_(current_session().folder + detail::scratch_part + "/" + context.token()) {
  if (::mkdir(path_.c_str(), 0700) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot make the test's folder " + path_);
}

tmp_dir::~tmp_dir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace tractor::harness
