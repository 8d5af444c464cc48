// Where backups lie, as the settings say.
#pragma once

#include "common/settings/settings.h"
#include "spoold/backup/place.h"

namespace tayori::spool {

// invalid: there are no credentials for S3. Asks S3 nothing.
Result<std::shared_ptr<Place>> backup_place(const settings::Settings& settings);

}  // namespace tayori::spool
