// What `adminctl migrate` shows to people, English and Japanese.
#pragma once

#include <string>
#include <vector>

#include "adminctl/migrate/capture.h"
#include "adminctl/migrate/state.h"
#include "common/legacy/report.h"

namespace tayori::admin {

std::string capture_text(const CaptureOutcome& outcome, const std::string& directory, legacy::Language language);
std::string state_text(const std::vector<MigrationState>& states, legacy::Language language);
std::string state_json(const std::vector<MigrationState>& states);

}  // namespace tayori::admin
