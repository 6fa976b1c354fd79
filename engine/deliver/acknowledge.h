#pragma once
// CAR's answers, applied from the outbox to "acknowledged" and the ledger. Each function is one
// answer and belongs into a transaction of the caller's; nothing else changes what "acknowledged"
// says.

#include <cstdint>
#include <string>

#include "deliver/outbox.h"

namespace defender_car {

void acknowledge_import(Database& state, const ItemRange& range, const std::string& at,
                        const std::string& answer);
void acknowledge_patch(Database& state, Operation operation, std::int64_t item, bool gone,
                       const std::string& at, const std::string& answer);
void acknowledge_deletes(Database& state, const ItemRange& range, const std::string& at,
                         const std::string& answer);
/// The end of a full-import session: what was not reported in it is no longer held.
void acknowledge_session_end(Database& state, std::int64_t run_id, const std::string& at);
/// CAR refuses this one record: set aside; unchanged it comes again in a full import and after a
/// day. `now` is Defender's clock.
void set_aside(Database& state, const ItemRange& single, const std::string& reason,
               const std::string& now);
/// The same of a change: CAR holds what it is about as before.
void set_aside_change(Database& state, std::int64_t item, const std::string& at,
                      const std::string& answer, const std::string& now);

}  // namespace defender_car
