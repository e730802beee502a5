#include "streams.hpp"

#include <algorithm>
#include <array>
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

task<> let_others_run() {
  for (int i = 0; i < 10; ++i) co_await checkpoint();
}

std::string sample_bytes(std::size_t size) {
  std::string all(size, '\0');
  for (std::size_t i = 0; i < size; ++i) all[i] = static_cast<char>(i * 2654435761u >> 13);
  return all;
}

}  // namespace tractor::conformance
