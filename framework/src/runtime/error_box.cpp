#include "runtime/error_box.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "log/text.hpp"
#include "tractor/async/exception_group.hpp"

namespace tractor::detail {

namespace {

constexpr std::size_t least_width = 40;
constexpr std::string_view place_begins = "in actor '";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(end == text.npos ? text.size() : end + 1);
  }
  while (!out.empty() && out.back().empty()) out.pop_back();
  return out;
}

// Its first line is the head's, the others stand below.
void add_text(error_box& box, std::string_view text) {
  std::vector<std::string> lines = lines_of(text);
  if (lines.empty()) return;
  box.head += (box.head.empty() ? "" : ": ") + lines.front();
  box.lines.assign(lines.begin() + 1, lines.end());
}

void add_count(error_box& box, std::size_t members) {
  box.head += " (" + std::to_string(members) + (members == 1 ? " error)" : " errors)");
}

std::string in_quotes(const actor_id& who) { return "'" + who.short_form() + "'"; }

// A text of ours says no more than the type and the message do, but for the pid: ` (pid 42)`.
std::optional<std::string> pid_told(const error_record& record) {
  const std::string begins = std::string(place_begins) + record.src_uid.short_form() + "'";
  if (!record.tb_str.starts_with(begins + " (pid ")) return std::nullopt;
  const std::string_view rest = std::string_view(record.tb_str).substr(begins.size());
  return std::string(rest.substr(0, rest.find(')') + 1));
}

void add_way(error_box& box, const error_record& record) {
  if (!record.src_uid.empty())
    box.lines.push_back("raised in " + in_quotes(record.src_uid) + pid_told(record).value_or(""));
  for (std::size_t hop = 1; hop < record.relay_path.size(); ++hop)
    box.lines.push_back("relayed by " + in_quotes(record.relay_path[hop]));
}

// Of a cancel or an overrun; its message may have said it already.
void add_others(error_box& box, const error_record& record) {
  auto add = [&](const std::string& what, const std::string& who) {
    if (record.message.find(who) == std::string::npos) box.lines.push_back(what + who);
  };
  if (!record.canceller.empty()) add("cancelled by ", in_quotes(record.canceller));
  if (!record.originator.empty() && record.originator != record.canceller)
    add("on behalf of ", in_quotes(record.originator));
  if (!record.reason.empty()) add("because: ", record.reason);
  if (!record.sender.empty()) add("by what was sent by ", in_quotes(record.sender));
}

// Counts characters: the text is UTF-8 by now.
std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

// The bytes of the first part of `text` that has at most so many columns: whole words, if there is a space.
std::size_t part_of(std::string_view text, std::size_t room) {
  std::size_t bytes = 0;
  for (std::size_t seen = 0; bytes < text.size(); ++bytes)
    if ((text[bytes] & 0xc0) != 0x80 && seen++ == room) break;
  if (bytes == text.size()) return bytes;
  // One that stands right behind the last column ends a word, too.
  const std::size_t space = text.substr(0, bytes + 1).rfind(' ');
  return space == text.npos || space == 0 ? bytes : space;
}

class writer_of_boxes {
 public:
  explicit writer_of_boxes(std::size_t width) : width_(width == 0 ? 0 : std::max(width, least_width)) {}

  void put(const error_box& box, const std::string& before_head, const std::string& before_rest) {
    put_line(box.head, before_head, before_rest + (box.members.empty() ? "      " : "  |   "));
    for (const std::string& line : box.lines) put_line(line, before_rest + "  | ", before_rest + "  |   ");
    for (std::size_t i = 0; i < box.members.size(); ++i) {
      const bool last = i + 1 == box.members.size();
      put(box.members[i], before_rest + "  +-- ", before_rest + (last ? "      " : "  |   "));
    }
  }
  std::string text() && { return std::move(out_); }

 private:
  // What does not fit goes on below, further in.
  void put_line(const std::string& line, const std::string& before, const std::string& before_more) {
    std::string shown;
    log::detail::append_escaped(shown, line, "\\n");
    for (std::size_t tab; (tab = shown.find('\t')) != shown.npos;) shown.replace(tab, 1, "    ");
    std::string_view left = shown;
    const std::string* prefix = &before;
    do {
      // However deep it stands, some of it is shown in each line.
      const std::size_t room = width_ == 0
                                   ? columns(left)
                                   : std::max(width_ - std::min(width_, columns(*prefix)), std::size_t{20});
      const std::size_t bytes = part_of(left, room);
      if (!out_.empty()) out_ += '\n';
      out_.append(*prefix).append(left.substr(0, bytes));
      left.remove_prefix(bytes);
      if (left.starts_with(' ')) left.remove_prefix(1);
      prefix = &before_more;
    } while (!left.empty());
  }

  std::size_t width_;
  std::string out_;
};

}  // namespace

std::string place_of(const actor_id& self) {
  return std::string(place_begins) + self.short_form() + "' (pid " + std::to_string(self.pid()) + "): ";
}

error_box box_of(const error_record& record, const error_record* beside) {
  error_box box;
  box.head = error_record::type_text(record.src_type_str);
  add_text(box, record.message);
  if (record.src_type_str.empty() && record.message.empty()) box.head += ": an error that says nothing";
  if (!record.group.empty()) add_count(box, record.group.size());
  const bool same_way = beside && record.relay_path.size() <= 1 && record.src_uid == beside->src_uid;
  if (!same_way) add_way(box, record);
  add_others(box, record);
  if (!pid_told(record))
    for (std::string& line : lines_of(record.tb_str)) box.lines.push_back(std::move(line));
  for (const error_record& member : record.group) box.members.push_back(box_of(member, &record));
  return box;
}

error_box box_of(const std::exception_ptr& error) {
  error_box box;
  if (!error || is_cancelled(error)) {
    box.head = describe(error);
    return box;
  }
  try {
    std::rethrow_exception(error);
  } catch (const remote_actor_error& remote) {
    return box_of(remote.record());
  } catch (const base_exception_group& group) {
    box.head = "exception_group";  // as `describe` has it
    add_text(box, group.message());
    add_count(box, group.exceptions().size());
    for (const std::exception_ptr& member : group.exceptions()) box.members.push_back(box_of(member));
  } catch (...) {
    box.head = type_name(error);
    add_text(box, text_of_error(error));
  }
  return box;
}

std::string text_of(const error_box& box, std::size_t width) {
  writer_of_boxes out(width);
  out.put(box, {}, {});
  return std::move(out).text();
}

}  // namespace tractor::detail

namespace tractor {

std::string error_record::render(std::size_t width) const {
  return detail::text_of(detail::box_of(*this), width);
}

std::string render_error(const std::exception_ptr& error, std::size_t width) {
  return detail::text_of(detail::box_of(error), width);
}

}  // namespace tractor
