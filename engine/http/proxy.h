#pragma once
// The proxy that the environment names. curl reads it there by itself, and repeats the whole of a
// value that it cannot use in its error, with user name and password.

#include <string_view>

namespace defender_car {

/// Keeps as secrets what stands in the proxy variables beside scheme, host and port: to be called
/// before anything is written anywhere.
void keep_proxy_secrets();

/// The same for one value of such a variable.
void keep_proxy_secrets(std::string_view value);

}  // namespace defender_car
