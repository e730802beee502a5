#include "streams.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "tractor/plugin/registry.hpp"

namespace tractor::conformance {

transport& over(const subject& it) { return plugin::registry::instance().transport(it.key); }

address somewhere(const subject& it) { return over(it).random_bind(actor_id("conformance", "c0ffee00")); }

task<pair_of_streams> connect_pair(const subject& it) {
  pair_of_streams made;
  const address where = somewhere(it);
  made.door = co_await over(it).listen(where);
  const address bound = made.door->bound();
  made.near = co_await over(it).connect(bound);
  made.far = co_await made.door->accept();
  co_return made;
}

task<> send(byte_stream& to, std::string_view text) {
  const std::array<std::span<const std::byte>, 1> parts{std::as_bytes(std::span(text.data(), text.size()))};
  co_await to.write_all(parts);
}

task<std::string> receive(byte_stream& from, std::size_t count) {
  std::string all;
  std::vector<std::byte> buffer(65536);
  while (all.size() < count) {
    const std::size_t room = std::min(buffer.size(), count - all.size());
    const std::size_t n = co_await from.read_some(std::span(buffer).first(room));
    if (n == 0) break;
    all.append(reinterpret_cast<const char*>(buffer.data()), n);
  }
  co_return all;
}

task<> accept_a_live_one(listener& door) {
  for (int round = 0; round < 2; ++round) {
    const auto far = co_await door.accept();
    std::string got;
    try {
      got = co_await receive(*far, 1);
    } catch (const boost::system::system_error&) {
    }
    if (got == "x") co_return;
  }
  throw broken("the next connection carries nothing");
}

task<> listen_for_ever(const subject& it, report_pipe& told) {
  const address where = somewhere(it);
  const auto door = co_await over(it).listen(where);
  told.tell(door->bound().text());
  co_await sleep_forever();
}

std::string sample_bytes(std::size_t size) {
  std::string all;
  all.reserve(size + sizeof(std::uint64_t));
  for (std::uint64_t i = 1; all.size() < size; ++i) {
    std::uint64_t mixed = i * 0x9e3779b97f4a7c15u;
    mixed = (mixed ^ (mixed >> 31)) * 0xbf58476d1ce4e5b9u;
    all.append(reinterpret_cast<const char*>(&mixed), sizeof mixed);
  }
  all.resize(size);
  return all;
}

}  // namespace tractor::conformance
