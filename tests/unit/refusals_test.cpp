#include <catch2/catch.hpp>

#include "defender/responses.h"

using namespace defender_car;

namespace {

HttpResponse answer(int status, const std::string& body) {
  HttpResponse response;
  response.status = status;
  response.body = Body(body);
  return response;
}

HttpResponse refusal(int status, const std::string& code, const std::string& message) {
  return answer(status, R"({"error":{"code":")" + code + R"(","message":")" + message + "\"}}");
}

}  // namespace

TEST_CASE("Only the service's own 404 says that there is none", "[defender]") {
  CHECK(says_not_there(refusal(404, "NotFound", "")));
  CHECK(says_not_there(refusal(404, "ResourceNotFound", "Machine x was not found")));
  CHECK(says_not_there(answer(404, R"({"error":{"code":"ResourceNotFound"}})")));
  CHECK_FALSE(says_not_there(refusal(403, "NotFound", "")));
  CHECK_FALSE(says_not_there(refusal(404, "Forbidden", "")));
  for (const char* body :
       {"", "{}", "<html>404</html>", "404 page not found", "null", "[]", R"({"error":"NotFound"})",
        R"({"error":{"code":404}})", R"({"error":{"code":""}})", R"({"code":"NotFound"})",
        R"({"error":{"code":"NotFound"})"}) {
    INFO(body);
    CHECK_FALSE(says_not_there(answer(404, body)));
    CHECK_FALSE(says_no_hunting(answer(403, body)));
  }
}

TEST_CASE("A table that is not there is told from a column and from another table", "[defender]") {
  const auto says = [](const std::string& message) {
    return says_no_table(refusal(400, "BadRequest", message), "DeviceTvmSoftwareVulnerabilities");
  };
  const std::string name = "DeviceTvmSoftwareVulnerabilities";
  CHECK(says("'where' operator: Failed to resolve table or column expression named '" + name +
             "'. Fix semantic errors in your query."));
  CHECK(says("cannot resolve table expression '" + name + "'"));
  CHECK(says("Unable to resolve table " + name + " here"));
  CHECK(says("The name '" + name +
             "' does not refer to any known table, tabular variable or function."));
  CHECK(says(
      "Failed to resolve table expression named \\u0027devicetvmsoftwarevulnerabilities\\u0027"));
  CHECK_FALSE(says("Failed to resolve table or column expression named '" + name + "KB'"));
  CHECK_FALSE(says("Failed to resolve table or column expression named 'CveId'"));
  CHECK_FALSE(says("Failed to resolve column 'CveId' in table '" + name + "'"));
  CHECK_FALSE(
      says("'project' operator: Failed to resolve scalar expression named 'CveId' of " + name));
  CHECK_FALSE(says("Query execution of table " + name + " was preempted"));
  CHECK_FALSE(says_no_table(answer(400, "cannot resolve table '" + name + "'"), name));
  CHECK_FALSE(says_no_table(refusal(500, "x", "cannot resolve table '" + name + "'"), name));
}

TEST_CASE("A query that is too heavy is told from one that is wrong", "[defender]") {
  const auto says = [](int status, const std::string& message) {
    return says_too_heavy(refusal(status, "BadRequest", message));
  };
  for (const char* message :
       {"Query execution has exceeded the allowed result size. Optimize your query.",
        "Query execution has exceeded the allowed limits. The query execution was preempted. This "
        "could possibly be due to high CPU and/or memory resource consumption.",
        "Query exceeded the timeout period.", "Request execution timed out",
        "Query execution lacks memory resources to complete (E_LOW_MEMORY_CONDITION)",
        "Runaway query (E_RUNAWAY_QUERY)", "E_QUERY_RESULT_SET_TOO_LARGE"}) {
    INFO(message);
    CHECK(says(400, message));
    CHECK(says(500, message));
    CHECK_FALSE(says(429, message));
    CHECK_FALSE(says(403, message));
  }
  CHECK_FALSE(says(400, "Fix semantic errors in your query: no column 'memory'"));
  CHECK_FALSE(says(400, "Syntax error near 'cpu'"));
  CHECK_FALSE(says(400, "The CPU quota of the tenant is used up"));
  CHECK_FALSE(says(500, "Internal error"));
  CHECK(says_too_heavy(answer(504, "")));
  CHECK(says_too_heavy(answer(408, "")));
  CHECK_FALSE(says_too_heavy(answer(0, "")));
  HttpResponse late = answer(0, "");
  late.late = true;
  CHECK(says_too_heavy(late));
}
