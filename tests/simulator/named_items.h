// Items by name: found by hash, walked in the order of their names.
//
// CAR's graph has millions of edges. A tree of them costs more to fill than all the rest of an
// import; and the order is wanted only where somebody reads the graph. So it is made then, and
// holds until an item is added.
#pragma once

#include <algorithm>
#include <boost/iterator/indirect_iterator.hpp>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace simulator {

template <typename Item>
class NamedItems {
 public:
  using Pair = std::pair<const std::string, Item>;

  NamedItems() = default;
  NamedItems(const NamedItems& other) : items_(other.items_) {}  // the order is that of its items
  NamedItems(NamedItems&&) = default;
  NamedItems& operator=(NamedItems other) {
    items_.swap(other.items_);
    order_.swap(other.order_);
    return *this;
  }

  Item& operator[](const std::string& name) { return items_.try_emplace(name).first->second; }
  Item& operator[](std::string&& name) { return items_.try_emplace(std::move(name)).first->second; }
  /// nullptr where there is none.
  Item* find(std::string_view name) {
    const auto at = items_.find(name);
    return at == items_.end() ? nullptr : &at->second;
  }
  const Item* find(std::string_view name) const {
    const auto at = items_.find(name);
    return at == items_.end() ? nullptr : &at->second;
  }
  void clear() {
    items_.clear();
    order_.clear();
  }

  auto begin() { return boost::make_indirect_iterator(ordered().begin()); }
  auto end() { return boost::make_indirect_iterator(ordered().end()); }
  auto begin() const { return Reader(ordered().begin()); }
  auto end() const { return Reader(ordered().end()); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  using Reader = boost::indirect_iterator<typename std::vector<Pair*>::const_iterator, const Pair>;

  /// Nothing is ever taken out but by clear(), so the size tells whether the order is complete.
  const std::vector<Pair*>& ordered() const {
    if (order_.size() == items_.size()) return order_;
    order_.clear();
    for (Pair& item : items_) order_.push_back(&item);
    std::sort(order_.begin(), order_.end(),
              [](const Pair* a, const Pair* b) { return a->first < b->first; });
    return order_;
  }

  mutable std::unordered_map<std::string, Item, Hash, std::equal_to<>> items_;
  mutable std::vector<Pair*> order_;
};

}  // namespace simulator
