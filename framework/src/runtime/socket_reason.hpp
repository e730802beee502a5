// What a transport says of an error, for errors of ours that name the address already.
#pragma once

#include <boost/system/system_error.hpp>
#include <string>
#include <string_view>

#include "tractor/plugin/address.hpp"

namespace tractor::detail {

/// Returns the text of an error of `listen`, without the address in front and the number that Boost appends.
inline std::string reason_of(const boost::system::system_error& error, const address& where) {
  std::string text = error.what();
  if (const auto number = text.rfind(" ["); text.ends_with(']') && number != text.npos) text.erase(number);
  const std::string before = "listen on " + where.text() + ": ";
  if (text.starts_with(before)) text.erase(0, before.size());
  return text;
}

}  // namespace tractor::detail
