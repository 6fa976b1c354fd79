// The part of CarService that is about jobs: imports, their status, and the other jobs' status.
#include <algorithm>

#include "car_import.h"
#include "car_service.h"
#include "text.h"

namespace simulator {
namespace {

Reply refused(const EnvelopeError& error) {
  Reply reply{.status = 400};
  StringSink sink(reply.body);
  JsonWriter json(sink);
  json.StartObject();
  write_key(json, "errors");
  json.StartArray();
  json.StartObject();
  write_pair(json, "code", error.code);
  write_pair(json, "message", error.message);
  json.EndObject();
  json.EndArray();
  write_pair(json, "trace", make_guid(stable_hash(error.message)));
  json.EndObject();
  return reply;
}

bool is_failure(JobFate fate) {
  return fate == JobFate::fails || fate == JobFate::fails_by_server ||
         fate == JobFate::fails_wordless || fate == JobFate::fails_with_zero ||
         fate == JobFate::fails_with_text || fate == JobFate::fails_codeless;
}

void write_status_code(JsonWriter& json, JobFate fate) {
  if (fate == JobFate::fails_codeless) return;
  if (fate == JobFate::fails_with_text) return write_pair(json, "statusCode", "400");
  write_key(json, "statusCode");
  json.Int(fate == JobFate::fails_by_server ? 503 : fate == JobFate::fails_with_zero ? 0 : 400);
}

}  // namespace

std::string CarService::start_job(Job job) {
  job.id = std::to_string(1000 + jobs_.size());
  jobs_.push_back(std::move(job));
  const std::string id = jobs_.back().id;
  if (jobs_.back().polls_left <= 0) complete(jobs_.back());
  return id;
}

CarService::Job* CarService::find_job(std::string_view id) {
  if (id.empty() || id.size() > 9 || id.find_first_not_of("0123456789") != std::string_view::npos)
    return nullptr;
  const size_t number = std::stoul(std::string(id));
  return number < 1000 || number - 1000 >= jobs_.size() ? nullptr : &jobs_[number - 1000];
}

JobFate CarService::next_fate() {
  if (!options_.job_fault) return JobFate::as_usual;
  JobFault& fault = *options_.job_fault;
  if (fault.skip > 0) {
    --fault.skip;
    return JobFate::as_usual;
  }
  if (fault.count == 0) return JobFate::as_usual;
  --fault.count;
  return fault.fate;
}

bool CarService::is_stuck(const Job& job) const {
  return !job.done && options_.job_fault &&
         (job.fate == JobFate::never_ends || job.fate == JobFate::named_twice ||
          job.fate == JobFate::named_nowhere);
}

void CarService::poll(Job& job) {
  if (!job.done && !is_stuck(job) && --job.polls_left <= 0) complete(job);
}

void CarService::complete(Job& job) {
  const auto apply = [&](Job& one) {
    if (one.done || is_stuck(one)) return;
    one.done = true;
    if (one.makes_database) options_.database = DatabaseState::ready;
    if (one.error.empty() && one.is_import && one.fate != JobFate::lost)
      graph_.apply(one.source, std::move(one.records));
    one.records = {};
  };
  // Whatever came before is done before, also when nobody asks after it any more.
  for (; first_open_job_ < jobs_.size() && &jobs_[first_open_job_] <= &job; ++first_open_job_)
    apply(jobs_[first_open_job_]);
  apply(job);  // one that was stuck and has been passed by
}

void CarService::count_import(const Job& job) {
  ++counts_.imports;
  size_t open = 1;
  bool beside = false;
  for (size_t at = first_open_job_; at < jobs_.size(); ++at) {
    const Job& other = jobs_[at];
    if (!other.is_import || other.done) continue;
    ++open;
    beside = beside || (job.with_edges && !other.with_edges);
  }
  counts_.most_open = std::max(counts_.most_open, open);
  counts_.edges_beside_vertices += beside ? 1 : 0;
}

std::string CarService::missing_vertex(const std::string& source,
                                       const std::vector<ImportRecord>& records) const {
  const SourceGraph* graph = graph_.find_source(source);
  for (const ImportRecord& record : records) {
    if (record.edge == nullptr) continue;
    const EdgeCollection& kind = *record.edge;
    if (graph == nullptr || !graph->has_active_vertex(kind.from, record.ends.from))
      return kind.name + ": no vertex " + kind.from + "/" + record.ends.from;
    if (!graph->has_active_vertex(kind.to, record.ends.to))
      return kind.name + ": no vertex " + kind.to + "/" + record.ends.to;
  }
  return {};
}

Reply CarService::import(const Call& call) {
  auto read = read_envelope(call.body, options_.identity, options_.max_records);
  if (const auto* error = std::get_if<EnvelopeError>(&read)) return refused(*error);
  const auto poisoned = [&](const std::string& poison) {
    return !poison.empty() && call.body.find(poison) != std::string::npos;
  };
  if (poisoned(options_.poison_envelope))
    return refused({"data_mal_formed", "a record holds " + options_.poison_envelope});
  Envelope& envelope = std::get<Envelope>(read);
  graph_.source(envelope.source).name = envelope.source_name;
  Job job;
  job.is_import = true;
  job.polls_left = options_.job_polls;
  job.source = envelope.source;
  job.error = missing_vertex(envelope.source, envelope.records);
  if (poisoned(options_.poison_job)) job.error = "a record holds " + options_.poison_job;
  job.fate = next_fate();
  if (is_failure(job.fate))
    job.error = job.fate == JobFate::fails ? "a record is malformed, on demand" : "it went wrong";
  job.records = std::move(envelope.records);
  job.with_edges = std::any_of(job.records.begin(), job.records.end(),
                               [](const ImportRecord& record) { return record.edge != nullptr; });
  count_import(job);
  Reply reply;
  reply.body = R"({"id":")" + start_job(std::move(job)) + R"(","status":"INPROGRESS"})";
  return reply;
}

Reply CarService::import_status(const Call& call) {
  std::vector<std::string> complete_ids, open_ids, unknown_ids;
  std::vector<const Job*> failed;
  const auto asked = call.query.find("ids");
  for (const std::string& id : split(asked == call.query.end() ? "" : asked->second, ',')) {
    Job* job = find_job(id);
    if (job != nullptr && job->is_import) poll(*job);
    const bool stuck = job != nullptr && is_stuck(*job);
    if (stuck && job->fate == JobFate::named_nowhere) continue;
    if (stuck && job->fate == JobFate::named_twice) complete_ids.push_back(id);
    if (job == nullptr || !job->is_import || job->fate == JobFate::lost ||
        job->fate == JobFate::lost_applied)
      unknown_ids.push_back(id);
    else if (!job->done)
      open_ids.push_back(id);
    else if (job->error.empty())
      complete_ids.push_back(id);
    else
      failed.push_back(job);
  }
  Reply reply;
  StringSink sink(reply.body);
  JsonWriter json(sink);
  const auto list = [&](const char* name, const std::vector<std::string>& ids, const char* status) {
    write_key(json, name);
    json.StartArray();
    for (const std::string& id : ids) {
      json.StartObject();
      write_pair(json, "id", id);
      if (status != nullptr) write_pair(json, "status", status);
      json.EndObject();
    }
    json.EndArray();
  };
  json.StartObject();
  list("complete_imports", complete_ids, "COMPLETE");
  list("incomplete_imports", open_ids, nullptr);
  write_key(json, "error_imports");
  json.StartArray();
  for (const Job* job : failed) {
    json.StartObject();
    write_pair(json, "id", job->id);
    write_pair(json, "error", job->error);
    write_status_code(json, job->fate);
    json.EndObject();
  }
  json.EndArray();
  list("notfound_imports", unknown_ids, nullptr);
  json.EndObject();
  return reply;
}

Reply CarService::job_status(const std::string& id) {
  Job* job = find_job(id);
  Reply reply;
  if (job == nullptr || job->is_import) {
    reply.status = 404;
    reply.body = R"({"errors":[{"code":"not_found","message":"no such job"}],"trace":""})";
    return reply;
  }
  poll(*job);
  reply.body = std::string(R"({"status":")") + (job->done ? "COMPLETE" : "INPROGRESS") + R"("})";
  return reply;
}

}  // namespace simulator
