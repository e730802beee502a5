#include "json_text.hpp"

#include <boost/json.hpp>

namespace tractor::cli {
namespace {

namespace json = boost::json;

json::array list_of(const std::vector<std::string>& texts) { return json::array(texts.begin(), texts.end()); }

json::array list_of(const std::vector<dumped_task>& tasks) {
  json::array out;
  for (const dumped_task& it : tasks)
    out.push_back({{"name", it.name},
                   {"state", it.state},
                   {"scopes", it.scopes},
                   {"frames", list_of(it.frames)},
                   {"tasks", list_of(it.tasks)}});
  return out;
}

}  // namespace

std::string json_of(const std::vector<plugin::plugin_info>& plugins) {
  json::array out;
  for (const auto& it : plugins) {
    json::object one;
    one["kind"] = it.kind;
    one["key"] = it.key;
    one["aliases"] = list_of(it.aliases);
    one["version"] = it.version;
    one["summary"] = it.summary;
    one["abi"] = it.abi;
    one["capabilities"] = list_of(it.capabilities);
    one["path"] = it.path;
    one["good"] = it.good();
    one["fault"] = it.good() ? json::value() : json::value(to_string(it.fault));
    one["reason"] = it.good() ? json::value() : json::value(it.reason);
    out.push_back(std::move(one));
  }
  return json::serialize(out) + "\n";
}

std::string json_of(const std::vector<settings::row>& rows) {
  json::array out;
  for (const auto& it : rows) out.push_back({{"name", it.name}, {"value", it.value}, {"origin", it.origin}});
  return json::serialize(out) + "\n";
}

std::string json_of(const std::vector<actor_process>& processes) {
  json::array out;
  for (const auto& it : processes) {
    json::object one;
    one["pid"] = it.pid;
    one["parent"] = it.parent;
    one["role"] = to_string(it.is);
    one["name"] = it.name;
    one["state"] = it.state;
    one["threads"] = it.threads;
    one["rss_kib"] = it.rss_kib;
    one["pss_kib"] = it.pss_kib;
    one["cpu_seconds"] = it.cpu_seconds;
    one["age_seconds"] = it.age_seconds;
    one["tasks"] = it.tasks ? json::value(*it.tasks) : json::value();
    one["backends"] = list_of(it.backends);
    one["transports"] = list_of(it.transports);
    one["listens"] = list_of(it.listens);
    out.push_back(std::move(one));
  }
  return json::serialize(out) + "\n";
}

std::string json_of(const std::vector<task_dump>& dumps) {
  json::array out;
  for (const auto& it : dumps) {
    const bool given = it.is == dump_request::answer::given;
    json::object one;
    one["pid"] = it.of.pid;
    one["parent"] = it.of.parent;
    one["role"] = to_string(it.of.is);
    one["name"] = it.of.name;
    one["state"] = given ? it.state : it.of.state;
    one["answered"] = given;
    one["why_not"] = given ? json::value() : json::value(to_string(it.is));
    one["task_count"] = count_tasks(it);
    one["tasks"] = list_of(parse_tasks(it.lines));
    one["log"] = list_of(it.log);
    out.push_back(std::move(one));
  }
  return json::serialize(out) + "\n";
}

std::string json_of(const std::vector<machine_check>& checks) {
  json::array out;
  for (const auto& it : checks)
    out.push_back(
        {{"name", it.name}, {"value", it.value}, {"verdict", to_string(it.is)}, {"means", it.means}});
  return json::serialize(out) + "\n";
}

}  // namespace tractor::cli
