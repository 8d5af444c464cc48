// Sentences for codes that spoold sends, in the administrator's language.
#pragma once

#include <string>

#include "adminctl/values.h"
#include "common/legacy/report.h"
#include "tayori/spool/v1/jobs.pb.h"

namespace tayori::admin {

using legacy::Language;

// By LC_ALL, LC_MESSAGES, LANG, in this order.
Language language_of_environment();

// The sentence with its values; an unknown code (of a newer spoold) as itself.
std::string sentence(const v1::Notice& notice, Language language);

}  // namespace tayori::admin
