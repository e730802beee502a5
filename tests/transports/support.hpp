// What the tests of the transports share.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <boost/system/system_error.hpp>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "chaos/chaos_transport.hpp"
#include "mem/mem_transport.hpp"
#include "tcp/tcp_transport.hpp"
#include "tractor/async/async.hpp"
#include "tractor/plugin/transport.hpp"
#include "uds/uds_transport.hpp"

namespace transport_tests {

using namespace tractor;
using namespace std::chrono_literals;
using boost::system::system_error;

/// The name of a test's parameter where only letters will do.
inline std::string name_of_parameter(const testing::TestParamInfo<const char*>& info) {
  std::string name = info.param;
  std::replace(name.begin(), name.end(), '+', '_');
  return name;
}

/// Every wait in these tests ends by then.
inline constexpr auto bound = 20s;

/// A fresh folder under /tmp, short enough for sockets; removed at the end.
class temporary_folder {
 public:
  temporary_folder() {
    char name[] = "/tmp/tt-XXXXXX";
    path_ = ::mkdtemp(name);
  }
  ~temporary_folder() { std::filesystem::remove_all(path_); }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Sets (or unsets) an environment variable for as long as it lives.
class environment {
 public:
  environment(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    value ? ::setenv(name, value, 1) : ::unsetenv(name);
  }
  ~environment() { old_ ? ::setenv(name_, old_->c_str(), 1) : ::unsetenv(name_); }
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> old_;
};

/// A test with a runtime folder of its own.
class with_runtime_folder : public testing::Test {
 protected:
  std::string folder() const { return base_.path() + "/tractor"; }
  temporary_folder base_;
  environment variable_{"XDG_RUNTIME_DIR", base_.path().c_str()};
};

inline std::unique_ptr<transport> make_transport(std::string_view key);

/// The transport of that key with chaos round it.
inline std::unique_ptr<transport> make_chaotic(std::string_view key, const std::string& plan) {
  // As in a program, where no transport ever goes.
  static std::vector<std::unique_ptr<transport>> inside;
  inside.push_back(make_transport(key));
  chaos::chaos_plan faults;
  faults.read(plan, "the test");
  return std::make_unique<chaos::chaos_transport>(*inside.back(), "chaos+" + std::string(key), faults);
}

inline std::unique_ptr<transport> make_transport(std::string_view key) {
  if (key.starts_with("chaos+")) return make_chaotic(key.substr(6), "none");
  if (key == "tcp") return std::make_unique<tcp::tcp_transport>();
  if (key == "mem") return std::make_unique<mem::mem_transport>();
  return std::make_unique<uds::uds_transport>();
}

inline std::span<const std::byte> bytes(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

inline task<> send(byte_stream& to, std::string_view text) {
  const std::array<std::span<const std::byte>, 1> parts{bytes(text)};
  co_await to.write_all(parts);
}

/// Reads `count` bytes, or less at the end of the stream; `chunk` at a time.
inline task<std::string> receive(byte_stream& from, std::size_t count, std::size_t chunk = 65536) {
  std::string all;
  std::vector<std::byte> buffer(chunk);
  while (all.size() < count) {
    const std::size_t room = std::min(chunk, count - all.size());
    const std::size_t n = co_await from.read_some(std::span(buffer).first(room));
    if (n == 0) break;
    all.append(reinterpret_cast<const char*>(buffer.data()), n);
  }
  co_return all;
}

/// Two ends of one connection, and the listener that made it.
class joined {
 public:
  joined() = default;
  std::unique_ptr<listener> door;
  std::unique_ptr<byte_stream> near;  // connected
  std::unique_ptr<byte_stream> far;   // accepted
};

inline task<joined> join(transport& over, address where) {
  joined made;
  made.door = co_await over.listen(where);
  made.near = co_await over.connect(made.door->bound());
  made.far = co_await made.door->accept();
  co_return made;
}

/// The error that `work` ends with.
template <class T> task<system_error> failure_of(task<T> work) {
  try {
    co_await std::move(work);
  } catch (const system_error& error) {
    co_return error;
  }
  throw std::runtime_error("this was to fail, and did not");
}

/// Lets every other task run until it waits.
inline task<> let_others_run() {
  for (int i = 0; i < 10; ++i) co_await checkpoint();
}

/// Runs a body under the bound of all tests.
template <class F> void run(F&& body) {
  run_loop([&]() -> task<> { co_await fail_after(bound, body); });
}

inline bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }

}  // namespace transport_tests
