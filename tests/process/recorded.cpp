#include "recorded.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <variant>

#include "raw_peer.hpp"

namespace process_tests {

using namespace tractor;

std::vector<recorded_frame> frames_of(const std::string& dialog) {
  std::vector<recorded_frame> out;
  for (const recorded_frame& each : tractor::test::recorded_frames())
    if (each.dialog == dialog) out.push_back(each);
  return out;
}

std::vector<recorded_frame> over(const std::vector<recorded_frame>& frames, int connection) {
  std::vector<recorded_frame> out;
  for (const recorded_frame& each : frames)
    if (each.connection == connection) out.push_back(each);
  return out;
}

namespace {

// Replaces each value for which `by` has another one, at any depth.
msg::value replaced(const msg::value& in,
                    const std::function<std::optional<msg::value>(const msg::value&)>& by) {
  if (auto other = by(in)) return *other;
  if (const auto* items = in.get_if<msg::value::list>()) {
    msg::value::list out;
    for (const msg::value& each : *items) out.push_back(replaced(each, by));
    return out;
  }
  if (const auto* entries = in.get_if<msg::value::map>()) {
    msg::value::map out;
    for (const auto& [key, each] : *entries) out.emplace_back(key, replaced(each, by));
    return out;
  }
  return in;
}

}  // namespace

msg::value with_text(const msg::value& in, const std::string& old, const std::string& fresh) {
  return replaced(in, [&](const msg::value& one) -> std::optional<msg::value> {
    const std::string* const text = one.get_if<std::string>();
    if (!text || *text != old) return std::nullopt;
    return msg::value(fresh);
  });
}

msg::value wire_of(const address& where) {
  return std::visit(
      [](const auto& form) -> msg::value {
        if constexpr (requires { form.first; })
          return msg::value::list{msg::value(form.first), msg::value(form.second)};
        else
          return msg::value(form);
      },
      where.wire());
}

// The recording went over another transport, maybe: an address of this one in place of each of its.
msg::value with_addresses(const msg::value& in, const address& where) {
  return replaced(in, [&](const msg::value& one) -> std::optional<msg::value> {
    const auto* const pair = one.get_if<msg::value::list>();
    const bool is_address = pair && pair->size() == 2 && (*pair)[0] == msg::value("127.0.0.1");
    if (!is_address) return std::nullopt;
    return wire_of(where);
  });
}

namespace {

// Every key of the recording stands in the message, in the same order; ours may have more behind them.
void expect_same_keys(const msg::value& recorded, const msg::value& ours, const std::string& where) {
  const auto& wanted = *recorded.get_if<msg::value::map>();
  const auto& seen = *ours.get_if<msg::value::map>();
  ASSERT_LE(wanted.size(), seen.size()) << where;
  for (std::size_t i = 0; i < wanted.size(); ++i) EXPECT_EQ(seen[i].first, wanted[i].first) << where;
  for (std::size_t i = wanted.size(); i < seen.size(); ++i)
    EXPECT_TRUE(seen[i].first.get_if<std::string>()->starts_with("x_")) << where;
}

}  // namespace

void expect_like(const msg::value& recorded, const msg::value& ours, const std::string& where,
                 const std::vector<std::string>& free) {
  expect_same_keys(recorded, ours, where);
  for (const auto& [key, value] : *recorded.get_if<msg::value::map>()) {
    const std::string name = *key.get_if<std::string>();
    const msg::value* const seen = ours.find(name);
    ASSERT_NE(seen, nullptr) << where << ": " << name;
    if (std::find(free.begin(), free.end(), name) == free.end()) {
      EXPECT_EQ(*seen, value) << where << ": " << name;
    }
  }
}

std::string uuid_of(const std::vector<recorded_frame>& frames, const std::string& actor) {
  for (const recorded_frame& each : frames)
    if (each.name == "Aid" && each.from == actor) return text_at(each.message, "uuid");
  return {};
}

bool has_func(const std::vector<recorded_frame>& frames, std::string_view func) {
  return std::any_of(frames.begin(), frames.end(),
                     [&](const recorded_frame& each) { return text_at(each.message, "func") == func; });
}

}  // namespace process_tests
