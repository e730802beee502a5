#include "flags.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tractor/plugin/settings_error.hpp"

namespace flags_test {

using namespace tractor;
using namespace tractor::harness::detail;

namespace {

template <class... Words> flags parse(const Words&... words) {
  const char* const all[] = {"program", words...};
  return parse_flags(static_cast<int>(std::size(all)), all);
}

template <class F> std::string error_of(F call) {
  try {
    call();
  } catch (const settings_error& error) {
    return error.what();
  }
  return "nothing was thrown";
}

plugin::plugin_info known(std::string kind, std::string key, std::vector<std::string> aliases = {}) {
  plugin::plugin_info out;
  out.kind = std::move(kind);
  out.key = std::move(key);
  out.aliases = std::move(aliases);
  return out;
}

std::vector<plugin::plugin_info> some_plugins() {
  std::vector<plugin::plugin_info> out{known("transport", "wave"), known("spawn", "seed", {"corn"}),
                                       known("spawn", "clone"), known("spawn", "broken")};
  out.back().fault = plugin::fault::wrong_abi;
  return out;
}

using keys = std::vector<std::string>;

}  // namespace

TEST(harness_flags, several_keys_come_as_words_or_with_commas) {
  EXPECT_EQ(parse("--spawn-backend", "a", "b").backends, (keys{"a", "b"}));
  EXPECT_EQ(parse("--spawn-backend=a,b").backends, (keys{"a", "b"}));
  EXPECT_EQ(parse("--spawn-backend", "a", "--tpt-proto", "x", "y").runtime.transports, (keys{"x", "y"}));
  EXPECT_EQ(parse("--tpt-proto", "x,y", "--spawn-backend", "a,b", "c").backends, (keys{"a", "b", "c"}));
}

TEST(harness_flags, a_flag_without_its_value_is_refused) {
  EXPECT_EQ(error_of([] { parse("--spawn-backend"); }), "--spawn-backend: needs a value");
  EXPECT_EQ(error_of([] { parse("--spawn-backend="); }), "--spawn-backend: needs a value");
  EXPECT_EQ(error_of([] { parse("--seed", "--ll", "info"); }), "--seed: needs a value");
}

TEST(harness_flags, numbers_are_checked) {
  EXPECT_EQ(parse("--seed", "7").seed, 7u);
  EXPECT_EQ(parse("--timeout-scale=2.5").timeout_scale, 2.5);
  EXPECT_NE(error_of([] { parse("--seed", "x"); }).find("--seed: expected a whole number"),
            std::string::npos);
  EXPECT_NE(error_of([] { parse("--timeout-scale", "0"); }).find("--timeout-scale"), std::string::npos);
  for (const char* const wrong : {"nan", "inf", "0.0000001", "1001"})
    EXPECT_NE(error_of([&] { parse("--timeout-scale", wrong); }).find("--timeout-scale: expected a number"),
              std::string::npos)
        << wrong;
  EXPECT_EQ(parse("--retries", "0").retries, 0);
  EXPECT_NE(error_of([] { parse("--retries=-1"); }).find("--retries"), std::string::npos);
  EXPECT_EQ(parse("--skip-code", "255").skip_code, 255);
  EXPECT_EQ(error_of([] { parse("--skip-code", "256"); }),
            "--skip-code: an exit code is at most 255, found '256'");
  EXPECT_EQ(error_of([] { parse("--with", "a", "--ctest", "b"); }),
            "--with is for a run: each program gives its own tests to CTest");
}

TEST(harness_flags, what_nobody_knows_is_refused_by_name) {
  EXPECT_NE(error_of([] { parse("--colour"); }).find("'--colour'"), std::string::npos);
  EXPECT_NE(error_of([] { parse("word"); }).find("'word'"), std::string::npos);
  EXPECT_NE(error_of([] { parse("--registry-addr", "127.0.0.1:1"); }).find("--registry-addr"),
            std::string::npos);
}

TEST(harness_flags, a_log_spec_is_stronger_than_a_level) {
  EXPECT_EQ(parse("--ll", "info").loglevel, "INFO");
  EXPECT_EQ(parse("--tl", "ipc:debug", "--ll", "info").loglevel, "ipc:debug");
}

TEST(harness_axis, has_every_good_plugin_of_its_kind_by_default) {
  EXPECT_EQ(choose_axis("spawn", some_plugins(), {}, {}), (keys{"clone", "seed"}));
  EXPECT_EQ(choose_axis("transport", some_plugins(), {}, {}), keys{"wave"});
}

TEST(harness_axis, resolves_aliases_and_keeps_each_key_once) {
  EXPECT_EQ(choose_axis("spawn", some_plugins(), {"corn", "seed", "clone"}, {}), (keys{"seed", "clone"}));
}

TEST(harness_axis, lists_what_is_known_for_an_unknown_key) {
  const std::string said = error_of([] { choose_axis("spawn", some_plugins(), {"oak"}, {}); });
  EXPECT_EQ(said, "unknown spawn key 'oak': known are clone, seed");
  EXPECT_NE(error_of([] { choose_axis("spawn", some_plugins(), {"broken"}, {}); }).find("unknown"),
            std::string::npos);
  EXPECT_NE(error_of([] { choose_axis("sound", some_plugins(), {}, {}); }).find("no sound plugin"),
            std::string::npos);
}

TEST(harness_axis, takes_decorated_transports_and_has_none_by_default) {
  auto plugins = some_plugins();
  plugins.push_back(known("decorator", "tap", {"spigot"}));
  EXPECT_EQ(choose_axis("transport", plugins, {}, {}), keys{"wave"});
  EXPECT_EQ(choose_axis("transport", plugins, {"spigot+wave", "wave"}, {}), (keys{"tap+wave", "wave"}));
  EXPECT_EQ(choose_axis("transport", plugins, {"tap+tap+wave"}, {}), keys{"tap+tap+wave"});
  for (const char* bad : {"tap", "tap+", "tap+oak", "oak+wave", "wave+tap"})
    EXPECT_EQ(error_of([&] { choose_axis("transport", plugins, {bad}, {}); }),
              std::string("unknown transport key '") + bad +
                  "': known are wave, each behind a decorator as well: tap");
}

TEST(harness_axis, is_narrowed_by_the_environment_whatever_the_flags_say) {
  EXPECT_EQ(choose_axis("spawn", some_plugins(), {"seed"}, {"clone"}), keys{"clone"});
}

}  // namespace flags_test
