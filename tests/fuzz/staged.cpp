#include "staged.h"

#include "base/error.h"
#include "defender/responses.h"
#include "mirror.h"
#include "target.h"

namespace fuzz {

using namespace defender_car;

namespace {

struct Outcome {
  bool refused = false;
  std::string records;
};

Outcome read(const Body& body, const Reader& reader) {
  Outcome outcome;
  try {
    reader(body, [&](std::span<const Field> fields) {
      for (const Field& field : fields) promise(is_utf8(field.text), "what is staged is UTF-8");
      outcome.records += as_text(fields);
    });
  } catch (const Error& error) {
    promise(error.kind() == ErrorKind::bad_data, "an answer that cannot be read is bad_data");
    promise(is_printable(error.what()), "the message is printable");
    outcome.refused = true;
  }
  return outcome;
}

// By pieces for one input in eight, as writing a file takes longer than all the rest.
void check_pieces(std::string_view text, const Reader& reader, const Outcome& whole) {
  if (text.size() % 8 != 0) return;
  const Outcome pieces = read(in_file(text), reader);
  promise(pieces.refused == whole.refused, "by pieces as good as whole");
  promise(pieces.records == whole.records, "the same records by pieces");
}

}  // namespace

void check_words(const ListResult& answer) {
  ReadResult result;
  add(result, answer);
  promise(is_printable(result.not_understood_text()), "what is told of an answer is printable");
  promise((result.not_understood > 0) == (answer.not_objects > 0 || answer.error.has_value()),
          "what was not understood is counted");
}

void check_records(std::string_view text, const Reader& reader, const Destination& destination) {
  const Body body{std::string(text)};
  const Outcome whole = read(body, reader);
  check_pieces(text, reader, whole);
  if (whole.refused || whole.records.empty()) return;

  static Mirror mirror;
  mirror.stage(
      destination.insert, destination.json_columns,
      [&](PageSink& sink) {
        sink.begin();
        reader(body, [&](std::span<const Field> fields) { sink.record(fields); });
        sink.keep();
      },
      destination.machine);
  mirror.derive();
}

}  // namespace fuzz
