#include "hunting.h"

#include <algorithm>
#include <memory>

#include "hunting_conditions.h"
#include "hunting_steps.h"
#include "hunting_tables.h"
#include "text.h"

namespace simulator {
namespace {

/// The end of the pipe.
class Output : public Step {
 public:
  Output(HuntingResult& result, const HuntingLimits& limits, bool odata_keys)
      : result_(result),
        limits_(limits),
        odata_keys_(odata_keys),
        sink_(result.rows_json),
        json_(sink_) {
    json_.StartArray();
  }
  bool push(Row& row) override {
    if (result_.rows >= limits_.row_cap) return false;
    ++result_.rows;
    json_.StartObject();
    for (size_t i = 0; i < row.size(); ++i) write_cell(result_.schema[i], row[i]);
    json_.EndObject();
    result_.too_large = result_.rows_json.size() > limits_.max_result_bytes;
    return !result_.too_large;
  }
  void finish() override { json_.EndArray(); }

 private:
  void write_cell(const HuntingColumn& column, const Cell& cell) {
    if (odata_keys_ && (column.type == "Double" || column.type == "SByte"))
      write_pair(json_, column.name + "@odata.type", "#" + column.type);
    write_key(json_, column.name);
    switch (cell.kind) {
      case Cell::Kind::null:
        json_.Null();
        break;
      case Cell::Kind::text:
        write(json_, cell.text);
        break;
      case Cell::Kind::time:
        write(json_, wire_time(cell.number));
        break;
      case Cell::Kind::integer:
        json_.Int64(cell.number);
        break;
      case Cell::Kind::raw:
        write_raw(json_, cell.text);
        break;
      case Cell::Kind::real:
        if (cell.number == 0) {
          json_.Double(cell.real);
        } else {
          std::string text = std::to_string(cell.real);
          write(json_, text.substr(0, text.find('.') + 2));
        }
        break;
    }
  }

  HuntingResult& result_;
  const HuntingLimits& limits_;
  bool odata_keys_;
  StringSink sink_;
  JsonWriter json_;
};

std::vector<size_t> indexes(const std::vector<HuntingColumn>& input,
                            const std::vector<kql::NamedColumn>& names,
                            std::vector<HuntingColumn>& output) {
  std::vector<size_t> out;
  for (const kql::NamedColumn& name : names) {
    out.push_back(column_index(input, name.column));
    output.push_back({name.name, input[out.back()].type});
  }
  return out;
}

BoundStage bind_arg_max(const kql::Stage& stage, std::vector<HuntingColumn>& columns) {
  BoundStage out{&stage, {}, {}, column_index(columns, stage.maximum)};
  std::vector<HuntingColumn> output;
  for (const std::string& group : stage.groups) {
    out.groups.push_back(column_index(columns, group));
    output.push_back(columns[out.groups.back()]);
  }
  std::vector<kql::NamedColumn> names{{stage.maximum, stage.maximum}};
  names.insert(names.end(), stage.columns.begin(), stage.columns.end());
  if (stage.all_columns)
    for (const HuntingColumn& column : columns)
      if (column.name != stage.maximum &&
          std::find(stage.groups.begin(), stage.groups.end(), column.name) == stage.groups.end())
        names.push_back({column.name, column.name});
  out.columns = indexes(columns, names, output);
  columns = std::move(output);
  return out;
}

std::vector<BoundStage> bind_stages(kql::Query& query, std::vector<HuntingColumn>& columns) {
  std::vector<BoundStage> out;
  for (kql::Stage& stage : query.stages) {
    BoundStage bound{&stage, {}, {}, 0};
    if (stage.kind == kql::Stage::Kind::where) resolve(stage.condition, columns);
    if (stage.kind == kql::Stage::Kind::project || stage.kind == kql::Stage::Kind::distinct) {
      std::vector<HuntingColumn> output;
      bound.columns = indexes(columns, stage.columns, output);
      columns = std::move(output);
    }
    if (stage.kind == kql::Stage::Kind::arg_max) bound = bind_arg_max(stage, columns);
    if (stage.kind == kql::Stage::Kind::count) columns.assign(1, {"Count", "Int64"});
    out.push_back(std::move(bound));
  }
  return out;
}

}  // namespace

HuntingResult run_query(const Tenant& tenant, HuntingIndex& index, std::string_view text,
                        const HuntingLimits& limits, bool odata_keys) {
  kql::Query query = kql::parse(text, tenant.now_ms);
  const HuntingTable* table = find_table(query.table);
  if (table == nullptr)
    throw kql::Error("Failed to resolve table or column expression named '" + query.table +
                     "'. Fix semantic errors in your query.");
  HuntingResult result;
  result.schema = table->columns;
  const std::vector<BoundStage> stages = bind_stages(query, result.schema);
  std::vector<std::unique_ptr<Step>> steps;
  steps.push_back(std::make_unique<Output>(result, limits, odata_keys));
  for (auto bound = stages.rbegin(); bound != stages.rend(); ++bound) {
    Step& next = *steps.back();
    steps.push_back(make_step(*bound, next));
  }
  Step& first = *steps.back();
  table->scan(tenant, index, device_filter(query), [&](Row& row) { return first.push(row); });
  first.finish();
  return result;
}

}  // namespace simulator
