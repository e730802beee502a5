#include "series.hpp"

#include <algorithm>
#include <cstdio>

namespace bench {

namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, value < 10 ? "%.3f" : "%.2f", value);
  return text;
}

std::vector<std::string> row(const result& it, const char* none) {
  const bool has_raw = it.raw_best > 0;
  return {it.name,
          it.cell,
          it.unit,
          number(it.median),
          number(it.best),
          has_raw ? number(it.raw_best) : none,
          has_raw ? number(it.best / it.raw_best) : none};
}

const std::vector<std::string> columns{"name", "cell", "unit", "median", "best", "raw_best", "ratio"};

}  // namespace

result::result(const series& of, const bench::cell& where)
    : name(of.name), cell(where.text()), unit(of.unit) {
  std::vector<double> sorted = of.measured;
  std::sort(sorted.begin(), sorted.end());
  const std::size_t middle = sorted.size() / 2;
  median = sorted.size() % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  best = of.more_is_better ? sorted.back() : sorted.front();
  if (of.raw.empty()) return;
  const auto [least, most] = std::minmax_element(of.raw.begin(), of.raw.end());
  raw_best = of.more_is_better ? *most : *least;
}

std::string to_json(const std::vector<result>& all) {
  std::string out = "[";
  for (const result& it : all) {
    const std::vector<std::string> values = row(it, "null");
    out += out.size() > 1 ? ",\n {" : "\n {";
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool text = i < 3;  // keys and units hold nothing that JSON would escape
      out += (i > 0 ? ", \"" : "\"") + columns[i] + "\": " + (text ? "\"" + values[i] + "\"" : values[i]);
    }
    out += "}";
  }
  return out + "\n]\n";
}

std::string to_table(const std::vector<result>& all) {
  std::vector<std::vector<std::string>> rows{columns};
  for (const result& it : all) rows.push_back(row(it, "-"));
  std::vector<std::size_t> widths(columns.size());
  for (const auto& line : rows)
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  std::string out;
  for (const auto& line : rows) {
    for (std::size_t i = 0; i < line.size(); ++i) {
      const std::string space(widths[i] - line[i].size(), ' ');
      const bool text = i < 3;
      out += (i > 0 ? "  " : "") + (text ? line[i] + space : space + line[i]);
    }
    out += "\n";
  }
  return out;
}

}  // namespace bench
