// A transport within one process, for tests of what stands above transports: no plugin, no socket, faults on
// demand.
#pragma once

#include <boost/system/system_error.hpp>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tractor/async/condition.hpp"
#include "tractor/async/task.hpp"
#include "tractor/plugin/transport.hpp"

namespace tractor::ipc::test {

using boost::system::error_code;
using boost::system::system_error;

inline error_code error_of(boost::system::errc::errc_t number) { return make_error_code(number); }

/// One direction of a connection.
class pipe_end {
 public:
  std::vector<std::byte> bytes;
  bool ended = false;
  std::optional<error_code> fault;    // what the reader gets instead of bytes
  std::size_t room = ~std::size_t{};  // what a writer may leave here unread
  condition changed;
};

class memory_stream final : public byte_stream {
 public:
  memory_stream(std::shared_ptr<pipe_end> in, std::shared_ptr<pipe_end> out,
                std::optional<peer_credentials> who)
      : in_(std::move(in)), out_(std::move(out)), who_(who) {}
  ~memory_stream() override { close(); }

  task<std::size_t> read_some(std::span<std::byte> into) override {
    while (!closed_ && in_->bytes.empty() && !in_->ended && !in_->fault) co_await in_->changed.wait();
    if (closed_) throw system_error(error_of(boost::system::errc::operation_canceled));
    if (in_->fault) throw system_error(*in_->fault);
    const std::size_t count = std::min(into.size(), in_->bytes.size());
    std::copy_n(in_->bytes.begin(), count, into.begin());
    in_->bytes.erase(in_->bytes.begin(), in_->bytes.begin() + static_cast<std::ptrdiff_t>(count));
    in_->changed.notify_all();
    co_return count;
  }
  task<> write_all(std::span<const std::span<const std::byte>> parts) override {
    ++writes;
    for (const auto part : parts) {
      while (!closed_ && !out_->ended && out_->bytes.size() + part.size() > out_->room)
        co_await out_->changed.wait();
      if (closed_ || out_->ended) throw system_error(error_of(boost::system::errc::broken_pipe));
      out_->bytes.insert(out_->bytes.end(), part.begin(), part.end());
      out_->changed.notify_all();
    }
  }
  std::size_t write_now(std::span<const std::byte> bytes) override {
    if (!takes_at_once) return 0;
    ++writes_at_once;
    if (closed_ || out_->ended) throw system_error(error_of(boost::system::errc::broken_pipe));
    const std::size_t free = out_->room - std::min(out_->room, out_->bytes.size());
    const std::size_t count = std::min(free, bytes.size());
    out_->bytes.insert(out_->bytes.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(count));
    out_->changed.notify_all();
    return count;
  }
  void shutdown_write() noexcept override { end(*out_); }
  void shutdown_both() noexcept override {
    end(*out_);
    end(*in_);
  }
  void close() noexcept override {
    closed_ = true;
    end(*out_);
    in_->ended = true;
    in_->changed.notify_all();
  }
  address local() const override { return address("memory", "/memory/here"); }
  address remote() const override { return address("memory", "/memory/there"); }
  std::optional<peer_credentials> credentials() const override { return who_; }

  /// The connection is cut: the other side reads this error.
  void cut(boost::system::errc::errc_t number) {
    out_->fault = error_of(number);
    out_->changed.notify_all();
  }
  /// No more than so many unread bytes are taken from our side.
  void limit_room(std::size_t bytes) {
    out_->room = bytes;
    out_->changed.notify_all();
  }

  int writes = 0;
  bool takes_at_once = false;  // as sockets do
  int writes_at_once = 0;

 private:
  static void end(pipe_end& what) noexcept {
    what.ended = true;
    what.changed.notify_all();
  }
  std::shared_ptr<pipe_end> in_, out_;
  std::optional<peer_credentials> who_;
  bool closed_ = false;
};

/// Two ends of one connection; with `vouched` the kernel is said to know who is there.
inline std::pair<std::unique_ptr<memory_stream>, std::unique_ptr<memory_stream>> make_pair(bool vouched) {
  std::optional<peer_credentials> who;
  if (vouched) who = peer_credentials(1, 2, 3);
  auto there = std::make_shared<pipe_end>(), back = std::make_shared<pipe_end>();
  return {std::make_unique<memory_stream>(back, there, who),
          std::make_unique<memory_stream>(there, back, who)};
}

/// Its addresses are names: `parse("x")`.
class memory_transport final : public transport {
 public:
  explicit memory_transport(bool vouched = true) : vouched_(vouched) {}

  /// What the next accepts throw, one each.
  std::deque<std::exception_ptr> accept_faults;

  std::optional<address> parse(std::string_view text) const override {
    return address("memory", "/memory/" + std::string(text));
  }
  address default_registry() const override { return *parse("registry"); }
  address random_bind(const actor_id& who) const override { return *parse(who.name()); }
  locality distance(const address&) const override { return locality::same_process; }
  task<std::unique_ptr<listener>> listen(address where) override {
    if (doors_.contains(where.text())) throw system_error(error_of(boost::system::errc::address_in_use));
    co_return std::make_unique<door>(*this, where);
  }
  task<std::unique_ptr<byte_stream>> connect(address where) override { co_return dial(where); }

  std::unique_ptr<memory_stream> dial(const address& where) {
    const auto at = doors_.find(where.text());
    if (at == doors_.end()) throw system_error(error_of(boost::system::errc::connection_refused));
    auto [near, far] = make_pair(vouched_);
    at->second->waiting.push_back(std::move(far));
    at->second->changed.notify_all();
    return std::move(near);
  }

 private:
  class door final : public listener {
   public:
    door(memory_transport& of, address where) : of_(of), where_(std::move(where)) {
      of_.doors_[where_.text()] = this;
    }
    ~door() override { close(); }
    task<std::unique_ptr<byte_stream>> accept() override {
      while (!closed_ && waiting.empty() && of_.accept_faults.empty()) co_await changed.wait();
      if (closed_) throw system_error(error_of(boost::system::errc::operation_canceled));
      if (!of_.accept_faults.empty()) {
        const std::exception_ptr fault = of_.accept_faults.front();
        of_.accept_faults.pop_front();
        std::rethrow_exception(fault);
      }
      std::unique_ptr<memory_stream> next = std::move(waiting.front());
      waiting.pop_front();
      co_return std::move(next);
    }
    address bound() const override { return where_; }
    void close() noexcept override {
      closed_ = true;
      of_.doors_.erase(where_.text());
      changed.notify_all();
    }

    std::deque<std::unique_ptr<memory_stream>> waiting;
    condition changed;

   private:
    memory_transport& of_;
    address where_;
    bool closed_ = false;
  };

  bool vouched_;
  std::map<std::string, door*> doors_;
};

}  // namespace tractor::ipc::test
