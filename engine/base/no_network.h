#pragma once
// The rule that no transaction waits for a network, checked by the program itself: a transaction
// owns one of these, and HttpClient refuses to send while there is any. Counted a thread, since
// tests run two engines side by side.

namespace defender_car {

class NoNetwork {
 public:
  NoNetwork() noexcept { ++count_; }
  ~NoNetwork() { --count_; }
  NoNetwork(const NoNetwork&) = delete;
  NoNetwork& operator=(const NoNetwork&) = delete;
  static bool in_force() noexcept { return count_ > 0; }

 private:
  static inline thread_local int count_ = 0;
};

}  // namespace defender_car
