#include "tractor/runtime/errors.hpp"

#include <string.h>

#include <cstdlib>
#include <map>

#include "runtime/error_box.hpp"
#include "tractor/async/cancel_scope.hpp"
#include "tractor/async/channel_errors.hpp"
#include "tractor/async/exception_group.hpp"
#include "tractor/async/timeouts.hpp"
#include "tractor/ipc/transport_closed.hpp"
#include "tractor/runtime/restarts.hpp"

namespace tractor {

namespace {

std::string demangled(const std::type_info& type) {
  std::string name = detail::readable_type_name(type);
  for (const char* anonymous : {"(anonymous namespace)::", "{anonymous}::"})
    for (std::size_t at; (at = name.find(anonymous)) != std::string::npos;)
      name.erase(at, std::string_view(anonymous).size());
  return name;
}

struct error_types {
  std::map<std::string, std::string, std::less<>> wire_names;  // demangled name -> name on the wire
  std::map<std::string, detail::error_maker, std::less<>> makers;

  template <class E> void add(const char* wire_name) {
    wire_names[demangled(typeid(E))] = wire_name;
    if constexpr (std::is_constructible_v<E, const std::string&>)
      makers[wire_name] = [](const std::string& text) { return std::make_exception_ptr(E(text)); };
  }
  /// A type of the reference's runtime that has no counterpart of its own here.
  template <class E> void add_foreign(const char* wire_name) {
    makers[wire_name] = [](const std::string& text) { return std::make_exception_ptr(E(text)); };
  }
  template <class E> void add_standard() {
    makers[demangled(typeid(E))] = [](const std::string& text) { return std::make_exception_ptr(E(text)); };
  }
  error_types() {
    add<remote_actor_error>("RemoteActorError");
    add<context_cancelled>("ContextCancelled");
    add<actor_failure>("ActorFailure");
    add<module_not_exposed>("ModuleNotExposed");
    add<msg_type_error>("MsgTypeError");
    add<argument_error>("TypeError");
    add<actor_too_slow_error>("ActorTooSlowError");
    add<stream_overrun>("StreamOverrun");
    add<no_runtime>("NoRuntime");
    add<runtime_failure>("RuntimeFailure");
    add<too_slow_error>("TooSlowError");
    add<too_many_restarts>("TooManyRestarts");
    // As the scheduler of the reference names them.
    add<end_of_channel>("EndOfChannel");
    add<closed_resource>("ClosedResourceError");
    add<broken_channel>("BrokenResourceError");
    add<would_block>("WouldBlock");
    add<exception_group>("ExceptionGroup");
    add<base_exception_group>("BaseExceptionGroup");
    // A result asked for that is not there, a fault of the runtime itself, a message out of turn.
    for (const char* name : {"NoResult", "InternalError", "MessagingError"})
      add_foreign<runtime_failure>(name);
    makers["TransportClosed"] = [](const std::string& text) {
      return std::make_exception_ptr(transport_closed(text, transport_closed::cause::fault));
    };
    wire_names[demangled(typeid(transport_closed))] = "TransportClosed";
    add_standard<std::runtime_error>();
    add_standard<std::logic_error>();
    add_standard<std::invalid_argument>();
    add_standard<std::domain_error>();
    add_standard<std::length_error>();
    add_standard<std::out_of_range>();
    add_standard<std::range_error>();
    add_standard<std::overflow_error>();
    add_standard<std::underflow_error>();
  }
};

error_types& known_types() {
  static error_types types;
  return types;
}

std::string wire_name_of(const std::exception_ptr& error) {
  const std::type_info* type = error.__cxa_exception_type();
  return type ? remote_actor_error::wire_type_name(*type) : "unknown exception";
}

}  // namespace

std::string remote_actor_error::wire_type_name(const std::type_info& type) {
  std::string name = demangled(type);
  const auto& names = known_types().wire_names;
  const auto at = names.find(name);
  return at == names.end() ? name : at->second;
}

const std::string& error_record::type_text(const std::string& name) noexcept {
  static const std::string unknown = "<unknown>";
  return name.empty() ? unknown : name;
}

std::string error_record::summary() const {
  std::string out = type_text(src_type_str);
  if (!message.empty()) out += ": " + message;
  out += " (raised in '" + src_uid.short_form() + "'";
  for (std::size_t hop = 1; hop < relay_path.size(); ++hop)
    out += ", relayed by '" + relay_path[hop].short_form() + "'";
  if (!canceller.empty()) out += ", cancelled by '" + canceller.short_form() + "'";
  return out + ")";
}

remote_actor_error::remote_actor_error(std::shared_ptr<const error_record> record)
    : std::runtime_error(record->summary()), record_(std::move(record)) {}

const actor_id& remote_actor_error::relay_uid() const noexcept {
  return record_->relay_path.empty() ? record_->src_uid : record_->relay_path.back();
}

std::vector<remote_actor_error> remote_actor_error::exceptions() const {
  std::vector<remote_actor_error> out;
  for (const error_record& member : record_->group) out.emplace_back(std::make_shared<error_record>(member));
  return out;
}

std::exception_ptr remote_actor_error::unwrap() const {
  const auto& makers = known_types().makers;
  const auto at = makers.find(src_type_str());
  if (at != makers.end()) return at->second(message());
  if (!record_->group.empty()) {
    std::vector<std::exception_ptr> members;
    for (const remote_actor_error& member : exceptions()) {
      std::exception_ptr local = member.unwrap();
      members.push_back(local ? local : std::make_exception_ptr(member));
    }
    return std::make_exception_ptr(exception_group(message(), std::move(members)));
  }
  return nullptr;
}

actor_failure::actor_failure(actor_id who, exit_status how, bool booting, std::string stderr_tail)
    : std::runtime_error("actor '" + who.short_form() + "' (pid " + std::to_string(who.pid()) + ") " +
                         how.text() +
                         (booting         ? " before it had booted"
                          : how.success() ? " and left a call unanswered"
                                          : "") +
                         (stderr_tail.empty() ? "" : "; the last it wrote:\n" + stderr_tail)),
      who_(std::move(who)),
      status_(how),
      stderr_tail_(std::move(stderr_tail)) {}

actor_failure::actor_failure(actor_id who, const std::string& what)
    : std::runtime_error("actor '" + who.short_form() + "' (pid " + std::to_string(who.pid()) + ") " + what),
      who_(std::move(who)) {}

interrupted::interrupted(int signo)
    : std::runtime_error(std::string("interrupted by SIG") +
                         (sigabbrev_np(signo) ? sigabbrev_np(signo) : "?")),
      signo_(signo) {}

namespace detail {

void register_error(const std::type_info& type, error_maker make) {
  known_types().makers[remote_actor_error::wire_type_name(type)] = std::move(make);
}

namespace {

// A text of an error may be any bytes; on the wire it is UTF-8, or the peer drops the connection.
std::string readable(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
    bool good = size != 0 && at + size <= text.size();
    for (std::size_t i = 1; good && i < size; ++i)
      good = (static_cast<unsigned char>(text[at + i]) & 0xc0) == 0x80;
    if (good && size > 2) {
      // Longer than need be, a surrogate, or beyond the last code point.
      const auto second = static_cast<unsigned char>(text[at + 1]);
      good = !((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second > 0x9f) ||
               (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second > 0x8f));
    }
    out += good ? text.substr(at, size) : std::string_view("?");
    at += good ? size : 1;
  }
  return out;
}

error_record fresh_record(const std::exception_ptr& error, const actor_id& self) {
  error_record record;
  record.src_uid = self;
  record.src_type_str = record.boxed_type_str = wire_name_of(error);
  record.relay_path = {self};
  record.tb_str = place_of(self) + readable(describe(error));
  return record;
}

}  // namespace

error_record box_error(const std::exception_ptr& error, const actor_id& self) {
  if (is_cancelled(error)) {
    error_record record = fresh_record(error, self);
    record.src_type_str = record.boxed_type_str = "ContextCancelled";
    return record;
  }
  try {
    std::rethrow_exception(error);
  } catch (const remote_actor_error& remote) {
    error_record record = remote.record();
    record.boxed_type_str = wire_name_of(error);
    record.relay_path.push_back(self);
    return record;
  } catch (const base_exception_group& group) {
    error_record record = fresh_record(error, self);
    record.message = readable(group.message());
    for (const auto& member : group.exceptions()) record.group.push_back(box_error(member, self));
    return record;
  } catch (const too_many_restarts& escalation) {
    // The text has the history; the members have the errors in it, each with its own source.
    error_record record = fresh_record(error, self);
    record.message = readable(escalation.what());
    record.tb_str = place_of(self) + readable(escalation.summary());
    for (const restart_record& each : escalation.history())
      if (each.why) record.group.push_back(box_error(each.why, self));
    return record;
  } catch (...) {
    error_record record = fresh_record(error, self);
    record.message = readable(text_of_error(error));
    return record;
  }
}

std::exception_ptr unbox_error(error_record record) {
  const bool cancelled = record.src_type_str == "ContextCancelled";
  auto shared = std::make_shared<const error_record>(std::move(record));
  if (cancelled) return std::make_exception_ptr(context_cancelled(shared));
  return std::make_exception_ptr(remote_actor_error(shared));
}

}  // namespace detail
}  // namespace tractor
