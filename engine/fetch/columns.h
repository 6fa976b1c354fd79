#pragma once
// What is asked of Defender's records, in the order of the stage's columns (schema/stage/).

#include <array>
#include <string_view>

#include "defender/alerts.h"

namespace defender_car {

inline constexpr std::array<std::string_view, 18> kMachineKeys = {"id",
                                                                  "computerDnsName",
                                                                  "osPlatform",
                                                                  "healthStatus",
                                                                  "firstSeen",
                                                                  "lastSeen",
                                                                  "lastIpAddress",
                                                                  "lastExternalIpAddress",
                                                                  "ipAddresses",
                                                                  "onboardingStatus",
                                                                  "version",
                                                                  "riskScore",
                                                                  "exposureLevel",
                                                                  "rbacGroupName",
                                                                  "deviceValue",
                                                                  "machineTags",
                                                                  "isExcluded",
                                                                  "mergedIntoMachineId"};
inline constexpr std::array<int, 2> kMachineLists = {8, 15};  // ipAddresses, machineTags
inline constexpr std::array<std::string_view, 3> kUserKeys = {"accountName", "accountDomain",
                                                              "accountSid"};

inline constexpr std::array<std::string_view, 6> kNetworkColumns = {
    "DeviceId",  "NetworkAdapterName", "MacAddress",
    "Timestamp", "IPAddresses",        "NetworkAdapterStatus"};
inline constexpr std::size_t kNetworkOptional = 1;  // how many of the last may be missing
inline constexpr std::array<int, 1> kNetworkAddresses = {4};
inline constexpr std::array<std::string_view, 3> kDeviceInfoColumns = {"DeviceId", "Timestamp",
                                                                       "LoggedOnUsers"};
inline constexpr std::array<int, 1> kLoggedOnUsers = {2};
inline constexpr std::array<std::string_view, 4> kLogonColumns = {"DeviceId", "AccountName",
                                                                  "AccountDomain", "AccountSid"};
inline constexpr std::size_t kLogonOptional = 1;
inline constexpr std::array<std::string_view, 5> kSoftwareColumns = {
    "DeviceId", "SoftwareVendor", "SoftwareName", "SoftwareVersion", "CveId"};
inline constexpr std::array<std::string_view, 6> kExportKeys = {
    "deviceId", "softwareVendor", "softwareName", "softwareVersion", "cveId", "cvssScore"};
inline constexpr std::array<std::string_view, 9> kChangeKeys = {
    "deviceId",      "softwareVendor", "softwareName",   "softwareVersion", "cveId",
    "rbacGroupName", "status",         "eventTimestamp", "cvssScore"};
inline constexpr std::array<std::string_view, 5> kCveKeys = {"id", "cvssV3", "description",
                                                             "publishedOn", "updatedOn"};
inline constexpr std::array<std::string_view, 5> kKnowledgeColumns = {
    "CveId", "CvssScore", "VulnerabilityDescription", "PublishedDate", "LastModifiedTime"};

}  // namespace defender_car
