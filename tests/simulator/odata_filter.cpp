#include "odata_filter.h"

#include <vector>

#include "text.h"

namespace simulator {
namespace {

template <typename Value>
bool compare(const Value& left, std::string_view op, const Value& right) {
  if (op == "eq") return left == right;
  if (op == "ne") return left != right;
  if (op == "ge") return left >= right;
  if (op == "gt") return left > right;
  if (op == "le") return left <= right;
  return left < right;
}

class FilterParser {
 public:
  FilterParser(std::string_view text, const FilterProperty& probe) : text_(text), probe_(probe) {}

  std::optional<FilterTest> parse() {
    FilterTest test = any();
    skip();
    if (failed_ || at_ != text_.size()) return std::nullopt;
    return test;
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  std::string_view word() {
    skip();
    const size_t from = at_;
    while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != ')' && text_[at_] != '(') ++at_;
    return text_.substr(from, at_ - from);
  }
  bool accept(std::string_view wanted) {
    const size_t before = at_;
    if (word() == wanted) return true;
    at_ = before;
    return false;
  }

  FilterTest any() {
    std::vector<FilterTest> parts{all()};
    while (!failed_ && accept("or")) parts.push_back(all());
    return [parts](const FilterProperty& property) {
      for (const FilterTest& part : parts)
        if (part(property)) return true;
      return false;
    };
  }

  FilterTest all() {
    std::vector<FilterTest> parts{term()};
    while (!failed_ && accept("and")) parts.push_back(term());
    return [parts](const FilterProperty& property) {
      for (const FilterTest& part : parts)
        if (!part(property)) return false;
      return true;
    };
  }

  FilterTest fail() {
    failed_ = true;
    return [](const FilterProperty&) { return false; };
  }

  FilterTest term() {
    skip();
    if (at_ < text_.size() && text_[at_] == '(') {
      ++at_;
      FilterTest inner = any();
      skip();
      if (at_ >= text_.size() || text_[at_] != ')') return fail();
      ++at_;
      return inner;
    }
    const std::string name(word());
    const std::string op(word());
    const FilterValue sample = probe_(name);
    const bool order = op == "ge" || op == "gt" || op == "le" || op == "lt";
    if (op != "eq" && op != "ne" && !order) return fail();
    if (std::holds_alternative<int64_t>(sample)) {
      const std::optional<int64_t> time = parse_iso(word());
      if (!time) return fail();
      return [name, op, time = *time](const FilterProperty& property) {
        return compare(std::get<int64_t>(property(name)), op, time);
      };
    }
    if (!std::holds_alternative<std::string>(sample) || order) return fail();
    const std::optional<std::string> text = quoted();
    if (!text) return fail();
    return [name, op, text = *text](const FilterProperty& property) {
      return compare(std::get<std::string>(property(name)), op, text);
    };
  }

  std::optional<std::string> quoted() {
    skip();
    if (at_ >= text_.size() || text_[at_] != '\'') return std::nullopt;
    std::string out;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\'') {
        ++at_;
        if (at_ >= text_.size() || text_[at_] != '\'') return out;
      }
      out += text_[at_];
    }
    return std::nullopt;
  }

  std::string_view text_;
  const FilterProperty& probe_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace

std::optional<FilterTest> parse_filter(std::string_view text, const FilterProperty& probe) {
  return FilterParser(text, probe).parse();
}

}  // namespace simulator
