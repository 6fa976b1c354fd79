// Plays the CAR service: every endpoint of docs/services/car.md over a CarGraph.
//
// As strict as the real one can be: an import is a job, and what it holds is in the graph only once
// the job has completed, which takes `job_polls` polls; an edge whose vertex was not in the graph
// when the envelope came makes its job an error. Jobs complete in the order in which they came: one
// whose client went away is applied before the next one that completes.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "car_graph.h"
#include "car_query.h"
#include "message.h"

namespace simulator {

enum class DatabaseState { ready, absent, without_graph_name, without_indexes };

/// What becomes of an import job.
enum class JobFate {
  as_usual,
  fails,            // an error with statusCode 400 that names its records; nothing of it is applied
  fails_by_server,  // the same with statusCode 503 …
  fails_wordless,   // … with 400 and words that name no record …
  fails_with_zero,  // … with statusCode 0 …
  fails_with_text,  // … with a statusCode that is a text …
  fails_codeless,   // … and without a statusCode
  lost,             // unknown afterwards, nothing applied
  lost_applied,     // unknown afterwards, but applied
  never_ends,       // open, not applied while the fault stands …
  named_twice,      // … and the status calls it complete as well
  named_nowhere,    // … and the status does not name it
};
/// Strikes `count` of the import jobs that come after the next `skip`.
struct JobFault {
  JobFate fate = JobFate::fails;
  size_t skip = 0;
  size_t count = 1;
};

struct CarOptions {
  std::string key = "car-key";
  std::string password = "car-password";
  std::string token = "car-token-secret";
  IdentityModel identity = IdentityModel::user;
  std::set<std::string> fields;  // of optional_fields(), those that its import schema names
  bool has_import_schema = true;
  bool prefixed_addresses = false;  // PATCH wants 0/10.0.0.4 where an end is an ipaddress
  int job_polls = 1;
  DatabaseState database = DatabaseState::ready;
  /// An envelope whose text holds this is refused with 400, or its job fails; empty: none is.
  std::string poison_envelope;
  std::string poison_job;
  std::optional<JobFault> job_fault;
  bool deletes_all_or_none = false;  // 404 to a DELETE of which one id is not there
  QueryOptions query;
  size_t max_records = 2000;
  size_t max_body = 10'000'000;
};

/// Of all import jobs so far.
struct CarCounts {
  size_t imports = 0;
  size_t most_open = 0;              // jobs that were not finished at the same time
  size_t edges_beside_vertices = 0;  // with edges, while one with vertices was open
};

class CarService {
 public:
  explicit CarService(CarOptions options) : options_(std::move(options)) {}

  /// `call.path` begins with /api/car/v2 or /api/car/v3.
  Reply answer(const Call& call);

  CarGraph& graph() { return graph_; }
  const CarGraph& graph() const { return graph_; }
  CarOptions& options() { return options_; }
  const CarCounts& counts() const { return counts_; }

 private:
  struct Job {
    std::string id;
    int polls_left = 0;
    bool is_import = false;
    bool done = false;
    bool with_edges = false;
    JobFate fate = JobFate::as_usual;
    std::string error;  // not empty: it ends as an error
    std::string source;
    std::vector<ImportRecord> records;
    bool makes_database = false;
  };

  bool authorized(const Call& call) const;
  Reply answer_v2(const Call& call, const std::vector<std::string>& parts);
  Reply answer_v3(const Call& call, const std::string& what);
  Reply databases(const Call& call);
  Reply source_object(const Call& call, const std::string& source);
  Reply save_state(const Call& call);
  Reply session(const Call& call, const std::string& source);
  Reply import(const Call& call);
  Reply import_status(const Call& call);
  Reply job_status(const std::string& id);
  Reply patch_edge(const Call& call, const std::string& collection);
  Reply delete_vertices(const Call& call, const std::string& source, const std::string& collection);
  Reply vertex_graph(const std::string& collection, const std::string& key);

  void count_import(const Job& job);
  std::string start_job(Job job);
  Job* find_job(std::string_view id);
  JobFate next_fate();
  /// Of a fate that keeps the job open, for as long as the fault stands.
  bool is_stuck(const Job& job) const;
  void poll(Job& job);
  void complete(Job& job);
  std::string missing_vertex(const std::string& source,
                             const std::vector<ImportRecord>& records) const;

  CarOptions options_;
  CarGraph graph_;
  std::vector<Job> jobs_;
  size_t first_open_job_ = 0;
  CarCounts counts_;
};

}  // namespace simulator
