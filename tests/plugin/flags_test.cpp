#include "tractor/plugin/flags.hpp"

#include <gtest/gtest.h>

#include "tractor/plugin/settings_error.hpp"

namespace tractor::flags_test {
namespace {

using words = std::vector<std::string>;

parsed_flags parse(const words& given) {
  std::vector<const char*> argv{"program"};
  for (const auto& it : given) argv.push_back(it.c_str());
  return parse_runtime_flags(static_cast<int>(argv.size()), argv.data());
}

std::string error_of(const words& given) {
  try {
    refuse_unknown(parse(given));
  } catch (const settings_error& error) {
    return error.what();
  }
  return "no error";
}

TEST(flags, takes_the_runtimes_own_and_returns_the_rest_in_order) {
  const auto it =
      parse({"first", "--spawn-backend", "one_way", "--ll=cancel", "second", "--debug-mode", "third"});
  EXPECT_EQ(it.said.spawn_backend, "one_way");
  EXPECT_EQ(it.said.loglevel, log::level::cancel);
  EXPECT_EQ(it.said.debug_mode, true);
  EXPECT_EQ(it.rest, (words{"first", "second", "third"}));
  EXPECT_TRUE(it.unknown.empty());
}

TEST(flags, knows_every_flag) {
  const auto it =
      parse({"--tpdb", "--enable-stackscope", "--plugin-path", "/a:/b", "--plugin-path=/c", "--config",
             "x.yaml", "--insecure", "--allow-keyless-peers", "--tl", "devx:runtime,trionics:cancel"});
  EXPECT_EQ(it.said.debug_mode, true);
  EXPECT_EQ(it.said.enable_stackscope, true);
  EXPECT_EQ(it.said.plugin_path, (words{"/a", "/b", "/c"}));
  EXPECT_EQ(it.config_file, "x.yaml");
  EXPECT_EQ(it.said.insecure_bind, true);
  EXPECT_EQ(it.said.allow_keyless_peers, true);
  EXPECT_EQ(it.said.log_spec, "devx:runtime,trionics:cancel");
  EXPECT_TRUE(it.rest.empty());
}

TEST(flags, says_nothing_about_what_was_not_given) {
  const auto it = parse({});
  EXPECT_FALSE(it.said.spawn_backend || it.said.transports || it.said.registry_addrs || it.said.loglevel ||
               it.said.log_spec || it.said.debug_mode || it.said.enable_stackscope || it.said.insecure_bind);
  EXPECT_NO_THROW(parse_runtime_flags(0, nullptr));
}

TEST(flags, transports_may_be_several_words_or_separated_by_commas) {
  EXPECT_EQ(parse({"--tpt-proto", "a", "b", "--ll", "info"}).said.transports, (words{"a", "b"}));
  EXPECT_EQ(parse({"--tpt-proto", "a,b"}).said.transports, (words{"a", "b"}));
  EXPECT_EQ(parse({"--tpt-proto=a", "b"}).said.transports, words{"a"}) << "= takes one value";
  EXPECT_EQ(parse({"--tpt-proto", "a", "--tpt-proto", "b"}).said.transports, (words{"a", "b"}));
  const auto it = parse({"--tpt-proto", "a", "Input.txt"});
  EXPECT_EQ(it.said.transports, words{"a"});
  EXPECT_EQ(it.rest, words{"Input.txt"}) << "what is no key belongs to the program";
}

TEST(flags, a_command_of_the_program_ends_a_list) {
  const char* const argv[] = {"program", "--tpt-proto", "a", "b", "show", "c"};
  const parsed_flags given = parse_runtime_flags(6, argv, {"list", "show"});
  EXPECT_EQ(given.said.transports, (words{"a", "b"}));
  EXPECT_EQ(given.rest, (words{"show", "c"}));
  const char* const first[] = {"program", "--tpt-proto", "show", "list"};
  EXPECT_EQ(parse_runtime_flags(4, first, {"list", "show"}).said.transports, words{"show"})
      << "the first word is a value, whatever it is";
}

TEST(flags, registry_addresses_may_be_several) {
  const auto it = parse({"--registry-addr", "127.0.0.1:1616", "/ip4/127.0.0.1/tcp/1617", "word"});
  EXPECT_EQ(it.said.registry_addrs, (words{"127.0.0.1:1616", "/ip4/127.0.0.1/tcp/1617"}));
  EXPECT_EQ(it.rest, words{"word"});
}

TEST(flags, the_last_one_counts) {
  EXPECT_EQ(parse({"--ll", "info", "--ll", "error"}).said.loglevel, log::level::error);
  EXPECT_EQ(parse({"--debug-mode", "--debug-mode=false"}).said.debug_mode, false);
}

TEST(flags, two_dashes_end_the_runtimes_part) {
  const auto it = parse({"--ll", "info", "--", "--ll", "error", "--", "--mine"});
  EXPECT_EQ(it.said.loglevel, log::level::info);
  EXPECT_EQ(it.rest, (words{"--ll", "error", "--", "--mine"}));
  EXPECT_TRUE(it.unknown.empty());
}

TEST(flags, unknown_ones_are_left_to_the_caller) {
  const auto it = parse({"--mine", "5", "-x", "-5", "-", "--ll", "info"});
  EXPECT_EQ(it.unknown, (words{"--mine", "-x"}));
  EXPECT_EQ(it.rest, (words{"--mine", "5", "-x", "-5", "-"}));
  EXPECT_EQ(
      error_of({"--spawn-bakend", "x"}),
      "unknown flag '--spawn-bakend': known are --spawn-backend, --tpt-proto, --registry-addr, --ll, --tl, "
      "--debug-mode, --tpdb, --enable-stackscope, --plugin-path, --config, --insecure, "
      "--allow-keyless-peers; "
      "what is not for the runtime goes after --");
}

TEST(flags, a_transport_may_have_decorators) {
  const char* const words[] = {"program", "--tpt-proto", "a+b+c", "d+e", "rest"};
  const parsed_flags given = parse_runtime_flags(5, words);
  EXPECT_EQ(given.said.transports, (std::vector<std::string>{"a+b+c", "d+e", "rest"}));
}

TEST(flags, a_missing_value_is_named) {
  EXPECT_EQ(error_of({"--ll"}), "--ll: needs a value");
  EXPECT_EQ(error_of({"--ll", "--tl", "info"}), "--ll: needs a value");
  EXPECT_EQ(error_of({"--ll="}), "--ll: needs a value");
  EXPECT_EQ(error_of({"--config", ""}), "--config: needs a value");
  EXPECT_EQ(error_of({"--tpt-proto", "--"}), "--tpt-proto: needs a value");
}

TEST(flags, a_wrong_value_is_named_with_its_flag) {
  EXPECT_EQ(error_of({"--ll", "loudest"}).substr(0, 33), "--ll: no log level 'loudest': use");
  EXPECT_EQ(error_of({"--tl", "devx:info,cancel"}).substr(0, 62),
            "--tl: bad log spec 'devx:info,cancel': in part 'cancel' there ");
  EXPECT_EQ(error_of({"--spawn-backend", "../x"}),
            "--spawn-backend: expected a key of small letters, digits and _, found '../x'");
  EXPECT_EQ(error_of({"--tpt-proto", "a,B"}),
            "--tpt-proto: expected a key of small letters, digits and _, found 'B'");
  for (const char* bad : {"a+", "+a", "a++b", "a+B"})
    EXPECT_EQ(
        error_of({"--tpt-proto", bad}),
        std::string("--tpt-proto: expected decorators and a key with a + between them, found '") + bad + "'");
  EXPECT_EQ(error_of({"--tpt-proto=,"}),
            "--tpt-proto: expected one or more, separated by commas, found none");
  EXPECT_EQ(error_of({"--plugin-path", "/a:plugins"}),
            "--plugin-path: expected whole paths, from /, found 'plugins'");
  EXPECT_EQ(error_of({"--debug-mode=perhaps"}), "--debug-mode: expected true or false, found 'perhaps'");
}

TEST(flags, the_help_names_all_of_them) {
  const std::string text = runtime_flags_help();
  for (const char* name : {"--spawn-backend KEY", "--tpt-proto KEY", "--registry-addr ADDR", "--ll LEVEL",
                           "--tl SPEC", "--debug-mode", "--tpdb", "--enable-stackscope",
                           "--plugin-path FOLDERS", "--config FILE", "--insecure", "--allow-keyless-peers"})
    EXPECT_NE(text.find(name), std::string::npos) << name;
}

}  // namespace
}  // namespace tractor::flags_test
