#include "common/legacy/pmail/forms.h"

#include <algorithm>
#include <unordered_set>

#include "common/base/text.h"
#include "common/legacy/accounts/csv.h"
#include "common/legacy/lines.h"
#include "common/legacy/mail_head.h"
#include "common/legacy/model.h"
#include "common/legacy/settle.h"

namespace tayori::legacy::pmail {
namespace {

constexpr std::string_view kUidl1 = ";pmail-uidl 1 pop3";
constexpr std::string_view kUidl2 = ";pmail-uidl 2 imap4";
constexpr std::string_view kFolder1 = ";pmail-folder 1";
constexpr std::string_view kFolder2 = ";pmail-folder 2 imap4";
constexpr std::string_view kCounter1 = ";pmail-cnt 1";
constexpr std::size_t kUidDigitsMax = 10;
constexpr std::uint64_t kCounterMax = 4'294'967'294;

std::string_view first_line(std::string_view bytes) {
    if (bytes.starts_with("\xef\xbb\xbf")) bytes.remove_prefix(3);
    return trim_white(bytes.substr(0, bytes.find('\n')));
}

// An empty field is 0; nothing for what is no number of 32 bits.
std::optional<std::uint32_t> number32(std::string_view text) {
    if (text.empty()) return 0;
    const auto n = parse_number(text, kUidDigitsMax);
    if (!n || *n > UINT32_MAX) return std::nullopt;
    return static_cast<std::uint32_t>(*n);
}

bool take_flags(std::string_view letters, UidlLine& out) {
    for (const char letter : letters) {
        switch (letter) {
            case 'R':  // \Recent is the server's to say
                break;
            case 'A':
                out.flags |= kAnswered;
                break;
            case 'S':
                out.flags |= kSeen;
                break;
            case 'F':
                out.flags |= kFlagged;
                break;
            case 'D':
                out.flags |= kDeleted;
                break;
            case 'X':
                out.flags |= kDraft;
                break;
            case 'M':
                out.mdn_sent = true;
                break;
            default:
                return false;
        }
    }
    return true;
}

bool take_imap4(const std::vector<std::string>& fields, UidlLine& out) {
    const auto uid = number32(fields[2]);
    const auto order = number32(fields[5]);
    if (!fields[4].empty()) out.internal_date = parse_rfc3339(fields[4]);
    if (!uid || !order || (!fields[4].empty() && !out.internal_date)) return false;
    out.uid = *uid;
    out.pop3_order = *order;
    return take_flags(fields[3], out);
}

bool is_uidl(std::string_view text) {
    return !text.empty() && text.size() <= kUidlBytesMax &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x21 && c <= 0x7e; });
}

// The one column of which `fits` is true in every record; nothing where there is none or more.
std::optional<std::size_t> only_column(std::size_t columns,
                                       const std::function<bool(std::size_t)>& fits) {
    std::optional<std::size_t> found;
    for (std::size_t i = 0; i < columns; ++i) {
        if (!fits(i)) continue;
        if (found) return std::nullopt;
        found = i;
    }
    return found;
}

}  // namespace

Result<UidlFile> parse_uidl_file(std::string_view bytes, std::string_view file,
                                 AccountReport& report) {
    const auto marker = first_line(bytes);
    UidlFile out;
    out.imap4 = marker == kUidl2;
    if (marker != kUidl1 && marker != kUidl2)
        return fail(Kind::unsupported, marker.starts_with(";pmail-uidl")
                                           ? "uidl.txt is of an unknown version."
                                           : "uidl.txt has no version marker.");
    const auto records = parse_csv(bytes);
    if (!records) return fail(Kind::unsupported, "uidl.txt is damaged.", records.error().detail);
    std::uint64_t order = 0;
    for (std::size_t i = 1; i < records->size(); ++i) {
        const auto& [number, fields] = (*records)[i];
        UidlLine line;
        line.line = number;
        line.file = fields[0];
        bool good = fields.size() == (out.imap4 ? 6U : 2U) && !line.file.empty();
        if (good) line.uidl = fields[1];
        if (good && out.imap4) good = take_imap4(fields, line);
        if (!good) {
            report.add(Severity::refused, file, number, "uidl-line");
            continue;
        }
        if (!out.imap4) line.pop3_order = ++order;
        out.lines.push_back(std::move(line));
    }
    return out;
}

std::optional<UidlFile> guess_uidl_file(std::string_view bytes,
                                        const std::function<bool(std::string_view)>& is_mail) {
    for (const char separator : {',', '\t'}) {
        std::vector<std::vector<std::string>> rows;
        bool even = true;
        for (const auto line : split_lines(bytes)) {
            if (trim_white(line).empty()) continue;
            rows.push_back(split_fields(line, separator));
            even &= rows.back().size() == rows.front().size();
        }
        if (rows.empty() || !even) continue;
        const auto columns = rows.front().size();
        const auto file = only_column(columns, [&](std::size_t i) {
            return std::all_of(rows.begin(), rows.end(),
                               [&](const auto& row) { return is_mail(row[i]); });
        });
        if (!file) continue;
        const auto uidl = only_column(columns, [&](std::size_t i) {
            std::unordered_set<std::string_view> seen;
            return i != *file && std::all_of(rows.begin(), rows.end(), [&](const auto& row) {
                       return is_uidl(row[i]) && seen.insert(row[i]).second;
                   });
        });
        if (!uidl) continue;
        UidlFile out;
        for (auto& row : rows) {
            UidlLine line;
            line.line = out.lines.size() + 1;
            line.pop3_order = line.line;
            line.file = std::move(row[*file]);
            line.uidl = std::move(row[*uidl]);
            out.lines.push_back(std::move(line));
        }
        return out;
    }
    return std::nullopt;
}

Result<std::vector<FolderLine>> parse_folder_file(std::string_view bytes, std::string_view file,
                                                  AccountReport& report) {
    const auto marker = first_line(bytes);
    const bool imap4 = marker == kFolder2;
    if (marker != kFolder1 && !imap4)
        return fail(Kind::unsupported, marker.starts_with(";pmail-folder")
                                           ? "folder.txt is of an unknown version."
                                           : "folder.txt has no version marker.");
    const auto records = parse_csv(bytes);
    if (!records) return fail(Kind::unsupported, "folder.txt is damaged.", records.error().detail);
    std::vector<FolderLine> out;
    for (std::size_t i = 1; i < records->size(); ++i) {
        const auto& [number, fields] = (*records)[i];
        FolderLine line;
        line.line = number;
        bool good = fields.size() == (imap4 ? 7U : 3U);
        if (good) {
            line.directory = fields[0] == "." ? "" : fields[0];
            line.name = fields[1];
            line.parent = fields[2] == "." ? "" : fields[2];
            // U+FFFD: whoever wrote it had lost the name already.
            good = line.name.find("\xef\xbf\xbd") == std::string::npos &&
                   (!line.name.empty() || line.directory.empty());
        }
        if (good && imap4) {
            const auto validity = number32(fields[3]);
            const auto next = number32(fields[4]);
            good = validity && next && (fields[5] == "0" || fields[5] == "1");
            line.uid_validity = validity.value_or(0);
            line.uid_next = next.value_or(0);
            line.subscribed = fields[5] == "1";
            line.special_use = fields[6];
        }
        if (good)
            out.push_back(std::move(line));
        else
            report.add(Severity::refused, file, number, "folder-line");
    }
    return out;
}

Result<std::uint64_t> parse_counter_file(std::string_view bytes) {
    const auto marker = first_line(bytes);
    if (marker.starts_with(';')) {
        if (marker != kCounter1)
            return fail(Kind::unsupported, "The counter is of an unknown version.");
        const auto end = bytes.find('\n');
        bytes = end == std::string_view::npos ? std::string_view() : bytes.substr(end + 1);
    }
    const auto value = parse_number(bytes, kUidDigitsMax);
    if (!value || *value == 0 || *value > kCounterMax)
        return fail(Kind::invalid, "The counter is no number between 1 and 4294967294.");
    return *value;
}

Result<std::string> format_counter_file(std::uint64_t next) {
    if (next == 0 || next > kCounterMax)
        return fail(Kind::invalid, cat("The counter is at ", next, ": such a file holds 1 to ", kCounterMax, "."));
    return cat(kCounter1, '\n', next, '\n');
}

}  // namespace tayori::legacy::pmail
