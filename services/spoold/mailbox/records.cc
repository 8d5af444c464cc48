#include "spoold/mailbox/records.h"

#include "common/base/text.h"
#include "spoold/mailbox/codec.h"
#include "spoold/mailbox/limits.h"

namespace tayori::spool {
namespace {

constexpr std::uint8_t kRecordVersion = 1;

std::string versioned(std::size_t reserve) {
    std::string out;
    out.reserve(reserve);
    out.push_back(static_cast<char>(kRecordVersion));
    return out;
}

// An atom-char of RFC 3501 §9, and not "\": that begins a system flag.
bool is_keyword_char(char c) {
    return c > ' ' && c < 0x7F && std::string_view("(){%*\"\\]").find(c) == std::string_view::npos;
}

}  // namespace

Error corrupt_record(std::string_view what) {
    return Error::make(Kind::corrupt, "Stored data is damaged.", cat("cannot decode ", what));
}

std::uint64_t decode_number(const std::optional<std::string>& value, std::uint64_t missing) {
    if (!value) return missing;
    Reader in(*value);
    const auto n = in.varint();
    return in.ok() ? n : missing;
}

std::string encode_number(std::uint64_t n) {
    std::string out;
    put_varint(out, n);
    return out;
}

std::string AccountState::encode() const {
    auto out = versioned(64);
    put_varint(out, next_uid_validity);
    put_varint(out, modseq);
    put_varint(out, bytes);
    put_varint(out, messages);
    put_varint(out, raw(inbox));
    put_varint(out, folders);
    put_varint(out, subscriptions);
    put_varint(out, list_bytes);
    put_varint(out, next_pop3_order);
    put_varint(out, static_cast<std::uint64_t>(form));
    put_varint(out, raw(form_job));
    out.push_back(form_seen ? 1 : 0);
    return out;
}

Result<AccountState> AccountState::decode(std::string_view value) {
    Reader in(value);
    AccountState state;
    const auto version = in.byte();
    state.next_uid_validity = in.varint32();
    state.modseq = in.varint();
    state.bytes = in.varint();
    state.messages = in.varint();
    state.inbox = FolderId{in.varint()};
    state.folders = in.varint32();
    state.subscriptions = in.varint32();
    state.list_bytes = in.varint();
    state.next_pop3_order = in.varint();
    state.form = static_cast<v1::MailboxForm>(in.varint32());
    if (!in.at_end()) {  // written since there are jobs
        state.form_job = JobId{in.varint()};
        state.form_seen = in.byte() != 0;
    }
    if (!in.ok() || version != kRecordVersion) return fail(corrupt_record("account state"));
    return state;
}

std::string FolderRecord::encode() const {
    auto out = versioned(96 + name.size());
    put_bytes(out, name);
    put_varint(out, uid_validity);
    put_varint(out, uid_next);
    put_varint(out, highest_modseq);
    put_varint(out, messages);
    put_varint(out, unseen);
    put_varint(out, deleted);
    put_varint(out, bytes);
    put_varint(out, first_unseen);
    put_varint(out, recent_first);
    put_varint(out, recent);
    put_varint(out, pop3_messages);
    put_varint(out, static_cast<std::uint64_t>(special_use));
    put_varint(out, tail_first);
    put_varint(out, tail_messages);
    put_varint(out, expunge_floor);
    put_varint(out, expunge_entries);
    out.push_back(keeps_high_uids ? 1 : 0);
    pace.encode(out);
    return out;
}

Result<FolderRecord> FolderRecord::decode(std::string_view value) {
    Reader in(value);
    FolderRecord record;
    const auto version = in.byte();
    record.name = in.bytes();
    record.uid_validity = in.varint32();
    record.uid_next = in.varint32();
    record.highest_modseq = in.varint();
    record.messages = in.varint32();
    record.unseen = in.varint32();
    record.deleted = in.varint32();
    record.bytes = in.varint();
    record.first_unseen = in.varint32();
    record.recent_first = in.varint32();
    record.recent = in.varint32();
    record.pop3_messages = in.varint32();
    record.special_use = static_cast<v1::SpecialUse>(in.varint32());
    record.tail_first = in.varint32();
    record.tail_messages = in.varint32();
    record.expunge_floor = in.varint();
    record.expunge_entries = in.varint32();
    if (!in.at_end()) record.keeps_high_uids = in.byte() != 0;  // written since there are imports
    if (!in.at_end()) record.pace = Pace::decode(in);            // written since there is a pace
    if (!in.ok() || version != kRecordVersion) return fail(corrupt_record("folder record"));
    return record;
}

void FolderRecord::skip_uids(Uid to) {
    if (recent_first == uid_next) recent_first = to;
    pace.skip(to - uid_next);
    uid_next = to;
}

void FolderRecord::to_wire(FolderId id, v1::Folder& folder) const {
    folder.set_folder_id(raw(id));
    folder.set_name(name);
    folder.set_uid_validity(uid_validity);
    folder.set_uid_next(uid_next);
    folder.set_highest_modseq(highest_modseq);
    folder.set_messages(messages);
    folder.set_unseen(unseen);
    folder.set_recent(recent);
    folder.set_bytes(bytes);
    folder.set_first_unseen_uid(first_unseen);
    folder.set_deleted(deleted);
    folder.set_special_use(special_use);
    folder.set_selectable(true);
}

std::optional<KeywordId> KeywordTable::find(std::string_view name) const {
    for (std::size_t i = 0; i < names_.size(); ++i) {
        if (equals_ignoring_case(names_[i], name)) return static_cast<KeywordId>(i + 1);
    }
    return std::nullopt;
}

Result<KeywordId> KeywordTable::find_or_add(std::string_view name) {
    if (const auto id = find(name)) return *id;
    if (name.empty()) return fail(Kind::invalid, "Empty keyword.");
    if (name.size() > kKeywordBytesMax) return fail(Kind::invalid, "Keyword too long.");
    for (const char c : name) {
        if (!is_keyword_char(c)) return fail(Kind::invalid, "Bad character in keyword.");
    }
    if (names_.size() >= kKeywordsPerAccountMax) return fail(Kind::invalid, "Too many different keywords.");
    names_.emplace_back(name);
    grew_ = true;
    return static_cast<KeywordId>(names_.size());
}

std::string_view KeywordTable::name_of(KeywordId id) const {
    if (id == 0 || id > names_.size()) return {};
    return names_[id - 1];
}

std::string KeywordTable::encode() const {
    auto out = versioned(256);
    put_varint(out, names_.size());
    for (const auto& name : names_) put_bytes(out, name);
    return out;
}

Result<KeywordTable> KeywordTable::decode(std::string_view value) {
    Reader in(value);
    KeywordTable table;
    const auto version = in.byte();
    const auto count = in.varint();
    for (std::uint64_t i = 0; i < count && in.ok(); ++i) table.names_.emplace_back(in.bytes());
    if (!in.ok() || version != kRecordVersion) return fail(corrupt_record("keyword table"));
    return table;
}

std::string MessageRecord::encode() const {
    auto out = versioned(32 + prefix.size() + summary.size());
    put_varint(out, static_cast<std::uint64_t>(body));
    put_varint(out, body_bytes);
    out.push_back(header_kept ? 1 : 0);
    put_bytes(out, prefix);
    out.append(summary);
    return out;
}

Result<MessageRecord> MessageRecord::decode(std::string_view value) {
    Reader in(value);
    MessageRecord record;
    const auto version = in.byte();
    record.body = store::BodyId{in.varint()};
    record.body_bytes = in.varint();
    record.header_kept = in.byte() != 0;
    record.prefix = in.bytes();
    if (!in.ok() || version != kRecordVersion) return fail(corrupt_record("message record"));
    record.summary = in.rest();
    return record;
}

std::string encode_summary(const v1::Summary& summary) {
    std::string out;
    out.reserve(64 + summary.envelope().size() + summary.bodystructure().size() +
                summary.body_structure_basic().size() + summary.parts().size());
    put_varint(out, summary.header_bytes());
    put_bytes(out, summary.envelope());
    put_bytes(out, summary.bodystructure());
    put_bytes(out, summary.body_structure_basic());
    put_bytes(out, summary.parts());
    put_signed(out, summary.sent_s());
    put_bytes(out, summary.base_subject());
    put_bytes(out, summary.message_id());
    put_varint(out, static_cast<std::uint64_t>(summary.references_size()));
    for (const auto& reference : summary.references()) put_bytes(out, reference);
    return out;
}

Result<void> decode_summary(std::string_view bytes, SummaryFields fields, v1::Summary& summary) {
    Reader in(bytes);
    const auto keep = [&in](bool wanted, auto set) {
        const auto field = in.bytes();
        if (wanted) set(field);
    };
    summary.set_header_bytes(in.varint32());
    keep(fields.envelope, [&](auto f) { summary.set_envelope(f.data(), f.size()); });
    keep(fields.bodystructure, [&](auto f) { summary.set_bodystructure(f.data(), f.size()); });
    keep(fields.basic, [&](auto f) { summary.set_body_structure_basic(f.data(), f.size()); });
    keep(fields.parts, [&](auto f) { summary.set_parts(f.data(), f.size()); });
    if (fields.sort_keys) {
        summary.set_sent_s(in.signed_varint());
        keep(true, [&](auto f) { summary.set_base_subject(f.data(), f.size()); });
        keep(true, [&](auto f) { summary.set_message_id(f.data(), f.size()); });
        const auto count = in.varint();
        for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
            const auto reference = in.bytes();
            summary.add_references(reference.data(), reference.size());
        }
    }
    if (!in.ok()) return fail(corrupt_record("summary"));
    return {};
}

}  // namespace tayori::spool
