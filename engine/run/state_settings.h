#pragma once
// Table `setting` of the state file: every name in it, what its value means and who writes it.
// A setting that is not there reads as "".

#include <string>

#include "base/enum_text.h"
#include "store/database.h"

namespace defender_car {

enum class StateSetting {
  /// Which state file this is; set once, by its first run.
  tenant,
  source,
  /// Fingerprints in decimal digits of the schema/ that derived, and of the stored views; set by
  /// the migrator.
  derivation,
  schema,
  /// The digest of the last run that derived, in hex digits. Absent before the first one.
  digest,
  /// "user" or "account", and "hunting" or "machines": what the mirror's claims were derived by;
  /// set by derive (schema/phase/06_parameters.sql). Absent before the first derivation.
  identity_model,
  network_source,
  /// Of view body_field, the names that CAR's import schema names, as JSON; "name" or
  /// "domain-name"; which machines count
  /// (schema/view/12_scope.sql), as JSON: what the desired graph was derived by; set by derive.
  /// Absent before the first one.
  car_fields,
  account_key,
  scope,
  /// The save points that the last run and the one before it left in CAR, in milliseconds as
  /// digits.
  /// The previous one is there only while it is not known whether CAR took the last one.
  model_state_id,
  previous_model_state_id,
  /// The newest report's key that may stand in CAR, in milliseconds as digits; set by each run.
  last_report,
  /// Why the next run must be a full import, in words. Absent: none is due.
  full_due,
  /// Why a full import is due once every dataset is complete, in words. Absent: none is.
  full_wanted,
  /// Why objects that CAR kept from before a full import are to be removed one by one, in words;
  /// set by a full import that could not end its session.
  leftovers_due,
  /// Why the next run derives all machines, in words; removed by the derivation that did.
  derive_all,
  /// Why the next run must write a checkpoint: a run left no snapshot. In words.
  chain_broken,
  /// The run that is being replayed; absent when no replay was cut off.
  replaying,
  /// The last run that used a permission of --allow-once; tokens are bound to it.
  last_permission,
  /// By how many milliseconds this machine's clock was behind at the last run; absent: by none.
  host_clock_off,
  /// In which form CAR takes addresses of edges (CarClient::address_form). Absent: not known yet.
  address_form,
  /// In which form CAR's GraphQL counts assets: aggregate, row, list, none. Absent: not known yet.
  asset_count_form,
  /// When CAR's count of assets was found to be wrong, in milliseconds as digits. It is not asked
  /// for a day from then.
  asset_count_doubted,
  /// Whether the vulnerability export ever answered: no, yes. Absent: it was never asked.
  vulnerability_export,
  /// "defender" or "graph": by which list the mirror's alerts were last read whole or by window;
  /// set by derive. Absent: by Defender's.
  alerts_api,
  /// Why --alerts-api auto stays with Defender's list, in words: set by `check` where the two lists
  /// name alerts differently, removed where they agree.
  alerts_differ,
  /// Services that end on 2027-02-01 and that the last run still used, with spaces between:
  /// alerts, hunting. Absent: none.
  retiring_used,
};

inline constexpr EnumTexts<StateSetting, 28> kStateSettings{"setting of the state file",
                                                            {"tenant",
                                                             "source",
                                                             "derivation",
                                                             "schema",
                                                             "digest",
                                                             "identity_model",
                                                             "network_source",
                                                             "car_fields",
                                                             "account_key",
                                                             "scope",
                                                             "model_state_id",
                                                             "previous_model_state_id",
                                                             "last_report",
                                                             "full_due",
                                                             "full_wanted",
                                                             "leftovers_due",
                                                             "derive_all",
                                                             "chain_broken",
                                                             "replaying",
                                                             "last_permission",
                                                             "host_clock_off",
                                                             "address_form",
                                                             "asset_count_form",
                                                             "asset_count_doubted",
                                                             "vulnerability_export",
                                                             "alerts_api",
                                                             "alerts_differ",
                                                             "retiring_used"}};

class StateSettings {
 public:
  explicit StateSettings(Database& state) : state_(state) {}

  /// "" when it is absent.
  std::string get(StateSetting name) const {
    return named("run/setting", name).value().value_or("");
  }
  void set(StateSetting name, const std::string& value) const {
    named("run/set", name).bind("value", value).run();
  }
  void unset(StateSetting name) const { named("run/unset", name).run(); }

 private:
  Statement& named(const char* statement, StateSetting name) const {
    return state_.statement(statement).bind("name", kStateSettings.text(name));
  }

  Database& state_;
};

}  // namespace defender_car
