#include <tractor/detail/asio.hpp>

// Two symbols: the one that is exported on purpose, and one that must stay hidden.
extern "C" __attribute__((visibility("default"))) int shown_symbol() { return 1; }
int hidden_symbol(tractor::asio::io_context& loop) { return loop.stopped() ? 1 : 0; }
