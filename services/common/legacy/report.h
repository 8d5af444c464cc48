// What a reader, an import, a conversion noticed. A line names the place, a fixed code and the values in it; the sentence is
// made from both in the reader's language, so that nothing is translated twice.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace tayori::legacy {

enum class Severity : std::uint8_t {
    note,     // for information
    changed,  // taken, but not as it was
    person,   // taken or kept, but a person has to decide
    refused,  // not taken: the exit status says so
};

enum class Language : std::uint8_t { english, japanese };

struct ReportLine {
    Severity severity = Severity::note;
    std::string account;  // address; may be empty
    std::string file;     // path in the tree; may be empty
    std::uint64_t line = 0;  // counted from 1; 0: the file as a whole
    std::string code;     // of one of the tables in messages.h: "uidl-twice"
    std::vector<std::string> values;  // for {0}, {1} … of the sentence
};

// The sentence of a code; an unknown code is a bug and shown as itself with its values.
std::string sentence(const ReportLine& line, Language language);
std::string_view severity_name(Severity severity, Language language);

// One line for people; one TSV row "severity account file line code sentence", TAB, CR, LF and % as %XX.
std::string as_text(const ReportLine& line, Language language);
std::string as_tsv(const ReportLine& line, Language language);

// Collects, or hands on at once. Not thread-safe.
class Report {
  public:
    using Sink = std::function<void(const ReportLine&)>;
    Report() = default;
    explicit Report(Sink sink) : sink_(std::move(sink)) {}

    void add(ReportLine line);
    std::uint64_t count(Severity severity) const { return counts_[static_cast<std::size_t>(severity)]; }
    const std::vector<ReportLine>& lines() const { return lines_; }  // empty where a sink takes them

  private:
    Sink sink_;
    std::vector<ReportLine> lines_;
    std::uint64_t counts_[4] = {};
};

// A report while one account is looked at.
struct AccountReport {
    Report& report;
    std::string account;

    void add(Severity severity, std::string_view file, std::uint64_t line, std::string_view code,
             std::vector<std::string> values = {}) {
        report.add({severity, account, std::string(file), line, std::string(code), std::move(values)});
    }
    void add(Severity severity, std::string_view file, std::string_view code,
             std::vector<std::string> values = {}) {
        add(severity, file, 0, code, std::move(values));
    }
};

}  // namespace tayori::legacy
