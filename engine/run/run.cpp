#include "run/run.h"

#include <spdlog/spdlog.h>

#include "base/printable.h"

namespace defender_car {

std::string Run::setting(const std::string& name) {
  return state.statement("run/setting").bind("name", name).value().value_or("");
}

void Run::set(const std::string& name, const std::string& value) {
  state.statement("run/set").bind("name", name).bind("value", value).run();
}

void Run::unset(const std::string& name) { state.statement("run/unset").bind("name", name).run(); }

void Run::warn(const std::string& words) {
  std::string text = printable_lines(words);
  spdlog::debug("{}", text);
  report.warnings.push_back(std::move(text));
}

void Run::fail(ErrorKind kind, const std::string& words) {
  const std::string text = printable_lines(words);
  spdlog::debug("{}", text);
  if (report.failure && kind != ErrorKind::guard) {
    report.warnings.push_back(text);
    return;
  }
  if (!report.error.empty()) report.warnings.push_back(report.error);
  report.failure = kind;
  report.error = text;
}

}  // namespace defender_car
