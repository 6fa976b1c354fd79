// What Defender knows of a device beside its network: risk, value, tags, device group, states.
// Values come, change and go; a stream of draws of its own, so that lives without them stay what
// they were.
#include <utility>

#include "tenant.h"

namespace simulator {
namespace {

using Texts = std::vector<std::string>;
using Maybe = std::optional<std::string>;

Maybe one_of(Random& random, const std::vector<Maybe>& values) { return random.pick(values); }

const std::string& any_device(Tenant& tenant) {
  auto at = tenant.devices.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(tenant.trait.below(tenant.devices.size())));
  return at->first;
}

void draw_tags(Random& random, std::vector<std::string>& tags) {
  static const Texts names{"tier-0",     "Kiosk",      "käse", "a,b c",
                           "\"quoted\"", "group:fake", "-",    " "};
  if (!tags.empty() && random.chance(50000)) {
    tags.erase(tags.begin() + static_cast<std::ptrdiff_t>(random.below(tags.size())));
    return;
  }
  tags.push_back(random.pick(names));
}

}  // namespace

void change_traits(Tenant& tenant, Device& device) {
  if (!tenant.options.traits) return;
  Random& random = tenant.trait;
  Traits& traits = device.traits;
  if (random.chance(30000))
    traits.risk = one_of(random, {"None", "Informational", "Low", "Medium", "High", "Strange", {}});
  if (random.chance(20000)) traits.value = one_of(random, {"Low", "Normal", "High", "None", {}});
  if (random.chance(20000)) traits.exposure = one_of(random, {"Low", "Medium", "High", "None", {}});
  if (random.chance(15000)) traits.group = one_of(random, {"Servers", "Clients Oslo", "-", {}});
  if (random.chance(30000)) draw_tags(random, traits.tags);
  if (random.chance(8000)) traits.excluded = !traits.excluded;
  if (random.chance(8000)) {
    traits.merged_into.reset();
    if (random.chance(60000) && !tenant.devices.empty()) traits.merged_into = any_device(tenant);
  }
  if (random.chance(5000))
    device.onboarding_status =
        device.onboarding_status == "Onboarded" ? "CanBeOnboarded" : "Onboarded";
}

void draw_traits(Tenant& tenant, Device& device) {
  if (!tenant.options.traits) return;
  for (int times = 0; times < 4; ++times) change_traits(tenant, device);
  for (User& user : device.users)
    if (tenant.trait.chance(30000)) user.domain = tenant.trait.pick(Texts{"CORP", "", "ÜBER"});
}

}  // namespace simulator
