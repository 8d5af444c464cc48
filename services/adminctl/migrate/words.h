// Words that people read, English and Japanese.
#pragma once

#include <string>
#include <string_view>

#include "common/legacy/report.h"

namespace tayori::admin {

std::string pick(legacy::Language language, std::string_view english, std::string_view japanese);

// Those of the check list.
enum class Word {
    accounts,
    accounts_needed,
    all_complete,
    answers,
    at_provider,
    certificate_for,
    complete,
    domain,
    greeting,
    here,
    imports,
    last_delta,
    no_such_name,
    none,
    not_here,
    reachable,
    somebody_reads,
    spf_allows,
    spf_by_hand,
    ttl_before,
    unfinished,
    younger_than,
};

std::string words(legacy::Language language, Word word);

}  // namespace tayori::admin
