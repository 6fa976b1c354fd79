#include "hunting_tables.h"

#include "text.h"

namespace simulator {
namespace {

Cell text_cell(std::string_view text) { return {Cell::Kind::text, text, 0, 0}; }
Cell time_cell(int64_t ms) { return {Cell::Kind::time, {}, ms, 0}; }
Cell integer_cell(int64_t number) { return {Cell::Kind::integer, {}, number, 0}; }
Cell text_cell(const std::optional<std::string>& text) {
  return text ? text_cell(std::string_view(*text)) : Cell{};
}
Cell raw_cell(const RawCell& cell) {
  switch (cell.form) {
    case CellForm::text:
      return text_cell(std::string_view(cell.json));
    case CellForm::array:
      return {Cell::Kind::raw, cell.json, 0, 0};
    case CellForm::empty:
      return text_cell(std::string_view());
    case CellForm::null:
      break;
  }
  return {};
}

/// "A:DateTime B C" -> columns; String where nothing is said.
std::vector<HuntingColumn> columns(std::string_view list) {
  std::vector<HuntingColumn> out;
  size_t at = 0;
  while (at < list.size()) {
    const size_t end = std::min(list.find(' ', at), list.size());
    const std::string_view item = list.substr(at, end - at);
    const size_t colon = item.find(':');
    out.push_back({std::string(item.substr(0, colon)), colon == std::string_view::npos
                                                           ? "String"
                                                           : std::string(item.substr(colon + 1))});
    at = end + 1;
  }
  return out;
}

const Device* known_device(const Tenant& tenant, const std::string& id) {
  if (const Device* device = tenant.find(id)) return device;
  const auto at = tenant.retired.find(id);
  return at == tenant.retired.end() ? nullptr : &at->second;
}

Cell device_name(const Device* device) { return device ? text_cell(device->name) : Cell{}; }
Cell os_platform(const Device* device) {
  return device ? text_cell(std::string_view(device->os_platform)) : Cell{};
}

/// Walks the rows of every wanted device; `fill` sets the cells or says that the row is hidden.
template <typename Source, typename Fill>
void scan_devices(const std::vector<HuntingIndex::Entry>& devices, size_t width,
                  const HuntingTable::DeviceFilter& wanted, const HuntingTable::Emit& emit,
                  const Fill& fill) {
  Row row(width);
  for (const auto& [id, hash, rows, device] : devices) {
    const Cell id_cell{Cell::Kind::text, *id, static_cast<int64_t>(hash), 0};
    if (!wanted(id_cell)) continue;
    for (const Source& source : *static_cast<const std::vector<Source>*>(rows)) {
      std::fill(row.begin(), row.end(), Cell{});
      if (fill(row, source, id_cell, device) && !emit(row)) return;
      row.resize(width);
    }
  }
}

bool visible(const Tenant& tenant, int64_t timestamp_ms) {
  return timestamp_ms >= tenant.hunting_start() && timestamp_ms <= tenant.now_ms;
}

HuntingTable network_table() {
  HuntingTable table{"DeviceNetworkInfo",
                     columns("Timestamp:DateTime DeviceId DeviceName NetworkAdapterName MacAddress "
                             "NetworkAdapterType NetworkAdapterStatus TunnelType IPAddresses "
                             "ReportId:Int64 ConnectedNetworks DnsAddresses IPv4Dhcp IPv6Dhcp "
                             "DefaultGateways NetworkAdapterVendor OnboardingStatus "
                             "NetworkAdapterDnsSuffix"),
                     {}};
  table.scan = [width = table.columns.size()](const Tenant& tenant, HuntingIndex& index,
                                              const auto& wanted, const auto& emit) {
    scan_devices<NetworkRow>(
        index.of(tenant, tenant.network_rows), width, wanted, emit,
        [&](Row& row, const NetworkRow& source, const Cell& id, const Device* d) {
          if (!visible(tenant, source.timestamp_ms) || source.ingested_ms > tenant.now_ms)
            return false;
          row[0] = time_cell(source.timestamp_ms);
          row[1] = id;
          row[2] = device_name(d);
          row[3] = text_cell(std::string_view(source.adapter));
          row[4] = text_cell(std::string_view(source.mac));
          row[5] = text_cell(std::string_view(source.adapter_type));
          row[6] = text_cell(std::string_view(source.status));
          row[7] = text_cell(std::string_view(source.tunnel_type));
          row[8] = raw_cell(source.ip_addresses);
          row[9] = integer_cell(source.timestamp_ms % 100'000);
          return true;
        });
  };
  return table;
}

HuntingTable info_table() {
  HuntingTable table{
      "DeviceInfo",
      columns("Timestamp:DateTime DeviceId DeviceName OSPlatform PublicIP LoggedOnUsers "
              "OnboardingStatus ReportId:Int64 ClientVersion OSArchitecture OSBuild:Int64 "
              "OSVersion JoinType AadDeviceId MachineGroup DeviceCategory DeviceType "
              "MergedDeviceIds MergedToDeviceId SensorHealthState IsExcluded:SByte ExposureLevel "
              "AdditionalFields"),
      {}};
  table.scan = [width = table.columns.size()](const Tenant& tenant, HuntingIndex& index,
                                              const auto& wanted, const auto& emit) {
    scan_devices<DeviceInfoRow>(
        index.of(tenant, tenant.device_info), width, wanted, emit,
        [&](Row& row, const DeviceInfoRow& source, const Cell& id, const Device* d) {
          if (!visible(tenant, source.timestamp_ms)) return false;
          row[0] = time_cell(source.timestamp_ms);
          row[1] = id;
          row[2] = device_name(d);
          row[3] = text_cell(std::string_view(source.os_platform));
          row[4] = text_cell(source.public_ip);
          row[5] = raw_cell(source.logged_on_users);
          if (d) row[6] = text_cell(std::string_view(d->onboarding_status));
          row[7] = integer_cell(source.timestamp_ms % 100'000);
          return true;
        });
  };
  return table;
}

HuntingTable logon_table() {
  HuntingTable table{"DeviceLogonEvents",
                     columns("Timestamp:DateTime DeviceId DeviceName ActionType LogonType "
                             "AccountDomain AccountName AccountSid Protocol FailureReason "
                             "IsLocalAdmin:SByte LogonId:Int64 RemoteDeviceName RemoteIP "
                             "RemoteIPType RemotePort:Int32 ReportId:Int64 AdditionalFields"),
                     {}};
  table.scan = [width = table.columns.size()](const Tenant& tenant, HuntingIndex& index,
                                              const auto& wanted, const auto& emit) {
    scan_devices<LogonEvent>(
        index.of(tenant, tenant.logon_events), width, wanted, emit,
        [&](Row& row, const LogonEvent& source, const Cell& id, const Device* d) {
          if (!visible(tenant, source.timestamp_ms)) return false;
          row[0] = time_cell(source.timestamp_ms);
          row[1] = id;
          row[2] = device_name(d);
          row[3] = text_cell(std::string_view(source.action_type));
          row[4] = text_cell(std::string_view(source.logon_type));
          row[5] = text_cell(std::string_view(source.domain));
          row[6] = text_cell(std::string_view(source.account));
          row[7] = text_cell(std::string_view(source.sid));
          return true;
        });
  };
  return table;
}

HuntingTable software_table() {
  HuntingTable table{"DeviceTvmSoftwareVulnerabilities",
                     columns("DeviceId DeviceName OSPlatform OSVersion OSArchitecture "
                             "SoftwareVendor SoftwareName SoftwareVersion CveId "
                             "VulnerabilitySeverityLevel RecommendedSecurityUpdate "
                             "RecommendedSecurityUpdateId CveTags:Object"),
                     {}};
  table.scan = [width = table.columns.size()](const Tenant& tenant, HuntingIndex& index,
                                              const auto& wanted, const auto& emit) {
    scan_devices<SoftwareRow>(
        index.of(tenant, tenant.software), width, wanted, emit,
        [](Row& row, const SoftwareRow& source, const Cell& id, const Device* d) {
          row[0] = id;
          row[1] = device_name(d);
          row[2] = os_platform(d);
          row[5] = text_cell(std::string_view(source.vendor));
          row[6] = text_cell(std::string_view(source.name));
          row[7] = text_cell(std::string_view(source.version));
          row[8] = text_cell(std::string_view(source.cve_id));
          return true;
        });
  };
  return table;
}

HuntingTable knowledge_table() {
  HuntingTable table{"DeviceTvmSoftwareVulnerabilitiesKB",
                     columns("CveId CvssScore:Double IsExploitAvailable:SByte "
                             "VulnerabilitySeverityLevel LastModifiedTime:DateTime "
                             "PublishedDate:DateTime VulnerabilityDescription "
                             "AffectedSoftware:Object"),
                     {}};
  table.scan = [width = table.columns.size()](const Tenant& tenant, HuntingIndex&, const auto&,
                                              const auto& emit) {
    const auto emit_one = [&](const std::string& cve, const KnowledgeEntry& entry) {
      Row row(width);
      row[0] = text_cell(std::string_view(cve));
      if (entry.score)
        row[1] = {Cell::Kind::real, {}, entry.score_as_text ? 1 : 0, *entry.score};
      else if (!entry.score_word.empty())
        row[1] = text_cell(std::string_view(entry.score_word));
      row[2] = integer_cell(0);
      row[3] = text_cell(std::string_view(entry.severity));
      row[4] = time_cell(entry.last_modified_ms);
      row[5] = time_cell(entry.published_ms);
      row[6] = text_cell(std::string_view(entry.description));
      return emit(row);
    };
    for (const auto& [cve, entry] : tenant.kb) {
      const auto older = tenant.older_kb.find(cve);
      const bool before = stable_hash(cve) % 2 == 0;
      if (older != tenant.older_kb.end() && before && !emit_one(cve, older->second)) return;
      if (!emit_one(cve, entry)) return;
      if (older != tenant.older_kb.end() && !before && !emit_one(cve, older->second)) return;
    }
  };
  return table;
}

}  // namespace

HuntingIndex::Entry HuntingIndex::entry(const Tenant& tenant, const std::string& id,
                                        const void* rows) {
  const std::string& shown = tenant.in_other_apis(id);
  return {&shown, stable_hash(shown), rows, known_device(tenant, id)};
}

const HuntingTable* find_table(std::string_view name) {
  static const std::vector<HuntingTable> tables{network_table(), info_table(), logon_table(),
                                                software_table(), knowledge_table()};
  for (const HuntingTable& table : tables)
    if (table.name == name) return &table;
  return nullptr;
}

}  // namespace simulator
