#pragma once
// CAR's number of assets of our source against our own, by CAR's GraphQL: a CAR that lost its data
// and kept the save point would else be believed for ever.
//
// A comparison costs one small request, whatever the fleet's size, and none where CAR has no way to
// tell (setting asset_count_form: which way it has). Its failure is no failure of the run.

#include <string>

#include "run/run.h"

namespace defender_car {

/// Why a full import is due: CAR holds far fewer assets than it acknowledged, more than 1 % and
/// more than 10 fewer, or none at all. "" where it holds them or does not tell.
std::string assets_missing(Run& run);

/// After a full import: which way to ask there is, and whether its answer is to be believed, since
/// CAR must hold all now. One that is not makes a day's runs go without.
void learn_asset_count(Run& run);

}  // namespace defender_car
