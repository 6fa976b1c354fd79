#include "base/secrets.h"

#include <catch2/catch.hpp>

#include "base/printable.h"

using namespace defender_car;

TEST_CASE("kept secrets and tokens are left out of foreign text in each form", "[base]") {
  keep_secret("hush/100%-of-it");
  const std::string basic = base64("hush/100%-of-it");
  CHECK(printable("a hush/100%-of-it b", 100) == "a *** b");
  CHECK(printable("Basic " + basic, 100).find(basic.substr(0, 12)) == std::string::npos);
  CHECK(printable("cut: hush/100%-of-it", 12) == "cut: ***");
  CHECK(printable("x eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJo.c2ln y", 100) == "x *** y");
  CHECK(printable("eyJ is no token", 100) == "eyJ is no token");
}

TEST_CASE("a secret of three letters hides nothing", "[base]") {
  keep_secret("car");
  CHECK(printable("the car", 100) == "the car");
}
