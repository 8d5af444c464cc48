// What the outbound queue is made of: the settings' and the directory's part of it.
#pragma once

#include "common/base/clock.h"
#include "common/settings/settings.h"
#include "spoold/directory/directory.h"
#include "spoold/intake/intake.h"
#include "spoold/queue/outgoing.h"

namespace tayori::spool {

OutgoingOptions outgoing_options(const settings::Settings& settings);
OutgoingHooks outgoing_hooks(const store::Store& store, const Directory& directory);
IntakeOptions intake_options(const settings::Settings& settings);

}  // namespace tayori::spool
