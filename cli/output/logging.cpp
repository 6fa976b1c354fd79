#include "cli/output/logging.h"

#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <cstdio>

#include "base/time.h"
#include "cli/output/json_writer.h"
#include "cli/output/text.h"

namespace defender_car {

class Log::Sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
  explicit Sink(bool json) : json_(json) {}

  std::function<void()> before_line;
  bool withholding = false;

  void release(const std::vector<std::string>& except) {
    withholding = false;
    for (const Line& line : std::exchange(stored_, {})) {
      const bool excepted = std::any_of(except.begin(), except.end(), [&](const std::string& text) {
        return line.message.find(text) != std::string::npos;
      });
      if (!excepted) write(line);
    }
  }

  void drop() {
    withholding = false;
    stored_.clear();
  }

  bool has_shown(std::string_view text) const {
    return std::any_of(shown_.begin(), shown_.end(), [&](const std::string& message) {
      return message.find(text) != std::string::npos;
    });
  }

 protected:
  void sink_it_(const spdlog::details::log_msg& msg) override {
    const auto since_epoch = msg.time.time_since_epoch();
    const Line line{std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count(),
                    msg.level, std::string(msg.payload.data(), msg.payload.size())};
    if (withholding) {
      if (stored_.size() < most_lines) stored_.push_back(line);
    } else {
      write(line);
    }
  }

  void flush_() override { std::fflush(stderr); }

 private:
  static constexpr std::size_t most_lines = 1000;

  struct Line {
    EpochMs at;
    spdlog::level::level_enum level;
    std::string message;
  };

  void write(const Line& line) {
    if (line.level >= spdlog::level::warn && shown_.size() < most_lines) {
      shown_.push_back(line.message);
    }
    if (before_line) before_line();
    const std::string text = (json_ ? as_json(line) : as_text(line)) + "\n";
    std::fwrite(text.data(), 1, text.size(), stderr);
  }

  static std::string level_name(const Line& line) {
    const auto name = spdlog::level::to_string_view(line.level);
    const std::string text(name.data(), name.size());
    return text == "warning" ? "warn" : text;
  }

  static std::string as_text(const Line& line) {
    std::string level = level_name(line);
    level.resize(std::max<std::size_t>(level.size(), 5), ' ');
    return iso8601(line.at) + " " + level + " " + printable(line.message);
  }

  static std::string as_json(const Line& line) {
    JsonWriter json(JsonWriter::Layout::one_line);
    json.begin_object();
    json.text("time", iso8601(line.at));
    json.text("level", level_name(line));
    json.text("message", printable(line.message));
    json.end_object();
    return json.str();
  }

  bool json_;
  std::vector<Line> stored_;
  std::vector<std::string> shown_;
};

Log::Log(const LogSettings& settings, bool terminal)
    : sink_(std::make_shared<Sink>(settings.json)) {
  auto logger = std::make_shared<spdlog::logger>("defender-car", sink_);
  logger->set_level(settings.level.value_or(terminal ? spdlog::level::info : spdlog::level::warn));
  spdlog::set_default_logger(std::move(logger));
}

Log::~Log() = default;

void Log::withhold() { sink_->withholding = true; }
void Log::release(const std::vector<std::string>& except) { sink_->release(except); }
void Log::drop() { sink_->drop(); }
bool Log::has_shown(std::string_view text) const { return sink_->has_shown(text); }

LineHook::LineHook(Log& log, std::function<void()> action) : log_(log) {
  log_.sink_->before_line = std::move(action);
}

LineHook::~LineHook() { log_.sink_->before_line = nullptr; }

}  // namespace defender_car
