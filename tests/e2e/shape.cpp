#include "shape.h"

#include <rapidjson/document.h>
#include <rapidjson/schema.h>
#include <rapidjson/stringbuffer.h>

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace e2e {
namespace {

rapidjson::Document schema_of(const std::string& name) {
  const std::string path = std::string(DEFENDER_CAR_ROOT) + "/docs/json/" + name + ".schema.json";
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  rapidjson::Document schema;
  if (!file || schema.Parse(text.str().c_str()).HasParseError()) {
    throw std::runtime_error(path + " is no JSON Schema");
  }
  return schema;
}

}  // namespace

std::string shape_fault(const std::string& document, const std::string& name) {
  const rapidjson::Document text = schema_of(name);
  const rapidjson::SchemaDocument schema(text);
  rapidjson::Document json;
  if (json.Parse(document.c_str()).HasParseError()) return "no JSON: " + document;
  rapidjson::SchemaValidator validator(schema);
  if (json.Accept(validator)) return "";
  rapidjson::StringBuffer where;
  rapidjson::StringBuffer rule;
  validator.GetInvalidDocumentPointer().StringifyUriFragment(where);
  validator.GetInvalidSchemaPointer().StringifyUriFragment(rule);
  return std::string(where.GetString()) + " breaks " + validator.GetInvalidSchemaKeyword() +
         " at " + rule.GetString();
}

}  // namespace e2e
