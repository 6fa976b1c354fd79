#include "car/envelope.h"

#include <catch2/catch.hpp>

using namespace defender_car;

TEST_CASE("an envelope holds source and report and one collection of vertices", "[car]") {
  EnvelopeWriter envelope("Microsoft-Windows-Defender-ATP", "tenant \"x\"", "1700000000000",
                          1700000000000);
  envelope.begin("asset");
  envelope.add_raw_vertex(R"({"external_id":"m1","name":"one"})");
  envelope.add_raw_vertex(R"({"external_id":"m2","name":"two"})");
  CHECK(
      envelope.finish() ==
      R"({"source":{"_key":"Microsoft-Windows-Defender-ATP","name":"tenant \"x\"",)"
      R"("description":"Microsoft Defender for Endpoint: devices, users, software and alerts of one tenant",)"
      R"("product_link":"https://security.microsoft.com/"},)"
      R"("report":{"_key":"1700000000000","timestamp":1700000000000,"type":"Microsoft Defender for Endpoint",)"
      R"("description":"What Defender said at this run"},)"
      R"("asset":[{"external_id":"m1","name":"one"},{"external_id":"m2","name":"two"}]})");
}

TEST_CASE("an edge names each end by external id or by collection and key", "[car]") {
  EnvelopeWriter envelope("S", "T", "R", 5);
  envelope.begin("asset_ipaddress");
  envelope.add_edge({.from = "m1",
                     .to = "10.0.0.4",
                     .from_collection = "asset",
                     .to_collection = "ipaddress",
                     .from_is_external = true,
                     .to_is_external = false});
  envelope.begin("ipaddress_macaddress");
  envelope.add_edge({.from = "10.0.0.4",
                     .to = "AA:BB:CC:DD:EE:FF",
                     .from_collection = "ipaddress",
                     .to_collection = "macaddress",
                     .from_is_external = false,
                     .to_is_external = false});
  const std::string text = envelope.finish();
  CHECK(
      text.find(
          R"("asset_ipaddress":[{"_from_external_id":"m1","_to":"ipaddress/10.0.0.4","active":true,)"
          R"("timestamp":5,"source":"S","report":"R"}])") != std::string::npos);
  CHECK(text.find(R"({"_from":"ipaddress/10.0.0.4","_to":"macaddress/AA:BB:CC:DD:EE:FF",)") !=
        std::string::npos);
}

TEST_CASE("an envelope without a collection and with empty names is still whole", "[car]") {
  EnvelopeWriter envelope({}, {}, {}, 0);
  const std::size_t before = envelope.bytes();
  envelope.begin("asset");
  CHECK(envelope.bytes() > before);
  CHECK(envelope.finish().ends_with(R"("asset":[]})"));
}
