#include "chaos_transport.hpp"

#include <cerrno>
#include <utility>

#include "chaos_stream.hpp"
#include "tractor/async/checkpoint.hpp"
#include "tractor/log/logger.hpp"
#include "tractor/plugin/loop_socket.hpp"

namespace tractor::chaos {

namespace {

std::string name_of(const chaos_plan& plan, const connection_number& number, const address& where) {
  const char* const is = number.is == side::made ? "made" : "accepted";
  return "connection " + std::to_string(number.of_all) + " (" + is + " connection " +
         std::to_string(number.of_side) + ") of this process, at " + where.text() + ", seed " +
         std::to_string(plan.seed);
}

class chaos_listener final : public listener {
 public:
  chaos_listener(std::unique_ptr<listener> inner, std::string key, std::shared_ptr<const chaos_plan> plan,
                 std::shared_ptr<connection_count> count)
      : inner_(std::move(inner)), key_(std::move(key)), plan_(std::move(plan)), count_(std::move(count)) {}

  task<std::unique_ptr<byte_stream>> accept() override {
    for (;;) {
      std::unique_ptr<byte_stream> stream = co_await inner_->accept();
      const connection_number number = count_->next(side::accepted);
      const fault_course course(*plan_, number);
      std::string name = name_of(*plan_, number, inner_->bound());
      if (!course.refuses()) {
        auto made = std::make_unique<chaos_stream>(std::move(stream), course, std::move(name), key_);
        co_return std::move(made);
      }
      log::subsystem::transport.error("chaos: {}: refuse", name);
      stream->close();
    }
  }
  address bound() const override { return with_key(key_, inner_->bound()); }
  void close() noexcept override { inner_->close(); }

 private:
  std::unique_ptr<listener> inner_;
  const std::string key_;
  const std::shared_ptr<const chaos_plan> plan_;
  const std::shared_ptr<connection_count> count_;
};

}  // namespace

connection_number connection_count::next(side is) noexcept {
  connection_number out;
  out.of_all = ++all_;
  out.of_side = is == side::made ? ++made_ : ++accepted_;
  out.is = is;
  return out;
}

chaos_transport::chaos_transport(transport& inner, std::string key, chaos_plan plan)
    : inner_(inner), key_(std::move(key)), plan_(std::make_shared<const chaos_plan>(std::move(plan))) {}

std::optional<address> chaos_transport::parse(std::string_view text) const {
  const std::optional<address> where = inner_.parse(text);
  if (!where) return std::nullopt;
  return with_key(key_, *where);
}

address chaos_transport::default_registry() const { return with_key(key_, inner_.default_registry()); }

address chaos_transport::random_bind(const actor_id& who) const {
  return with_key(key_, inner_.random_bind(who));
}

locality chaos_transport::distance(const address& where) const {
  return inner_.distance(inner_address(where));
}

address chaos_transport::inner_address(const address& where) const {
  if (where.transport() != key_)
    throw address_error("'" + where.text() + "' is an address of transport '" + where.transport() +
                        "', not of " + key_);
  return with_key(key_.substr(key_.find('+') + 1), where);
}

task<std::unique_ptr<listener>> chaos_transport::listen(address where) {
  std::unique_ptr<listener> bound = co_await inner_.listen(inner_address(where));
  co_return std::make_unique<chaos_listener>(std::move(bound), key_, plan_, count_);
}

task<std::unique_ptr<byte_stream>> chaos_transport::connect(address where) {
  const address to = inner_address(where);
  const connection_number number = count_->next(side::made);
  const fault_course course(*plan_, number);
  std::string name = name_of(*plan_, number, where);
  if (course.refuses()) {
    co_await checkpoint();
    log::subsystem::transport.error("chaos: {}: refuse", name);
    throw socket_failure(ECONNREFUSED, where.text() + ": cannot connect");
  }
  std::unique_ptr<byte_stream> stream = co_await inner_.connect(to);
  co_return std::make_unique<chaos_stream>(std::move(stream), course, std::move(name), key_);
}

std::unique_ptr<transport> chaos_decorator::wrap(transport& inner, std::string key) {
  return std::make_unique<chaos_transport>(inner, std::move(key), chaos_plan::of_environment());
}

}  // namespace tractor::chaos
