#include <tractor/msg/uid.hpp>

namespace tractor::msg {

void wire_traits<uid_view>::encode(writer& to, const uid_view& who) {
  to.array_header(2);
  to.str(who.name);
  to.str(who.uuid);
}

void wire_traits<uid_view>::decode(reader& from, uid_view& who) {
  const reader::nesting level(from);
  const std::size_t count = from.array_header();
  if (count != 2) detail::fail_size("elements", 2, count);
  std::size_t at = 0;
  try {
    who.name = from.str();
    at = 1;
    who.uuid = from.str();
  } catch (codec_error& wrong) {
    wrong.prepend_index(at);
    throw;
  }
}

void wire_traits<uid_view>::append_text(std::string& out, const uid_view& who) {
  out += who.name;
  out += '@';
  out += who.uuid.substr(0, who.uuid.find('-'));
}

}  // namespace tractor::msg
