#include "at_hand.hpp"

#include "tractor/async/async.hpp"
#include "tractor/plugin/flags.hpp"
#include "tractor/plugin/settings.hpp"
#include "tractor/plugin/transport.hpp"

namespace tractor::conformance {

std::vector<plugin::plugin_info> plugins_at_hand(const subject& it) {
  plugin::registry& plugins = plugin::registry::instance();
  plugin::search_path folders = resolve_settings({}).plugin_folders();
  folders.add(it.folder, "--plugin");
  plugins.set_folders(folders);
  std::vector<plugin::plugin_info> all = plugins.list();
  std::erase_if(all, [](const plugin::plugin_info& one) { return !one.good(); });
  return all;
}

void listen_once(const subject& it) {
  for (const plugin::plugin_info& one : plugins_at_hand(it)) {
    if (one.kind != "transport" || (it.kind == "transport" && one.key != it.key)) continue;
    try {
      run_loop([&]() -> task<> {
        transport& via = plugin::registry::instance().transport(one.key);
        const address where = via.random_bind(actor_id("conformance", "c0ffee00"));
        const auto door = co_await via.listen(where);
      });
    } catch (const std::exception&) {
    }
  }
}

}  // namespace tractor::conformance
