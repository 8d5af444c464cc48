#include "common/legacy/live/imap_session.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"
#include "common/legacy/live/limits.h"
#include "common/legacy/mail_head.h"
#include "common/mail/date.h"

namespace tayori::legacy {
namespace {

Result<void> ignore(ImapResponse&) { return {}; }

// "1:3,5" of ascending UIDs.
std::string set_of(const std::vector<std::uint32_t>& uids) {
    std::string out;
    for (std::size_t i = 0; i < uids.size();) {
        auto last = i;
        while (last + 1 < uids.size() && uids[last + 1] == uids[last] + 1) ++last;
        append(out, out.empty() ? "" : ",", uids[i]);
        if (last > i) append(out, ":", uids[last]);
        i = last + 1;
    }
    return out;
}

tl::unexpected<Error> fail_refused(const ImapResponse& answer) {
    return fail(Kind::denied, cat("The server says: ", answer.name, ' ', answer.text));
}

Result<void> read_item(std::string_view item, ImapValue& value, CapturedMail& mail) {
    if (equals_ignoring_case(item, "UID")) {
        mail.uid = imap_number(value.text);
    } else if (equals_ignoring_case(item, "RFC822.SIZE")) {
        mail.text.octets = imap_number(value.text);
    } else if (equals_ignoring_case(item, "INTERNALDATE")) {
        mail.internal_date = mail::parse_internal_date(value.text);
    } else if (equals_ignoring_case(item, "FLAGS")) {
        if (value.values.size() > kLiveFlagsMax) return fail_nonsense("a mail has too many flags");
        mail.flags.clear();
        for (auto& flag : value.values)
            if (flag.kind == ImapValue::Kind::atom && !equals_ignoring_case(flag.text, "\\Recent"))
                mail.flags.push_back(std::move(flag.text));
    } else if (to_upper(item.substr(0, 5)) == "BODY[") {
        const auto head = parse_head(value.text, value.text.size());
        mail.text.message_id = head.message_id.substr(0, kLiveFieldBytesMax);
        mail.text.date = head.date;
    }
    return {};
}

}  // namespace

bool ListedFolder::has(std::string_view attribute) const {
    return std::any_of(attributes.begin(), attributes.end(),
                       [&](const std::string& one) { return equals_ignoring_case(one, attribute); });
}

std::optional<std::string> quoted_name(std::string_view raw_name) {
    std::string out = "\"";
    for (const char c : raw_name) {
        if (c == '\r' || c == '\n' || c == '\0') return std::nullopt;
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

ImapSession::ImapSession(std::unique_ptr<Link> link, std::uint64_t message_bytes_max)
    : link_(std::move(link)), reader_(*link_), message_bytes_max_(message_bytes_max) {}

Result<std::string> ImapSession::send(std::string_view command) {
    auto tag = cat('m', ++tags_);
    auto sent = link_->send(cat(tag, ' ', command, "\r\n"));
    if (!sent) return fail(std::move(sent.error()));
    return tag;
}

Result<ImapResponse> ImapSession::finish(const std::string& tag, const Visit& visit) {
    for (std::size_t unasked = 0;; ++unasked) {
        if (unasked > kLiveUnaskedMax + kLiveMailsMax) return fail_nonsense("no end of responses");
        auto response = read_response(reader_, message_bytes_max_);
        if (!response) return response;
        if (response->kind == ImapResponse::Kind::tagged) {
            if (response->tag != tag) return fail_nonsense("the answer to another command");
            return response;
        }
        if (response->kind == ImapResponse::Kind::more) return fail_nonsense("it asks for more");
        if (response->name == "BYE") return fail(Kind::closed, "The server ended the session.", response->text);
        if (auto seen = visit(*response); !seen) return fail(std::move(seen.error()));
    }
}

Result<void> ImapSession::run(std::string_view command, const Visit& visit) {
    auto tag = send(command);
    if (!tag) return fail(std::move(tag.error()));
    auto answer = finish(*tag, visit);
    if (!answer) return fail(std::move(answer.error()));
    if (answer->name != "OK") return fail_refused(*answer);
    return {};
}

Result<void> ImapSession::start() {
    return run("CAPABILITY", [this](ImapResponse& response) -> Result<void> {
        if (response.name == "CAPABILITY")
            for (const auto& value : response.values) capabilities_.insert(to_upper(value.text));
        return {};
    });
}

// What names begin with (RFC 2342 §5): the user's own with "INBOX." at Courier and Cyrus, other people's with "user.".
Result<void> ImapSession::name_spaces(Folders& out) {
    if (!has("NAMESPACE")) return {};
    return run("NAMESPACE", [&](ImapResponse& response) -> Result<void> {
        if (response.name != "NAMESPACE") return {};
        for (std::size_t kind = 0; kind < response.values.size(); ++kind) {
            for (const auto& space : response.values[kind].values) {
                if (space.values.empty() || space.values[0].text.empty()) continue;
                if (kind > 0)
                    out.foreign.push_back(space.values[0].text);
                else if (out.prefix.empty())
                    out.prefix = space.values[0].text;
            }
        }
        return {};
    });
}

Result<std::vector<ListedFolder>> ImapSession::list_by(std::string_view command, std::string_view name) {
    std::vector<ListedFolder> folders;
    auto done = run(command, [&](ImapResponse& response) -> Result<void> {
        if (response.name != name || response.values.size() < 3) return {};
        if (folders.size() >= kLiveFoldersMax) return fail_nonsense("too many folders");
        auto& folder = folders.emplace_back();
        for (auto& value : response.values[0].values) folder.attributes.push_back(std::move(value.text));
        if (response.values[1].kind == ImapValue::Kind::string) folder.delimiter = response.values[1].text;
        folder.raw_name = std::move(response.values[2].text);
        return {};
    });
    if (!done) return fail(std::move(done.error()));
    return folders;
}

Result<ImapSession::Folders> ImapSession::list() {
    Folders out;
    if (auto named = name_spaces(out); !named) return fail(std::move(named.error()));
    const bool uses = has("SPECIAL-USE") && has("LIST-EXTENDED");
    auto listed = list_by(uses ? "LIST \"\" \"*\" RETURN (SPECIAL-USE)" : "LIST \"\" \"*\"", "LIST");
    if (!listed) return fail(std::move(listed.error()));
    auto subscribed = list_by("LSUB \"\" \"*\"", "LSUB");
    if (!subscribed) return fail(std::move(subscribed.error()));
    std::set<std::string_view> names;
    for (const auto& folder : *subscribed)
        if (!folder.has("\\Noselect")) names.insert(folder.raw_name);
    std::set<std::string> seen;
    for (auto& folder : *listed) {
        if (!seen.insert(folder.raw_name).second) continue;
        folder.subscribed = names.contains(folder.raw_name);
        out.folders.push_back(std::move(folder));
    }
    return out;
}

Result<ExaminedFolder> ImapSession::examine(const std::string& raw_name) { return open("EXAMINE", raw_name); }
Result<ExaminedFolder> ImapSession::select(const std::string& raw_name) { return open("SELECT", raw_name); }

Result<ExaminedFolder> ImapSession::open(std::string_view command, const std::string& raw_name) {
    const auto name = quoted_name(raw_name);
    if (!name) return fail(Kind::denied, "The folder's name can't be said.");
    ExaminedFolder out;
    auto done = run(cat(command, ' ', *name), [&](ImapResponse& response) -> Result<void> {
        if (response.name == "EXISTS") out.exists = response.number;
        if (response.name == "OK" && response.code.size() == 2) {
            if (response.code[0].is("UIDVALIDITY")) out.uid_validity = imap_number(response.code[1].text);
            if (response.code[0].is("UIDNEXT")) out.uid_next = imap_number(response.code[1].text);
        }
        return {};
    });
    if (!done) return fail(std::move(done.error()));
    if (out.exists > kLiveMailsMax) return fail_nonsense("a folder has too many mails");
    exists_ = out.exists;
    return out;
}

Result<std::vector<CapturedMail>> ImapSession::mails(bool with_fields) {
    std::map<std::uint32_t, CapturedMail> mails;
    if (exists_ == 0) return std::vector<CapturedMail>();
    auto done = run(cat("UID FETCH 1:* (UID FLAGS INTERNALDATE RFC822.SIZE",
                        with_fields ? " BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE)])" : ")"),
                    [&](ImapResponse& response) -> Result<void> {
                        if (response.name != "FETCH" || response.values.size() != 1) return {};
                        auto& items = response.values[0].values;
                        CapturedMail mail;
                        for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
                            if (auto read = read_item(items[i].text, items[i + 1], mail); !read) return read;
                        }
                        // What another client changes meanwhile may come without size and date.
                        if (mail.uid == 0 || mails.contains(mail.uid)) return {};
                        if (mails.size() >= kLiveMailsMax) return fail_nonsense("a folder has too many mails");
                        const auto uid = mail.uid;
                        mails.emplace(uid, std::move(mail));
                        return {};
                    });
    if (!done) return fail(std::move(done.error()));
    std::vector<CapturedMail> out;
    out.reserve(mails.size());
    for (auto& [uid, mail] : mails) out.push_back(std::move(mail));
    return out;
}

Result<void> ImapSession::ask(std::uint32_t uid) {
    auto tag = send(cat("UID FETCH ", uid, " (UID BODY.PEEK[])"));
    if (!tag) return fail(std::move(tag.error()));
    asked_.push_back({std::move(*tag), uid});
    return {};
}

Result<ImapSession::Body> ImapSession::take() {
    const auto asked = asked_.front();
    auto answer = finish(asked.tag, [this](ImapResponse& response) -> Result<void> {
        if (response.name != "FETCH" || response.values.size() != 1) return {};
        auto& items = response.values[0].values;
        std::uint32_t uid = 0;
        ImapValue* bytes = nullptr;
        for (std::size_t i = 0; i + 1 < items.size(); i += 2) {
            if (items[i].is("UID")) uid = imap_number(items[i + 1].text);
            if (items[i].is("BODY[]") && items[i + 1].kind == ImapValue::Kind::string) bytes = &items[i + 1];
        }
        const bool wanted = std::any_of(asked_.begin(), asked_.end(), [&](const Asked& one) { return one.uid == uid; });
        if (wanted && bytes != nullptr) came_.insert_or_assign(uid, std::move(bytes->text));
        return {};
    });
    asked_.pop_front();
    if (!answer) return fail(std::move(answer.error()));
    Body body;
    body.uid = asked.uid;
    if (auto came = came_.extract(asked.uid)) body.bytes = std::move(came.mapped());
    if (answer->name != "OK") body.refusal = cat(answer->name, ' ', answer->text);
    return body;
}

Result<void> ImapSession::mark_deleted(const std::vector<std::uint32_t>& uids) {
    return run(cat("UID STORE ", set_of(uids), " +FLAGS.SILENT (\\Deleted)"), ignore);
}

Result<ImapSession::Expunged> ImapSession::expunge(const std::vector<std::uint32_t>& uids) {
    if (has("UIDPLUS")) {
        if (auto done = run(cat("UID EXPUNGE ", set_of(uids)), ignore); !done) return fail(std::move(done.error()));
        return Expunged::yes;
    }
    bool others = false;
    auto looked = run(cat("UID SEARCH DELETED NOT UID ", set_of(uids)), [&](ImapResponse& response) -> Result<void> {
        if (response.name == "SEARCH" && !response.values.empty()) others = true;
        return {};
    });
    if (!looked) return fail(std::move(looked.error()));
    if (others) return Expunged::no;
    if (auto done = run("EXPUNGE", ignore); !done) return fail(std::move(done.error()));
    return Expunged::yes;
}

void ImapSession::goodbye() {
    if (!asked_.empty()) return;  // what is still on its way would have to be read first
    if (auto tag = send("LOGOUT")) (void)finish(*tag, ignore);
}

}  // namespace tayori::legacy
