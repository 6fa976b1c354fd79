#include "car/envelope.h"

#include "json/rapid_json.h"

namespace defender_car {

struct EnvelopeWriter::Impl {
  Impl(std::string_view source_key, std::string_view report_key, EpochMs at)
      : writer(buffer), source(source_key), report(report_key), timestamp(at) {}

  void key(std::string_view name) { json::write_key(writer, name); }
  void member(std::string_view name, std::string_view value) {
    key(name);
    json::write_text(writer, value);
  }

  void end(std::string_view external_name, std::string_view name, bool is_external,
           std::string_view collection, std::string_view key_of_end) {
    if (is_external) {
      member(external_name, key_of_end);
      return;
    }
    joined.assign(collection).append("/").append(key_of_end);
    member(name, joined);
  }

  void end_list() {
    if (in_list) writer.EndArray();
    in_list = false;
  }

  json::Buffer buffer;
  json::Writer writer;
  std::string source;
  std::string report;
  EpochMs timestamp;
  std::string joined;  // kept to spare an allocation an edge
  bool in_list = false;
};

EnvelopeWriter::EnvelopeWriter(std::string_view source, std::string_view tenant,
                               std::string_view report_key, EpochMs timestamp)
    : impl_(std::make_unique<Impl>(source, report_key, timestamp)) {
  auto& writer = impl_->writer;
  writer.StartObject();
  impl_->key("source");
  writer.StartObject();
  impl_->member("_key", source);
  impl_->member("name", tenant);
  impl_->member(
      "description",
      "Microsoft Defender for Endpoint: devices, users, software and alerts of one tenant");
  impl_->member("product_link", "https://security.microsoft.com/");
  writer.EndObject();
  impl_->key("report");
  writer.StartObject();
  impl_->member("_key", report_key);
  impl_->key("timestamp");
  writer.Int64(timestamp);
  impl_->member("type", "Microsoft Defender for Endpoint");
  impl_->member("description", "What Defender said at this run");
  writer.EndObject();
}

EnvelopeWriter::~EnvelopeWriter() = default;

void EnvelopeWriter::begin(std::string_view collection) {
  impl_->end_list();
  impl_->key(collection);
  impl_->writer.StartArray();
  impl_->in_list = true;
}

void EnvelopeWriter::add_raw_vertex(std::string_view json) {
  impl_->writer.RawValue(json.data(), json.size(), rapidjson::kObjectType);
}

void EnvelopeWriter::add_edge(const EdgeEnds& ends) {
  auto& writer = impl_->writer;
  writer.StartObject();
  impl_->end("_from_external_id", "_from", ends.from_is_external, ends.from_collection, ends.from);
  impl_->end("_to_external_id", "_to", ends.to_is_external, ends.to_collection, ends.to);
  impl_->key("active");
  writer.Bool(true);
  impl_->key("timestamp");
  writer.Int64(impl_->timestamp);
  impl_->member("source", impl_->source);
  impl_->member("report", impl_->report);
  writer.EndObject();
}

std::size_t EnvelopeWriter::bytes() const noexcept { return impl_->buffer.GetSize(); }

std::string EnvelopeWriter::finish() {
  impl_->end_list();
  impl_->writer.EndObject();
  return json::text_of(impl_->buffer);
}

}  // namespace defender_car
