// `defender-car copy FILE`: a whole, checked copy of the state file, for an audit or a backup.

#include "audit/copy.h"
#include "cli/commands/commands.h"
#include "cli/output/output.h"
#include "cli/output/text.h"

namespace defender_car {

int run_copy_command(const Session& session) {
  const Options& options = session.options;
  if (options.words.size() != 1)
    throw Error(ErrorKind::usage, "copy takes one word: the file that is to be made");
  const std::string& file = options.words[0];
  const StateCopy copy = copy_state(WorkingDir{options.settings.working_dir}, file);
  if (options.format == Format::json) {
    JsonWriter json;
    begin_document(json, "copy");
    json.integer("exit_code", 0);
    json.text("file", file);
    json.integer("bytes", copy.bytes);
    json.integer("run_id", copy.run_id);
    json.end_object();
    write_out(json.str() + "\n");
  } else {
    write_out("copied the state after run " + std::to_string(copy.run_id) + " into " +
              printable(file) + ", " + std::to_string(copy.bytes) + " bytes, checked\n");
  }
  return 0;
}

}  // namespace defender_car
