#include "tractor/async/asio_bridge.hpp"

namespace tractor::detail {

bool is_operation_aborted(const std::exception_ptr& error) {
  if (is_cancelled(error)) return false;
  try {
    std::rethrow_exception(error);
  } catch (const boost::system::system_error& caught) {
    return caught.code() == asio::error::operation_aborted;
  } catch (...) {
    return false;
  }
}

bool is_link_error(const std::exception_ptr& error) {
  return is_error<broken_channel>(error) || is_error<end_of_channel>(error);
}

}  // namespace tractor::detail
