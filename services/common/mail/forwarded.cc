#include "common/mail/forwarded.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/mail/address.h"
#include "common/mail/compose.h"
#include "common/mail/header.h"
#include "common/mail/params.h"
#include "common/mail/part_info.h"
#include "common/mail/utf8.h"

namespace tayori::mail {
namespace {

constexpr std::size_t kNoticeValueBytesMax = 2000;  // of a field, as it is shown in a notice
constexpr std::size_t kFileNameBytesMax = 255;

std::string decoded_field(std::string_view header, std::string_view name) {
    const auto value = find_field(header, name);
    return value ? std::string(clip_utf8(to_valid_utf8(decode_header_text(*value)), kNoticeValueBytesMax)) : std::string();
}

// The first address of a field; nothing where there is none, or no valid one.
NamedAddress first_mailbox(std::string_view header, std::string_view field) {
    const auto value = find_field(header, field);
    if (!value) return {};
    for (const auto& listed : parse_address_list(*value)) {
        if (listed.type != ListedAddress::Type::mailbox || listed.domain.empty()) continue;
        const auto address = to_text({listed.local, listed.domain});
        if (parse_address(address)) return {decode_header_text(listed.name), address};
    }
    return {};
}

bool is_content_field(std::string_view name) {
    constexpr std::string_view kPrefix = "Content-";
    return name.size() > kPrefix.size() && equals_ignoring_case(name.substr(0, kPrefix.size()), kPrefix);
}

bool is_signature(std::string_view name) {
    for (const std::string_view one : {"DKIM-Signature", "DomainKey-Signature", "ARC-Seal", "ARC-Message-Signature",
                                       "ARC-Authentication-Results"})
        if (equals_ignoring_case(name, one)) return true;
    return false;
}

enum class ContentFields { keep, drop };

// The header's fields without signatures, each with its CRLF; no blank line.
std::string kept_fields(std::string_view header, ContentFields content) {
    std::string out;
    Fields fields(header);
    while (const auto field = fields.next()) {
        // What is no field ("From " of a mailbox file, a line without colon) would end a header for others.
        if (field->name.empty() || is_signature(field->name)) continue;
        const bool dropped = is_content_field(field->name) || equals_ignoring_case(field->name, "MIME-Version");
        if (dropped && content == ContentFields::drop) continue;
        out += field->raw;
        if (!out.ends_with('\n')) out += "\r\n";
    }
    return out;
}

std::string file_line(const PartInfo& info, std::uint64_t bytes) {
    const auto name = info.name.empty() ? std::string("-") : std::string(clip_utf8(to_valid_utf8(info.name), kFileNameBytesMax));
    return cat("[添付ファイルは転送されませんでした / An attached file was not forwarded: ", name, " (", info.type, ", ", bytes,
               " bytes)]\n");
}

// Copies the mail and leaves files out on the way.
class FileDropper {
  public:
    FileDropper(std::string_view message, const PartTree& tree) : message_(message), tree_(tree) {}

    std::string run() {
        const auto& root = tree_.parts[0];
        const auto header = cut(0, root.header_bytes);
        const auto info = read_part_info(header);
        if (is_dropped(0, info)) {
            append(out_, kept_fields(header, ContentFields::drop), "MIME-Version: 1.0\r\n",
                   text_entity("plain", file_line(info, root.body_bytes)));
            return std::move(out_);
        }
        append(out_, kept_fields(header, ContentFields::keep), "\r\n");
        copied_ = root.body_offset();
        if (root.kind == PartKind::multipart) children(0, info.type == "multipart/digest");
        out_ += cut(copied_, message_.size());
        // Where the mail is cut off, its multiparts end all the same, from the inmost.
        if (message_.size() < tree_.message_bytes()) close_open();
        return std::move(out_);
    }

  private:
    std::string_view cut(std::uint64_t from, std::uint64_t to) const {
        const auto end = std::min<std::uint64_t>(to, message_.size());
        return from >= end ? std::string_view() : message_.substr(from, end - from);
    }
    bool is_whole(const Part& part) const { return part.body_offset() + part.body_bytes <= message_.size(); }
    bool is_dropped(std::uint32_t index, const PartInfo& info) const {
        const auto& part = tree_.parts[index];
        if (part.kind == PartKind::multipart) return false;
        return part.kind != PartKind::text || info.is_file() || !is_whole(part);
    }

    void children(std::uint32_t parent, bool is_digest) {
        for (auto i = parent + 1; i < tree_.parts[parent].end; i = tree_.parts[i].end) {
            const auto& part = tree_.parts[i];
            if (part.header_offset >= message_.size()) return;  // it is not here, nor is what is behind it
            const auto header = cut(part.header_offset, part.body_offset());
            const auto info = read_part_info(header, is_digest ? "message/rfc822" : "text/plain");
            if (part.kind == PartKind::multipart) {
                if (part.body_offset() > message_.size()) return cut_off(part);
                children(i, info.type == "multipart/digest");
                continue;
            }
            if (!is_dropped(i, info)) continue;
            out_ += cut(copied_, part.header_offset);
            auto line = text_entity("plain", file_line(info, part.body_bytes));
            // The line end before a delimiter is the delimiter's (RFC 2046 §5.1.1).
            if (line.ends_with("\r\n")) line.resize(line.size() - 2);
            out_ += line;
            copied_ = part.body_offset() + part.body_bytes;
        }
    }
    // A part whose header is not whole.
    void cut_off(const Part& part) {
        out_ += cut(copied_, part.header_offset);
        out_ += "\r\n";
        copied_ = message_.size();
    }

    void close_open() {
        for (auto i = tree_.parts.size(); i-- > 0;) {
            const auto& part = tree_.parts[i];
            const bool begun = part.kind == PartKind::multipart && part.body_offset() <= message_.size();
            if (!begun || is_whole(part)) continue;
            const auto header = cut(part.header_offset, part.body_offset());
            const auto field = find_field(header, "Content-Type");
            if (!field) continue;
            const auto type = parse_content_type(*field);
            append(out_, out_.ends_with("\r\n") ? "" : "\r\n", "--", find_param(type.params, "boundary"), "--\r\n");
        }
    }

    std::string_view message_;
    const PartTree& tree_;
    std::string out_;
    std::uint64_t copied_ = 0;  // of the message, so far
};

}  // namespace

std::string forward_notice(std::string_view header, const ForwardNotice& notice) {
    NewMail mail;
    mail.from.address = notice.account;
    for (const auto& to : notice.to) mail.to.push_back({{}, to});
    mail.reply_to = first_mailbox(header, find_field(header, "Reply-To") ? "Reply-To" : "From");
    mail.subject = decoded_field(header, "Subject");
    if (mail.subject.empty()) mail.subject = "(no subject)";
    mail.text = cat("From: ", decoded_field(header, "From"), "\nSubject: ", decoded_field(header, "Subject"), "\nDate: ",
                    decoded_field(header, "Date"), "\n\n", notice.account, " にメールが届きました (", notice.bytes,
                    " バイト)。\nA mail of ", notice.bytes, " bytes has come for ", notice.account, ".\n");
    mail.auto_submitted = "auto-generated";
    mail.message_id = notice.message_id;
    mail.unique = notice.unique;
    mail.date = notice.now;
    // The notice is no answer, but it belongs to the mail.
    auto threading = reply_threading(header);
    mail.references = std::move(threading.references);
    return compose(mail);
}

std::string without_files(std::string_view message, const PartTree& tree) {
    return FileDropper(message, tree).run();
}

std::string without_body(std::string_view header, std::uint64_t message_bytes, std::uint64_t bytes_max) {
    const auto line = cat("[本文は転送されませんでした: ", message_bytes, " バイト、上限 ", bytes_max,
                          " バイト]\n[The body was not forwarded: the mail has ", message_bytes, " bytes, at most ", bytes_max,
                          " are forwarded.]\n");
    return cat(kept_fields(header, ContentFields::drop), "MIME-Version: 1.0\r\n", text_entity("plain", line));
}

}  // namespace tayori::mail
