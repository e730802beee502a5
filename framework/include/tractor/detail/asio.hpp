// The one way into Boost.Asio: include this, never <boost/asio.hpp>.
//
// asio is compiled once, inside libtractor.so (BOOST_ASIO_SEPARATE_COMPILATION). Its forward declarations
// precede its own visibility pragma, so under -fvisibility=hidden the link would fail without this one.
#pragma once

#pragma GCC visibility push(default)
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#pragma GCC visibility pop

namespace tractor {
namespace asio = boost::asio;
}
