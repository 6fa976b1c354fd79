#include "cli/commands/checks.h"

namespace defender_car {
namespace {

/// `question` returns what to say of a good answer; an error's own message says what to do.
bool ask(const OnCheck& on_check, const std::string& name,
         const std::function<std::string()>& question) {
  try {
    on_check({name, CheckState::ok, question(), "", {}});
    return true;
  } catch (const Error& e) {
    if (e.kind() == ErrorKind::interrupted) throw;
    on_check({name, CheckState::failed, e.what(), "", e.kind()});
    return false;
  }
}

std::string describe_model(const std::optional<ImportSchema>& schema,
                           const std::optional<IdentityModel>& chosen) {
  const auto by_service = schema ? schema->model : std::nullopt;
  std::string text = by_service ? "it names the " + kIdentityModels.text(*by_service) + " model"
                                : "there is none (404): the user model, unless chosen otherwise";
  if (chosen && by_service && *chosen != *by_service) {
    text += "; --identity-model " + kIdentityModels.text(*chosen) + " overrides it";
  }
  return text;
}

}  // namespace

void check_car(const SyncSettings& settings, HttpClient& http, const OnCheck& on_check) {
  CarClient car(http, settings.car);
  const bool healthy = ask(on_check, "CAR health", [&] {
    car.check_health();
    return "";
  });
  if (!healthy) {  // both would fail for the same reason
    for (const char* name : {"CAR save point", "CAR import schema"})
      on_check({name, CheckState::warning, "not known: CAR's health comes first", "", {}});
    return;
  }
  ask(on_check, "CAR save point", [&] {
    const auto save_point = car.save_point();
    const std::string source = "source " + settings.car.source;
    return save_point ? source + " has one" : source + " has none yet: the first run will be full";
  });
  ask(on_check, "CAR import schema",
      [&] { return describe_model(car.import_schema({}), settings.identity_model); });
}

}  // namespace defender_car
