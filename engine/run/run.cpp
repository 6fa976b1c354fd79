#include "run/run.h"

#include <spdlog/spdlog.h>

#include "base/printable.h"

namespace defender_car {

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
