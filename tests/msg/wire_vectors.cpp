#include "wire_vectors.hpp"

#include <boost/json/src.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <stdexcept>

namespace tractor::test {

namespace {

namespace json = boost::json;

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  throw std::runtime_error("not a hex digit");
}

std::string_view text_of(const json::string& text) { return {text.data(), text.size()}; }

msg::value from_json(const json::value& from) {
  switch (from.kind()) {
    case json::kind::null:
      return {};
    case json::kind::bool_:
      return from.get_bool();
    case json::kind::int64:
      return from.get_int64();
    case json::kind::uint64:
      return from.get_uint64();
    case json::kind::double_:
      return from.get_double();
    case json::kind::string:
      return text_of(from.get_string());
    case json::kind::array: {
      msg::value::list items;
      for (const auto& each : from.get_array()) items.push_back(from_json(each));
      return items;
    }
    case json::kind::object:
      break;
  }
  const json::object& object = from.get_object();
  if (object.size() == 1 && object.begin()->key() == "$bin") {
    const msg::buffer bytes = from_hex(text_of(object.begin()->value().get_string()));
    return msg::value::bytes(bytes.view().begin(), bytes.view().end());
  }
  msg::value::map entries;
  for (const auto& each : object)
    entries.emplace_back(std::string(each.key().data(), each.key().size()), from_json(each.value()));
  return entries;
}

void load(const std::filesystem::path& path, std::vector<recorded_frame>& into) {
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    const json::value parsed = json::parse(line);
    recorded_frame made;
    made.where = path.filename().string() + ":" + std::to_string(number);
    made.dialog = path.stem().string();
    made.connection = parsed.at("conn").to_number<int>();
    made.from = text_of(parsed.at("from").get_string());
    made.verbatim = parsed.at("verbatim").get_bool();
    made.frame = from_hex(text_of(parsed.at("hex").get_string()));
    made.message = from_json(parsed.at("msg"));
    made.name = *made.message.find("msg_type")->get_if<std::string>();
    into.push_back(std::move(made));
  }
}

}  // namespace

msg::buffer from_hex(std::string_view hex) {
  msg::buffer bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    const auto byte = static_cast<std::byte>(digit(hex[i]) * 16 + digit(hex[i + 1]));
    bytes.append(&byte, 1);
  }
  return bytes;
}

std::string to_hex(msg::byte_view bytes) {
  constexpr char digits[] = "0123456789abcdef";
  std::string hex;
  for (const std::byte each : bytes) {
    hex += digits[std::to_integer<unsigned>(each) >> 4];
    hex += digits[std::to_integer<unsigned>(each) & 15];
  }
  return hex;
}

const std::vector<recorded_frame>& recorded_frames() {
  static const std::vector<recorded_frame> all = [] {
    std::vector<recorded_frame> frames;
    std::set<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(TRACTOR_TEST_DATA "/wire"))
      if (entry.path().extension() == ".jsonl") files.insert(entry.path());
    for (const auto& path : files) load(path, frames);
    return frames;
  }();
  return all;
}

}  // namespace tractor::test
