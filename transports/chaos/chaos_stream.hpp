// A connection on which things go wrong.
#pragma once

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "fault_course.hpp"
#include "tractor/async/event.hpp"
#include "tractor/plugin/byte_stream.hpp"

namespace tractor::chaos {

/// Passes bytes to and from another stream, as the course of faults has it.
///
/// A hostile fault is logged where it strikes. Errors are those of a real network: a reset, a broken pipe;
/// nothing of `this` is touched once the stream was closed while an operation waited.
class chaos_stream final : public byte_stream {
 public:
  /// `name` is what the log calls the connection; `key` is the transport of the addresses.
  chaos_stream(std::unique_ptr<byte_stream> inner, const fault_course& course, std::string name,
               std::string key);
  ~chaos_stream() override;

  task<std::size_t> read_some(std::span<std::byte> into) override;
  task<> write_all(std::span<const std::span<const std::byte>> parts) override;
  std::size_t write_now(std::span<const std::byte> bytes) override;
  void shutdown_write() noexcept override;
  void shutdown_both() noexcept override;
  void close() noexcept override;
  address local() const override;
  address remote() const override;
  std::optional<peer_credentials> credentials() const override { return inner_->credentials(); }

 private:
  // Shared with operations that wait, which may outlive the stream.
  class state {
   public:
    event over;  // the stream was closed or shut down
    bool closed = false;
    bool stalled = false;
  };

  task<> gather(std::shared_ptr<state> now, std::chrono::nanoseconds span);
  std::size_t keep_some(std::span<const std::byte> arrived);
  std::size_t give_some(std::span<std::byte> into) noexcept;
  static task<> pause(std::shared_ptr<state> of, std::chrono::nanoseconds span);
  static task<> stand_still(std::shared_ptr<state> of);
  task<> write_message_part(std::span<const std::byte> bytes);
  task<> write_pieces(std::span<const std::byte> bytes);
  task<> strike(fault what, std::span<const std::byte> bytes);

  std::unique_ptr<byte_stream> inner_;
  fault_course course_;
  frame_meter meter_;
  std::shared_ptr<state> state_ = std::make_shared<state>();
  bool struck_ = false;
  std::vector<std::byte> ahead_;  // read, and not given yet but for the first `given_`
  std::size_t given_ = 0;
  std::exception_ptr fault_;  // comes after these
  std::string name_, key_;
};

/// Returns the same address under another transport's key.
address with_key(const std::string& key, const address& where);

}  // namespace tractor::chaos
