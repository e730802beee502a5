// The one compiled copy of Boost.Asio (see tractor/detail/asio.hpp for the visibility).
#pragma GCC visibility push(default)
#include <boost/asio/impl/src.hpp>
#pragma GCC visibility pop
