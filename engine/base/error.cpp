#include "base/error.h"

#include "base/printable.h"

namespace defender_car {

Error::Error(ErrorKind kind, const std::string& what)
    : std::runtime_error(printable_lines(what)), kind_(kind) {}

}  // namespace defender_car
