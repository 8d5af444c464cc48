// What the outbound queue is made of: the settings' and the directory's part of it.
#pragma once

#include "common/base/clock.h"
#include "common/settings/settings.h"
#include "spoold/directory/directory.h"
#include "spoold/dkim/dkim.h"
#include "spoold/intake/intake.h"
#include "spoold/queue/outgoing.h"
#include "spoold/srs/forwarding.h"

namespace tayori::spool {

OutgoingOptions outgoing_options(const settings::Settings& settings);
OutgoingHooks outgoing_hooks(const store::Store& store, const Directory& directory, Dkim& dkim);
ForwardingOptions forwarding_options(const settings::Settings& settings);
IntakeOptions intake_options(const settings::Settings& settings);

}  // namespace tayori::spool
