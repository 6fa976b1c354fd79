#pragma once
// The rule that no transaction waits for a network, kept by the program itself: a transaction holds
// one of these, and HttpClient refuses to send while there is any. Counted a thread, since tests
// run two engines side by side.

namespace defender_car {

class NoNetwork {
 public:
  NoNetwork() noexcept { ++held_; }
  ~NoNetwork() { --held_; }
  NoNetwork(const NoNetwork&) = delete;
  NoNetwork& operator=(const NoNetwork&) = delete;
  static bool holds() noexcept { return held_ > 0; }

 private:
  static inline thread_local int held_ = 0;
};

}  // namespace defender_car
