// The current network of a machine (docs/mapping.md), from hunting rows or from the machine list.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tenant.h"

namespace oracle {

/// What one adapter brings: its MAC in CAR's spelling, if it has a usable one, and its addresses.
struct CurrentAdapter {
  std::optional<std::string> mac;
  std::vector<std::string> private_addresses;
};

/// Rows that hunting shows at `now_ms`.
std::vector<simulator::NetworkRow> visible_rows(const std::vector<simulator::NetworkRow>& rows,
                                                int64_t now_ms);

/// The newest row of each adapter. Where its list cannot be read, the one known before stands at
/// its time; nothing where none was known.
std::vector<simulator::NetworkRow> with_last_known(const std::vector<simulator::NetworkRow>& rows,
                                                   const std::vector<simulator::NetworkRow>& known);

/// From hunting: the newest row per adapter, of these the ones at most ten minutes older than the
/// machine's newest; no row at all: the last IP address.
std::vector<CurrentAdapter> network_of_rows(const std::vector<simulator::NetworkRow>& rows,
                                            const simulator::Device& device);

/// From the machine list, for tenants without hunting.
std::vector<CurrentAdapter> network_of_list(const simulator::Device& device);

/// `AA:BB:CC:DD:EE:FF`; nullopt unless it is twelve hex digits and not all zero.
std::optional<std::string> car_mac(std::string_view text);

/// fe80::1%12 is fe80::1: the zone is the host's own business.
std::string without_zone(std::string_view address);

/// CAR's patterns (docs/services/car.md).
bool car_takes_address(std::string_view text);
bool car_takes_host_name(std::string_view text);

}  // namespace oracle
