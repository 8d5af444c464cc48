#include <algorithm>
#include <cstdlib>
#include <map>

#include "adminctl/doctor/finding.h"
#include "adminctl/json.h"
#include "adminctl/migrate/words.h"
#include "adminctl/verdicts.h"
#include "common/base/text.h"

namespace tayori::admin {
namespace {

using legacy::Language;

std::string shown_severity(Severity severity, Language language) {
    switch (severity) {
        case Severity::unknown:
            return pick(language, "unknown", "不明");
        case Severity::note:
            return pick(language, "note", "参考");
        case Severity::warning:
            return pick(language, "WARNING", "警告");
        case Severity::error:
            return pick(language, "ERROR", "異常");
    }
    return {};
}

std::string filled(std::string_view pattern, const std::vector<std::string>& values) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool place = i + 2 < pattern.size() && pattern[i] == '{' && pattern[i + 2] == '}';
        const auto n = place ? static_cast<std::size_t>(pattern[i + 1] - '0') : values.size();
        if (place) i += 2;
        else out += pattern[i];
        if (n < values.size()) out += values[n];
    }
    return out;
}

std::vector<const Finding*> worst_first(const Diagnosis& diagnosis) {
    std::vector<const Finding*> out;
    for (const auto& finding : diagnosis.findings) out.push_back(&finding);
    std::stable_sort(out.begin(), out.end(), [](const Finding* a, const Finding* b) { return a->severity > b->severity; });
    return out;
}

}  // namespace

std::string_view severity_word(Severity severity) {
    switch (severity) {
        case Severity::unknown:
            return "unknown";
        case Severity::note:
            return "note";
        case Severity::warning:
            return "warning";
        case Severity::error:
            return "error";
    }
    return {};
}

std::size_t problems_of(const Diagnosis& diagnosis) {
    return static_cast<std::size_t>(
        std::count_if(diagnosis.findings.begin(), diagnosis.findings.end(),
                      [](const Finding& finding) { return finding.severity >= Severity::warning; }));
}

const FindingMessage& message_of(std::string_view id) {
    static const auto kIndex = [] {
        std::map<std::string_view, const FindingMessage*> made;
        for (const auto table : {dns_messages(), mail_messages(), server_messages()})
            for (const auto& message : table) made.emplace(message.id, &message);
        return made;
    }();
    const auto at = kIndex.find(id);
    if (at == kIndex.end()) std::abort();
    return *at->second;
}

std::string finding_is(const Finding& finding, Language language) {
    const auto& message = message_of(finding.id);
    return filled(language == Language::japanese ? message.is_japanese : message.is, finding.values);
}

std::string finding_should(const Finding& finding, Language language) {
    const auto& message = message_of(finding.id);
    return filled(language == Language::japanese ? message.should_japanese : message.should, finding.values);
}

std::string diagnosis_text(const Diagnosis& diagnosis, Language language) {
    std::string out;
    for (const auto& sound : diagnosis.sound)
        verdict_line(out, "ok", cat(sound.subject, sound.is.empty() ? "" : ": ", sound.is));
    for (const auto* finding : worst_first(diagnosis)) {
        verdict_line(out, shown_severity(finding->severity, language), cat(finding->id, "  ", finding->subject));
        verdict_detail(out, pick(language, "is:        ", "現状:   "), finding_is(*finding, language));
        verdict_detail(out, pick(language, "should be: ", "正しくは: "), finding_should(*finding, language));
        verdict_detail(out, "-> ", finding->publish);
    }
    const auto problems = problems_of(diagnosis);
    if (problems == 0) return out + pick(language, "No problem found.\n", "問題は見つかりませんでした。\n");
    append(out, problems, pick(language, problems == 1 ? " problem found.\n" : " problems found.\n", " 件の問題が見つかりました。\n"));
    return out;
}

std::string diagnosis_json(const Diagnosis& diagnosis, Language language) {
    auto out = cat("{\"domain\":", json_string(diagnosis.domain), ",\"problems\":", problems_of(diagnosis), ",\n \"findings\":[");
    const auto worst = worst_first(diagnosis);
    for (const auto* finding : worst)
        append(out, finding == worst.front() ? "" : ",\n  ", "{\"severity\":\"", severity_word(finding->severity), "\",\"id\":",
               json_string(finding->id), ",\"subject\":", json_string(finding->subject), ",\"is\":",
               json_string(finding_is(*finding, language)), ",\"should\":", json_string(finding_should(*finding, language)),
               ",\"publish\":", json_string(finding->publish), "}");
    out += "],\n \"sound\":[";
    for (const auto& sound : diagnosis.sound)
        append(out, &sound == &diagnosis.sound.front() ? "" : ",\n  ", "{\"subject\":", json_string(sound.subject), ",\"is\":",
               json_string(sound.is), "}");
    return out + "]}\n";
}

}  // namespace tayori::admin
