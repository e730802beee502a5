// asio's own coroutines, apart from asio.hpp: they cost every source that includes them two seconds.
#pragma once

#include "tractor/detail/asio.hpp"

#pragma GCC visibility push(default)
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#pragma GCC visibility pop
