#pragma once
// Writes one JSON document: the only place of the program that knows RapidJSON. Text that is no
// UTF-8 is repaired, so that the document stays one whatever a record contains; what could steer a
// terminal is escaped.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace defender_car {

class JsonWriter {
 public:
  enum class Layout { indented, one_line };

  explicit JsonWriter(Layout layout = Layout::indented);
  ~JsonWriter();
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  void begin_object();
  void begin_object(std::string_view key);
  void end_object();
  /// An array of objects; `write(row)` writes the members of each.
  template <typename Rows, typename Write>
  void list(std::string_view key, const Rows& rows, Write write) {
    begin_array(key);
    for (const auto& row : rows) {
      begin_object();
      write(row);
      end_object();
    }
    end_array();
  }
  void texts(std::string_view key, const std::vector<std::string>& values);
  /// For elements that come one by one.
  void begin_array(std::string_view key);
  void end_array();

  void text(std::string_view key, std::string_view value);
  /// null for an empty text: what is not known is not "".
  void text_or_null(std::string_view key, std::string_view value);
  void integer(std::string_view key, std::int64_t value);
  void real(std::string_view key, double value);
  void boolean(std::string_view key, bool value);
  /// What is JSON already, as SQLite made it; null for an empty text.
  void json_or_null(std::string_view key, std::string_view json);
  /// An element of an array, JSON already.
  void json_element(std::string_view json);

  std::string str() const;
  /// What was written since the last call: for documents too long for memory.
  std::string take();
  std::size_t size() const;  ///< bytes written and not taken

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace defender_car
