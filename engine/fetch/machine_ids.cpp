#include "fetch/machine_ids.h"

#include <algorithm>
#include <cctype>

namespace defender_car {
namespace {

constexpr std::size_t kDigits = 40;

bool is_upper_case(unsigned char c) { return c >= 'A' && c <= 'F'; }

/// Whether it is an id of 40 hex digits that is not in lower case.
bool is_in_another_case(std::string_view text) {
  return text.size() == kDigits && std::any_of(text.begin(), text.end(), is_upper_case) &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c); });
}

}  // namespace

MachineIds::MachineIds(Database& database) {
  Statement& forms = database.statement("fetch/machine_id_forms");
  while (forms.step()) known_.emplace(forms.text(0), forms.text(1));
}

const std::string& MachineIds::canonical(const std::string& text) {
  const bool in_another_case = is_in_another_case(text);
  if (known_.empty() && !in_another_case) return text;
  lower_ = text;
  if (in_another_case)
    std::transform(lower_.begin(), lower_.end(), lower_.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto known = known_.find(lower_);
  return known == known_.end() ? lower_ : known->second;
}

}  // namespace defender_car
