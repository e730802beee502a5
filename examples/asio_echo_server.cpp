// An actor whose service is written in plain asio awaitables. Calls reach it as tasks, and each is served
// through a channel that links the task with an asio coroutine: the error, cancel or end of one ends the
// other.
#include <iostream>
#include <string>
#include <tractor/async/asio_bridge.hpp>
#include <tractor/tractor.hpp>
#include <vector>

using namespace tractor;
using namespace std::chrono_literals;

using words = std::vector<std::string>;

// Knows nothing of tasks or actors: asio's own coroutine, timer and errors.
asio::awaitable<std::size_t> echo_service(asio_channel<std::string, std::string, std::string>& chan) {
  asio::steady_timer pause(co_await asio::this_coro::executor);
  chan.started("asio is ready");
  std::size_t count = 0;
  while (auto word = co_await chan.next()) {
    pause.expires_after(1ms);
    co_await pause.async_wait(asio::use_awaitable);
    if (word->empty()) throw std::invalid_argument("there is no echo of nothing");
    co_await chan.send("echo of " + *word);
    ++count;
  }
  co_return count;
}

// What the actor exposes: a task that speaks to the coroutine through the link.
task<words> echo(words said) {
  co_return co_await open_channel_from(&echo_service, [&](auto& chan, std::string& first) -> task<words> {
    words heard;
    heard.push_back(first);
    for (const std::string& word : said) {
      co_await chan.send(word);
      heard.push_back(co_await chan.receive());
    }
    chan.close();  // the coroutine sees the end, and says how many there were
    const std::size_t count = co_await chan.wait_for_result();
    heard.push_back(std::to_string(count) + " echoes");
    co_return heard;
  });
}

task<int> app() {
  co_return co_await open_nursery([](actor_nursery& an) -> task<int> {
    portal server = co_await an.start_actor("echo_server", expose<&echo>());
    const words said = {"one", "two", "three"};
    const words heard = co_await server.run<&echo>(said);
    for (const std::string& line : heard) std::cout << line << "\n";

    // What the coroutine throws ends its task, and is the caller's to catch.
    const words bad = {"four", ""};
    auto refused = co_await capture(server.run<&echo>(bad));
    (void)handle(refused.error(), [](const remote_actor_error& error) {
      std::cout << "refused by " << error.src_uid().name() << ": " << error.message() << "\n";
    });

    co_await server.cancel_actor();
    co_return heard.size() == 5 && refused.failed() ? 0 : 1;
  });
}

int main(int argc, char** argv) { return tractor::run(argc, argv, &app); }
