// What travels between an actor and its zygote: one message per request, two at most per answer.
//
// Both ends are one program at one version, so plain structs are copied as they lie in memory.
#pragma once

#include <sys/resource.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tractor/plugin/spawn_backend.hpp"

namespace tractor::fork_spawn_detail {

/// The fixed part of a request: what a child inherits as numbers, and the sizes of what follows.
struct request_head {
  std::uint32_t descriptors = 0;  // numbers in the child, one for each descriptor sent after the first two
  std::uint32_t title_size = 0;
  std::uint32_t environment_size = 0;
  std::uint32_t affinity_size = 0;
  std::uint32_t mode_mask = 0;
  std::int32_t group = 0;
  bool ignore_sigpipe = false;
  bool in_file = false;  // the rest of the message is in a file, which is the last descriptor sent
  sigset_t signal_mask{};
  std::array<rlimit, RLIM_NLIMITS> limits{};
};

/// A request, as the actor makes it and the child reads it.
class request_data {
 public:
  request_data() = default;
  /// Takes down what the calling thread has at this moment.
  explicit request_data(const spawn_request& request);

  request_head head;
  std::vector<std::int32_t> numbers;
  std::string title;
  std::string environment;   // NAME=value, each with its zero
  std::string affinity;      // the kernel's CPU mask
  std::vector<int> sources;  // in the actor: what to send for `numbers`

  /// Everything behind the head, in one piece.
  std::string body() const;
  /// Reads a body; false when it does not fit the head.
  bool parse_body(const std::string& body);
};

/// What went wrong in a child before it was ready; named so that the actor can say it.
enum class birth_step : std::uint32_t {
  none,
  receive,
  clone,
  limits,
  descriptors,
  directory,
  group,
  affinity,
};
const char* describe(birth_step step) noexcept;

/// An answer: first from the zygote (the child's pid, its pidfd beside it), then from the child (ready).
struct reply {
  enum class sender : std::uint32_t { zygote, child };
  sender from = sender::zygote;
  birth_step failed = birth_step::none;
  std::int32_t pid = 0;
  std::int32_t error = 0;
};

/// Bodies up to this size travel in the message itself.
inline constexpr std::size_t max_inline_body = 64 * 1024;
/// The kernel's bound on descriptors in one message (SCM_MAX_FD).
inline constexpr std::size_t max_descriptors = 253;

/// Sends one message without waiting; returns 0 or the error number.
int send_message(int socket, const void* head, std::size_t head_size, const std::string& body,
                 const std::vector<int>& descriptors) noexcept;

/// One received message.
class message {
 public:
  /// Makes room for messages of up to `capacity` bytes.
  explicit message(std::size_t capacity) : capacity_(capacity), buffer_(new char[capacity]) {}
  message(const message&) = delete;
  message& operator=(const message&) = delete;
  ~message();
  /// Receives one; returns its size (0 at the end of the stream), or -1 with errno.
  long receive(int socket, int flags) noexcept;
  const char* data() const noexcept { return buffer_.get(); }
  bool truncated() const noexcept { return truncated_; }
  /// Closes the descriptors that came with the last message, those taken out excepted.
  void close_descriptors() noexcept;

  std::vector<int> descriptors;

 private:
  std::size_t capacity_;
  std::unique_ptr<char[]> buffer_;  // not cleared: most messages touch its first page only
  bool truncated_ = false;
};

}  // namespace tractor::fork_spawn_detail
