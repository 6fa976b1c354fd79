// A request and its answer as the services see them: no sockets, no HTTP library.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace simulator {

/// PEM files of a server that speaks TLS; empty: in the clear.
struct TlsFiles {
  std::string certificate{};
  std::string private_key{};
};

struct Call {
  std::string method;
  std::string target;                        // path and query as they came
  std::string path;                          // below the service's prefix, not decoded
  std::map<std::string, std::string> query;  // decoded
  std::string authorization;
  std::string base_url;  // scheme://host:port/prefix, for links in answers
  std::string body;
  int connection = 0;       // the client's port
  bool takes_gzip = false;  // the answer may be compressed, and then is
  bool empty_list = false;  // a fault wants the list of the answer to be empty
};

struct Reply {
  int status = 200;
  std::string body{};
  std::string content_type = "application/json; charset=utf-8";
  std::vector<std::pair<std::string, std::string>> headers{};
};

}  // namespace simulator
