#include "oracle_network.h"

#include <rapidjson/document.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <utility>

namespace oracle {
namespace {

using simulator::Device;
using simulator::NetworkRow;

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

std::vector<std::string> private_addresses(const NetworkRow& row) {
  std::vector<std::string> out;
  rapidjson::Document list;
  list.Parse(row.ip_addresses.json.c_str());
  if (list.HasParseError() || !list.IsArray()) return out;
  for (const auto& item : list.GetArray())
    if (item.IsObject() && item.HasMember("IPAddress") && item.HasMember("AddressType") &&
        item["AddressType"] == "Private" && item["IPAddress"].IsString())
      out.emplace_back(item["IPAddress"].GetString());
  return out;
}

bool is_readable(const NetworkRow& row) {
  if (row.ip_addresses.json.empty()) return true;  // it says that there is none
  rapidjson::Document list;
  list.Parse(row.ip_addresses.json.c_str());
  return !list.HasParseError() && list.IsArray();
}

/// Only what says so has no connection.
bool is_connected(const std::string& status) {
  return status != "Down" && status != "NotPresent" && status != "LowerLayerDown";
}

/// RFC 1918, fc00::/7, fe80::/10.
bool is_private(const std::string& address) {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (std::sscanf(address.c_str(), "%u.%u.%u.%u", &a, &b, &c, &d) == 4)
    return a == 10 || (a == 172 && b >= 16 && b <= 31) || (a == 192 && b == 168);
  unsigned group = 0;
  if (address.find(':') == std::string::npos || std::sscanf(address.c_str(), "%x:", &group) != 1)
    return false;
  return (group & 0xfe00U) == 0xfc00U || (group & 0xffc0U) == 0xfe80U;
}

}  // namespace

std::string without_zone(std::string_view address) {
  return std::string(address.substr(0, address.find('%')));
}

std::optional<std::string> car_mac(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c == ':' || c == '-' || c == '.') continue;
    if (!is_hex(c)) return std::nullopt;
    digits.push_back(c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c);
  }
  if (digits.size() != 12 || digits == "000000000000") return std::nullopt;
  for (size_t at = 10; at > 0; at -= 2) digits.insert(at, ":");
  return digits;
}

bool car_takes_address(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(),
                                      [](char c) { return is_hex(c) || c == ':' || c == '.'; });
}

bool car_takes_host_name(std::string_view text) {
  return !text.empty() && text.find_first_of("&#^|?<>[]") == std::string_view::npos;
}

std::vector<NetworkRow> visible_rows(const std::vector<NetworkRow>& rows, int64_t now_ms) {
  std::vector<NetworkRow> out;
  for (const NetworkRow& row : rows)
    if (row.timestamp_ms >= now_ms - simulator::hunting_days * simulator::day_ms &&
        row.timestamp_ms <= now_ms && row.ingested_ms <= now_ms)
      out.push_back(row);
  return out;
}

std::vector<NetworkRow> with_last_known(const std::vector<NetworkRow>& rows,
                                        const std::vector<NetworkRow>& known) {
  std::map<std::pair<std::string, std::string>, NetworkRow> newest;
  for (const NetworkRow& row : rows) {
    const auto [held, is_new] = newest.try_emplace({row.adapter, row.mac}, row);
    if (!is_new && row.timestamp_ms > held->second.timestamp_ms) held->second = row;
  }
  std::vector<NetworkRow> out;
  for (const auto& [adapter, row] : newest) {
    if (is_readable(row)) {
      out.push_back(row);
      continue;
    }
    for (NetworkRow last : known) {
      if (std::pair(last.adapter, last.mac) != adapter) continue;
      last.timestamp_ms = std::max(last.timestamp_ms, row.timestamp_ms);
      out.push_back(last);
    }
  }
  return out;
}

std::vector<CurrentAdapter> network_of_rows(const std::vector<NetworkRow>& rows,
                                            const Device& device) {
  std::vector<CurrentAdapter> out;
  if (rows.empty()) {
    if (device.last_ip) out.push_back({std::nullopt, {*device.last_ip}});
    return out;
  }
  std::map<std::pair<std::string, std::string>, const NetworkRow*> newest;
  int64_t last = 0;
  for (const NetworkRow& row : rows) {
    last = std::max(last, row.timestamp_ms);
    const NetworkRow*& held = newest[{row.adapter, row.mac}];
    if (held == nullptr || row.timestamp_ms > held->timestamp_ms) held = &row;
  }
  for (const auto& [adapter, row] : newest)
    if (row->timestamp_ms >= last - 10 * simulator::minute_ms && is_connected(row->status))
      out.push_back({car_mac(row->mac), private_addresses(*row)});
  return out;
}

std::vector<CurrentAdapter> network_of_list(const Device& device) {
  std::vector<CurrentAdapter> out;
  for (const simulator::MachineAddress& address : device.ip_addresses) {
    if (!is_connected(address.operational_status)) continue;
    CurrentAdapter adapter{car_mac(address.mac.value_or("")), {}};
    if (is_private(address.ip)) adapter.private_addresses.push_back(address.ip);
    out.push_back(std::move(adapter));
  }
  // "Without any network row": the list has an item, so there is one.
  if (device.ip_addresses.empty() && device.last_ip) out.push_back({{}, {*device.last_ip}});
  return out;
}

}  // namespace oracle
