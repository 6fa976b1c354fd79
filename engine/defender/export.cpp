#include "defender/export.h"

#include <spdlog/spdlog.h>

#include "base/error.h"
#include "defender/responses.h"

namespace defender_car {
namespace {

/// Against a refused login or a missing permission another try is no help.
bool may_pass(ErrorKind kind) {
  return kind == ErrorKind::defender || kind == ErrorKind::unreachable ||
         kind == ErrorKind::invalid_parameter || kind == ErrorKind::bad_data;
}

/// A row has no id of its own that could be relied upon: all that was asked of it names it.
void name_of(std::span<const Field> fields, std::string& name) {
  name.clear();
  for (const Field& field : fields) name.append(field.text).push_back('\n');
}

}  // namespace

ReadResult ExportWalk::run() {
  try {
    return walk();
  } catch (const Error& error) {
    if (!link_failed_) throw;
    spdlog::info("{}; its link may have expired: the walk begins anew", error.what());
  }
  list_.begin_anew();
  return walk();
}

ReadResult ExportWalk::walk() {
  Pager pager = list_.pager();
  ReadResult result;
  do {
    take(pager);
    add(result, page_);
    result.pages = pager.number();
    result.not_found = none_;
  } while (pager.advance(page_, first_record_, last_record_));
  return result;
}

void ExportWalk::take(const Pager& pager) {
  try {
    return take_once(pager);
  } catch (const Error& error) {
    // What the first page says to its parameters stands.
    const bool refused = pager.first() && error.kind() == ErrorKind::invalid_parameter;
    if (!may_pass(error.kind()) || refused) throw;
    spdlog::info("{}: asking again", error.what());
  }
  link_failed_ = !pager.first();
  take_once(pager);
  link_failed_ = false;
}

void ExportWalk::take_once(const Pager& pager) {
  HttpRequest request = get(pager.url(), list_.label + " page " + std::to_string(pager.number()),
                            limits::kExportBody);
  request.time_limit_ms = limits::kExportMs;
  const HttpResponse response = api_.send(request);
  page_ = {};
  none_ = list_.window && pager.first() && says_not_there(response);
  if (none_) return;
  if (response.status != 200) refuse(pager, request, response);

  first_record_.clear();
  last_record_.clear();
  in_page(sink_, [&] {
    page_ = read_page(request, response, keys_, [&](std::span<const Field> fields) {
      name_of(fields, last_record_);
      if (first_record_.empty()) first_record_ = last_record_;
      sink_.record(fields);
    });
    return true;
  });
}

void ExportWalk::refuse(const Pager& pager, const HttpRequest& request,
                        const HttpResponse& response) {
  const bool not_here = response.status == 404 || response.status == 410;
  const bool own_form = read_refusal(response).has_value();
  if (response.status == 403 && !own_form) Api::fail_foreign(request, response);
  if (pager.first() && not_here && own_form) {
    throw Error(ErrorKind::forbidden,
                asked(request, response) + ". It is not available here. It needs the permission " +
                    std::string(kVulnerabilityPermission.name) + " of " +
                    std::string(kVulnerabilityPermission.owner) + " (grant it " +
                    where_to_grant(api_.settings()) + ") and Defender Vulnerability Management");
  }
  api_.fail(request, response, kVulnerabilityPermission);
}

}  // namespace defender_car
