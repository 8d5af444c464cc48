// What the doctor says. A finding has a stable word as its id, for scripts and docs/doctor.md; its sentences come from the
// table in messages.h, in the reader's language.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/legacy/report.h"

namespace tayori::admin {

// unknown: could not be looked at, which is no problem of the domain.
enum class Severity { unknown, note, warning, error };
std::string_view severity_word(Severity severity);  // "error"

struct Finding {
    Severity severity = Severity::error;
    std::string id;                   // "mx.missing"
    std::string subject;              // what was looked at: "MX example.jp"
    std::vector<std::string> values;  // for {0}, {1} … of the sentences
    std::string publish;              // lines for the zone, or a command
};

// Looked at, and right.
struct Sound {
    std::string subject;
    std::string is;
};

struct Diagnosis {
    std::string domain;
    std::vector<Finding> findings;
    std::vector<Sound> sound;
};
// Errors and warnings.
std::size_t problems_of(const Diagnosis& diagnosis);

struct FindingMessage {
    std::string_view id;
    Severity severity;
    std::string_view is;
    std::string_view should;
    std::string_view is_japanese;
    std::string_view should_japanese;
};
std::span<const FindingMessage> dns_messages();
std::span<const FindingMessage> mail_messages();
std::span<const FindingMessage> server_messages();
// Every id has one; an unknown id is a bug and ends the program.
const FindingMessage& message_of(std::string_view id);

std::string finding_is(const Finding& finding, legacy::Language language);
std::string finding_should(const Finding& finding, legacy::Language language);
std::string diagnosis_text(const Diagnosis& diagnosis, legacy::Language language);
std::string diagnosis_json(const Diagnosis& diagnosis, legacy::Language language);

}  // namespace tayori::admin
