// What `adminctl import` shows to people, English and Japanese.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "adminctl/import/plan_file.h"
#include "adminctl/import/run.h"
#include "adminctl/import/verify.h"
#include "adminctl/values.h"
#include "common/legacy/report.h"

namespace tayori::admin {

// "ja", "en"; empty: by LC_ALL, LC_MESSAGES, LANG. invalid: another one.
Result<legacy::Language> parse_language(std::string_view text);

// What the site has to say about a plan before it is run.
struct SiteView {
    bool reached = false;
    std::vector<std::string> domains_missing;
    std::vector<std::string> accounts_there;
};

std::string plan_text(const ImportPlan& plan, const legacy::Plan& found, const legacy::Report& report,
                      const SiteView& site, legacy::Language language);
std::string run_text(const RunOutcome& outcome, legacy::Language language);
std::string run_json(const RunOutcome& outcome);
std::string verify_text(const VerifyOutcome& outcome, legacy::Language language);
std::string undo_text(const v1::UndoImportReply& reply, legacy::Language language);
std::string import_state(v1::ImportState state);

}  // namespace tayori::admin
