// `defender-car report`: one page about the sync, from the state file alone.

#include "audit/report_data.h"
#include "cli/commands/commands.h"
#include "cli/output/output.h"
#include "cli/report/page.h"
#include "cli/report/page_file.h"

namespace defender_car {

int run_report_command(const Session& session) {
  const Options& options = session.options;
  const ReportData data = read_report(options.settings.working_dir, system_now());
  const std::string text =
      options.format == Format::json ? report_document(data) : report_page(data);
  if (options.output.empty()) {
    write_out(text);
  } else {
    write_page_file(options.output, text);
  }
  return 0;
}

}  // namespace defender_car
