#include "common/legacy/report.h"

#include <array>
#include <unordered_map>

#include "common/base/text.h"
#include "common/legacy/messages.h"
#include "common/legacy/tab_fields.h"
#include "common/mail/charset.h"
#include "common/mail/utf8.h"

namespace tayori::legacy {
namespace {

using Index = std::unordered_map<std::string_view, const Message*>;

const Index& message_index() {
    static const Index index = [] {
        Index made;
        for (const auto table : all_messages())
            for (const auto& message : table) made.emplace(message.code, &message);
        return made;
    }();
    return index;
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

// For people: names in old charsets are read, and nothing can command a terminal.
std::string shown(std::string_view text) {
    std::string out = mail::is_valid_utf8(text) ? std::string(text) : mail::guess_to_utf8(text);
    for (auto& c : out)
        if (is_control(c)) c = ' ';
    return out;
}

std::string fill(std::string_view pattern, const std::vector<std::string>& values,
                 Language language) {
    std::string out;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const bool place = i + 2 < pattern.size() && pattern[i] == '{' && pattern[i + 2] == '}' &&
                           pattern[i + 1] >= '0' && pattern[i + 1] <= '9';
        if (!place) {
            out += pattern[i];
            continue;
        }
        const auto n = static_cast<std::size_t>(pattern[i + 1] - '0');
        if (n < values.size())
            out += language == Language::japanese ? shown(japanese_reason(values[n]))
                                                  : shown(values[n]);
        i += 2;
    }
    return out;
}

}  // namespace

std::span<const std::span<const Message>> all_messages() {
    // A new family's table is one line here.
    static const std::array kTables = {
        common_messages(), accounts_messages(), capture_messages(), epost_messages(), pmail_messages(),
        spool_messages(),  import_messages(),   job_messages(),     live_messages(),
    };
    return kTables;
}

const Message* find_message(std::string_view code) {
    const auto it = message_index().find(code);
    return it == message_index().end() ? nullptr : it->second;
}

std::string sentence(const ReportLine& line, Language language) {
    if (const auto* message = find_message(line.code))
        return fill(language == Language::japanese ? message->japanese : message->english,
                    line.values, language);
    std::string out = line.code;
    for (const auto& value : line.values) append(out, ' ', shown(value));
    return out;
}

std::string_view severity_name(Severity severity, Language language) {
    const bool japanese = language == Language::japanese;
    switch (severity) {
        case Severity::note:
            return japanese ? "情報" : "note";
        case Severity::changed:
            return japanese ? "変更" : "changed";
        case Severity::person:
            return japanese ? "要確認" : "decide";
        case Severity::refused:
            return japanese ? "取込不可" : "refused";
    }
    return {};
}

std::string as_text(const ReportLine& line, Language language) {
    auto out = cat('[', severity_name(line.severity, language), ']');
    if (!line.account.empty()) append(out, ' ', shown(line.account));
    if (!line.file.empty()) append(out, ' ', shown(line.file));
    if (line.line != 0) append(out, ':', line.line);
    append(out, line.account.empty() && line.file.empty() ? " " : ": ", sentence(line, language));
    return out;
}

std::string as_tsv(const ReportLine& line, Language language) {
    return cat(severity_name(line.severity, Language::english), '\t', escape_field(line.account), '\t',
               escape_field(line.file), '\t', line.line, '\t', escape_field(line.code), '\t',
               escape_field(sentence(line, language)));
}

void Report::add(ReportLine line) {
    ++counts_[static_cast<std::size_t>(line.severity)];
    if (sink_)
        sink_(line);
    else
        lines_.push_back(std::move(line));
}

}  // namespace tayori::legacy
