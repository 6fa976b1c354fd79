#pragma once
// The three descriptors that every process is supposed to have.

namespace defender_car {

/// To be called before anything else opens a file: where 0, 1 or 2 is closed, the next file or
/// connection would get its number, and log lines would go there. 2 is put on /dev/null. So are 0
/// and 1, to read only: an answer that nobody gets is a failed write.
void open_standard_descriptors();

}  // namespace defender_car
