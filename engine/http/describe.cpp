#include <strings.h>

#include <array>

#include "base/printable.h"
#include "http/http_client.h"
#include "json/records.h"

namespace defender_car {
namespace {

constexpr std::size_t kLongest = 300;
constexpr std::size_t kLargestParsed = 256 * 1024;

struct ServiceError {
  std::string code;
  std::string message;
  std::string id;  ///< what support asks for
};

std::string text_of(const Field& field) {
  if (field.type == Field::Type::integer) return std::to_string(field.integer);
  return field.type == Field::Type::text ? field.text : "";
}

ServiceError first_of_list(const Body& body) {
  static constexpr std::array<std::string_view, 2> kKeys = {"code", "message"};
  ServiceError error;
  read_list(body, {"errors", kKeys}, [&](std::span<const Field> fields) {
    if (!error.code.empty() || !error.message.empty()) return;
    error.code = text_of(fields[0]);
    error.message = text_of(fields[1]);
  });
  return error;
}

ServiceError service_error(const Body& body) {
  static constexpr std::array<std::string_view, 9> kPaths = {
      "error",  "error.code",     "error.message", "error.target", "error_description",
      "errors", "correlation_id", "trace",         "message"};
  if (body.size() > kLargestParsed) return {};
  try {
    const std::vector<Field> fields = read_object(body, kPaths);
    ServiceError error;
    if (fields[5].type == Field::Type::json) error = first_of_list(body);
    for (const std::size_t code : {1U, 0U}) {
      if (error.code.empty()) error.code = text_of(fields[code]);
    }
    for (const std::size_t message : {2U, 4U, 8U}) {
      if (error.message.empty()) error.message = text_of(fields[message]);
    }
    for (const std::size_t id : {3U, 6U, 7U}) {
      if (error.id.empty()) error.id = text_of(fields[id]);
    }
    return error;
  } catch (const Error&) {
    return {};  // a proxy's page, not a service's response
  }
}

std::string request_id(const HttpResponse& response) {
  for (const std::string_view name : {"request-id", "x-ms-request-id", "x-request-id"}) {
    if (auto id = response.header(name)) return *id;
  }
  return "";
}

}  // namespace

std::optional<std::string> HttpResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && ::strncasecmp(key.data(), name.data(), name.size()) == 0) {
      return value;
    }
  }
  return std::nullopt;
}

std::string describe(const HttpResponse& response) {
  constexpr std::size_t kLongestId = 64;
  constexpr std::size_t kHead = 4096;
  if (response.status == 0) return printable("no answer: " + response.transport_error, kLongest);
  const std::string status = "HTTP " + std::to_string(response.status);
  ServiceError error = service_error(response.body);
  std::string text = error.code;
  if (!error.code.empty() && !error.message.empty()) text += ": ";
  text += error.message;
  if (error.id.empty()) error.id = request_id(response);
  std::string id = printable(error.id, kLongestId);
  if (!id.empty()) id = " (id " + id + ")";
  const std::size_t longest = kLongest - id.size();
  text = text.empty() ? excerpt(response.body.head(kHead), longest) : printable(text, longest);
  const std::string until =
      response.not_before ? " (not to be asked again before " + iso8601(*response.not_before) + ")"
                          : "";
  return status + (text.empty() ? "" : ": ") + text + id + until;
}

}  // namespace defender_car
