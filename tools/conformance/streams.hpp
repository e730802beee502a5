// Connections of the transport under test, for its rules.
#pragma once

#include <boost/system/system_error.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "other_process.hpp"
#include "rule.hpp"
#include "tasks.hpp"
#include "tractor/async/async.hpp"
#include "tractor/plugin/transport.hpp"

namespace tractor::conformance {

/// Returns the transport under test.
transport& over(const subject& it);
/// Returns an address of it to listen on.
address somewhere(const subject& it);

/// Two ends of one connection, and the listener that made it.
class pair_of_streams {
 public:
  std::unique_ptr<listener> door;
  std::unique_ptr<byte_stream> near;  ///< connected
  std::unique_ptr<byte_stream> far;   ///< accepted
};
task<pair_of_streams> connect_pair(const subject& it);

/// Writes all of `text`.
task<> send(byte_stream& to, std::string_view text);
/// Reads `count` bytes, or less if the stream ends before.
task<std::string> receive(byte_stream& from, std::size_t count);
/// Accepts until a connection carries an "x": one that was cut off before may come first, and is at its end.
task<> accept_a_live_one(listener& door);
/// Listens, tells where, and waits for ever: the life of another process.
task<> listen_for_ever(const subject& it, report_pipe& told);
/// Returns bytes of which no two stretches are alike.
std::string sample_bytes(std::size_t size);

/// Notes how a task ended: `success`, `error` for one of the system, or the text of another.
template <class T> task<> note_end(task<T> work, std::string* into) {
  try {
    co_await std::move(work);
    *into = "success";
  } catch (const boost::system::system_error&) {
    *into = "error";
  } catch (const std::exception& error) {
    *into = error.what();
  }
}

/// Notes the text of the system or address error by which a task ended: empty if it did not.
template <class T> task<> note_refusal(task<T> work, std::string* into) {
  into->clear();
  try {
    co_await std::move(work);
  } catch (const boost::system::system_error& error) {
    *into = error.what();
  } catch (const address_error& error) {
    *into = error.what();
  }
}

/// Starts `work`, lets it wait, does `act`; yields how the work ended.
template <class T, class F> task<std::string> end_after(task<T> work, F act) {
  std::string end;
  auto* into = &end;
  co_await open_task_nursery([&](task_nursery& tn) -> task<> {
    tn.start_soon(&note_end<T>, std::move(work), into);
    co_await let_others_run();
    act();
  });
  co_return end;
}

}  // namespace tractor::conformance
