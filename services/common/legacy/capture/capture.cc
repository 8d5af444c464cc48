#include "common/legacy/capture/capture.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/legacy/lines.h"
#include "common/legacy/mail_head.h"
#include "common/legacy/tab_fields.h"
#include "common/mail/charset.h"

namespace tayori::legacy {
namespace {

constexpr std::string_view kName = "#legacy-capture";
constexpr std::string_view kVersion = "1";
constexpr std::string_view kEnd = "#end\t";

void append_text(std::string& out, const CapturedText& text) {
    append(out, '\t', text.octets, '\t', text.sha256);
    if (!text.message_id.empty() || text.date)
        append(out, '\t', escape_field(text.message_id), '\t',
               text.date ? format_rfc3339(*text.date) : std::string());
    out += '\n';
}

class Parser {
  public:
    // False where the line makes no sense.
    bool line(std::string_view text) {
        fields_.clear();
        for (const auto& raw : split_fields(text, '\t')) {
            auto field = unescape_field(raw);
            if (!field || !mail::is_valid_utf8(*field)) return false;
            fields_.push_back(std::move(*field));
        }
        if (fields_[0] == "P") return take_drop();
        if (fields_[0] == "F") return take_folder();
        return fields_[0] == "M" && take_mail();
    }
    Capture capture;

  private:
    bool has(std::size_t fields) const {
        return fields_.size() == fields || fields_.size() == fields + 2;
    }

    bool take_text(std::size_t at, CapturedText& text) {
        const auto octets = parse_number(fields_[at]);
        if (!octets) return false;
        text.octets = *octets;
        text.sha256 = to_lower(fields_[at + 1]);
        const bool is_hash =
            text.sha256.size() == 64 && std::all_of(text.sha256.begin(), text.sha256.end(),
                                                    [](char c) { return hex_digit(c) >= 0; });
        if (!text.sha256.empty() && !is_hash) return false;
        if (fields_.size() <= at + 2) return true;
        text.message_id = fields_[at + 2];
        if (fields_[at + 3].empty()) return true;
        text.date = parse_rfc3339(fields_[at + 3]);
        return text.date.has_value();
    }

    static bool number32(std::string_view text, std::uint32_t& to) {
        const auto n = parse_number(text, 10);
        if (!n || *n > UINT32_MAX) return false;
        to = static_cast<std::uint32_t>(*n);
        return true;
    }

    bool take_drop() {
        CapturedDrop drop;
        if (!has(5)) return false;
        const auto order = parse_number(fields_[1]);
        if (!order || *order == 0 || fields_[2].empty() || !take_text(3, drop.text)) return false;
        drop.order = *order;
        drop.uidl = fields_[2];
        capture.drop.push_back(std::move(drop));
        return true;
    }

    bool take_folder() {
        CapturedFolder folder;
        if (fields_.size() != 6 || fields_[1].empty() || (fields_[5] != "0" && fields_[5] != "1"))
            return false;
        if (!number32(fields_[3], folder.uid_validity) || !number32(fields_[4], folder.uid_next))
            return false;
        folder.name = fields_[1];
        folder.raw_name = fields_[2];
        folder.subscribed = fields_[5] == "1";
        if (!folders_.insert(folder.name).second) return false;
        capture.folders.push_back(std::move(folder));
        return true;
    }

    bool take_mail() {
        CapturedMail mail;
        if (!has(7) || !folders_.contains(fields_[1]) || !number32(fields_[2], mail.uid) ||
            mail.uid == 0)
            return false;
        mail.folder = fields_[1];
        for (auto& flag : split_fields(fields_[3], ','))
            if (!flag.empty()) mail.flags.push_back(std::move(flag));
        if (!fields_[4].empty()) {
            mail.internal_date = parse_rfc3339(fields_[4]);
            if (!mail.internal_date) return false;
        }
        if (!take_text(5, mail.text)) return false;
        capture.mails.push_back(std::move(mail));
        return true;
    }

    std::vector<std::string> fields_;
    std::set<std::string> folders_;
};

tl::unexpected<Error> cut_off() {
    return fail(Kind::corrupt,
                "The capture is cut off or was changed: its last line does not fit.");
}

}  // namespace

std::string write_capture(const Capture& capture) {
    auto out = cat(kName, '\t', kVersion, "\tproduct=", escape_field(capture.product),
                   "\tuser=", escape_field(capture.user), "\ttaken=", escape_field(capture.taken), '\n');
    for (const auto& drop : capture.drop) {
        append(out, "P\t", drop.order, '\t', escape_field(drop.uidl));
        append_text(out, drop.text);
    }
    for (const auto& folder : capture.folders)
        append(out, "F\t", escape_field(folder.name), '\t', escape_field(folder.raw_name), '\t',
               folder.uid_validity, '\t', folder.uid_next, '\t', folder.subscribed ? '1' : '0',
               '\n');
    for (const auto& mail : capture.mails) {
        std::string flags;
        for (const auto& flag : mail.flags) append(flags, flags.empty() ? "" : ",", flag);
        append(out, "M\t", escape_field(mail.folder), '\t', mail.uid, '\t', escape_field(flags), '\t',
               mail.internal_date ? format_rfc3339(*mail.internal_date) : std::string());
        append_text(out, mail.text);
    }
    const auto lines = std::count(out.begin(), out.end(), '\n');
    const auto hash = hex_encode(crypto::sha256(out));
    append(out, kEnd, lines, '\t', hash, '\n');
    return out;
}

Result<Capture> parse_capture(std::string_view bytes) {
    const auto head = split_fields(bytes.substr(0, bytes.find('\n')), '\t');
    if (head[0] != kName) return fail(Kind::invalid, "This is no capture.");
    if (head.size() < 2 || head[1] != kVersion)
        return fail(Kind::unsupported, "The capture is of an unknown version.");
    const auto at = bytes.rfind("\n#end\t");
    if (at == std::string_view::npos || !bytes.ends_with('\n')) return cut_off();
    const auto body = bytes.substr(0, at + 1);
    const auto end = split_fields(bytes.substr(at + 1, bytes.size() - at - 2), '\t');
    const auto lines = split_lines(body);
    if (end.size() != 3 || parse_number(end[1]) != lines.size() ||
        to_lower(end[2]) != hex_encode(crypto::sha256(body)))
        return cut_off();
    Parser parser;
    for (std::size_t i = 2; i < head.size(); ++i) {
        const auto equals = head[i].find('=');
        const auto value =
            unescape_field(equals == std::string::npos ? std::string_view()
                                                 : std::string_view(head[i]).substr(equals + 1));
        if (!value) return fail(Kind::corrupt, "A line of the capture can't be read.", "line 1");
        const auto key = std::string_view(head[i]).substr(0, equals);
        if (key == "product") parser.capture.product = *value;
        if (key == "user") parser.capture.user = *value;
        if (key == "taken") parser.capture.taken = *value;
    }
    for (std::size_t i = 1; i < lines.size(); ++i)
        if (!parser.line(lines[i]))
            return fail(Kind::corrupt, "A line of the capture can't be read.", cat("line ", i + 1));
    return std::move(parser.capture);
}

Result<Capture> read_capture(const std::string& path) {
    const auto bytes = read_local_file(path, kCaptureBytesMax);
    if (!bytes) return fail(bytes.error());
    return parse_capture(*bytes);
}

}  // namespace tayori::legacy
