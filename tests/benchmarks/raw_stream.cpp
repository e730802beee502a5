#include "raw_stream.hpp"

#include <unistd.h>

#include <vector>

namespace bench {

namespace {

void read_items(int socket, std::size_t total) {
  std::vector<char> into(256U << 10);
  for (std::size_t got = 0; got < total;) {
    const ssize_t count = ::read(socket, into.data(), into.size());
    if (count <= 0) return;
    got += static_cast<std::size_t>(count);
  }
  must(static_cast<int>(::write(socket, "x", 1)), "the answer of a raw reader");
}

}  // namespace

raw_stream::raw_stream(bool unix_socket, std::size_t size, std::size_t count)
    : size_(size),
      count_(count),
      child_(unix_socket, [total = size * count](int socket) { read_items(socket, total); }) {}

void raw_stream::send_all() {
  const std::vector<char> item(size_);
  for (std::size_t i = 0; i < count_; ++i)
    for (std::size_t sent = 0; sent < size_;)
      sent += static_cast<std::size_t>(must(
          static_cast<int>(::write(child_.socket(), item.data() + sent, size_ - sent)), "write of an item"));
  char answer = 0;
  if (::read(child_.socket(), &answer, 1) != 1) must(-1, "the raw reader is gone");
}

}  // namespace bench
