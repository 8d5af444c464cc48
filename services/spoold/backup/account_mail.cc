#include "spoold/backup/account_mail.h"

#include <algorithm>

#include "spoold/keys.h"
#include "spoold/mailbox/trash.h"

namespace tayori::spool {
namespace {

constexpr std::uint64_t kUploadPieceBytes = kMiB;

// Takes the reference out of the trash. False: it is not there any more.
Result<bool> take_from_trash(store::Transaction& tx, const std::string& key, MessageId message) {
    const auto value = tx.get(key);
    if (!value) return false;
    auto page = TrashPage::decode(*value);
    if (!page) return fail(std::move(page.error()));
    auto& references = page->references;
    const auto at = std::find_if(references.begin(), references.end(),
                                 [&](const Reference& reference) { return reference.message == message; });
    if (at == references.end()) return false;
    references.erase(at);
    if (references.empty()) tx.erase(key);
    else tx.put(key, page->encode());
    return true;
}

// The message under its own number where the account is the same, else under a new one.
Result<MessageId> store_message(AccountTx& box, const MessageRecord& old, const NewMail& mail, MessageId id) {
    auto& tx = box.tx();
    auto body = BodyTx::store(tx, mail);
    if (!body) return fail(std::move(body.error()));
    MessageRecord record = old;
    record.body = body->take();
    record.header_kept = !mail.header.empty();
    if (raw(id) == 0) id = MessageId{take_numbers(tx, keys::kNextMessageId, 1)};
    tx.put(keys::message(box.id(), id), record.encode());
    return id;
}

Result<store::UploadId> stage(const store::BodyReader& reader, store::Staging& staging) {
    auto upload = staging.begin();
    if (!upload) return upload;
    std::string piece;
    for (std::uint64_t at = 0; at < reader.size(); at += piece.size()) {
        piece.clear();
        auto read = reader.read(at, kUploadPieceBytes, piece);
        if (read) read = staging.append(*upload, piece);
        if (!read) {
            staging.abandon(*upload);
            return fail(std::move(read.error()));
        }
    }
    auto ended = staging.finish(*upload);
    if (!ended) return fail(std::move(ended.error()));
    return upload;
}

// A further reference to a message; false: it is gone.
Result<bool> refer_to(AccountTx& box, MessageId message) {
    if (!box.tx().get(keys::message(box.id(), message))) return false;
    if (auto kept = retain_message(box.tx(), box.id(), message); !kept) return fail(std::move(kept.error()));
    return true;
}

// The message that the reference is to name; nothing where it can't or need not come back any more.
Result<std::optional<MessageId>> message_for(AccountTx& box, LoadedMail& mail, MadeSoFar& made, Numbers numbers) {
    const auto& comeback = mail.comeback;
    const auto old = comeback.reference.message;
    const auto if_there = [](Result<bool> there, MessageId id) -> Result<std::optional<MessageId>> {
        if (!there) return fail(std::move(there.error()));
        return *there ? std::optional<MessageId>(id) : std::nullopt;
    };
    if (comeback.from == Comeback::From::trash) {
        return if_there(take_from_trash(box.tx(), comeback.trash_key, comeback.message), comeback.message);
    }
    if (comeback.from == Comeback::From::living) return if_there(refer_to(box, comeback.message), comeback.message);
    for (const auto* messages : {&made.before, static_cast<const MadeMessages*>(&made.now)}) {
        const auto again = messages->find(raw(old));
        if (again != messages->end()) return if_there(refer_to(box, again->second), again->second);
    }
    const auto id = numbers == Numbers::kept ? old : MessageId{0};
    if (raw(id) != 0 && box.tx().get(keys::message(box.id(), id))) return std::optional<MessageId>();  // somebody was faster
    auto stored = store_message(box, mail.record, mail.mail, id);
    if (!stored) return fail(std::move(stored.error()));
    mail.made = made.now[raw(old)] = *stored;
    return std::optional<MessageId>(*stored);
}

}  // namespace

Result<void> load_body(const store::Snapshot& snapshot, const OpenBody& open, store::Staging& staging, LoadedMail& mail) {
    auto record = MessageRecord::decode(mail.record_bytes);
    if (!record) return fail(std::move(record.error()));
    mail.record = *record;
    mail.mail.bytes_max = UINT64_MAX;
    if (record->header_kept) {
        auto header = snapshot.get(keys::header(record->body));
        if (!header) return fail(std::move(header.error()));
        mail.header = header->value_or(std::string());
        mail.mail.header = mail.header;
    }
    auto reader = open(record->body);
    if (!reader) return fail(std::move(reader.error()));
    if (auto good = (*reader)->verify(); !good) return fail(std::move(good.error()));
    const auto size = (*reader)->size();
    if (size <= kInlineBytesMax) {
        if (auto read = (*reader)->read(0, size, mail.bytes); !read) return fail(std::move(read.error()));
        mail.mail.bytes = mail.bytes;
        return {};
    }
    auto upload = stage(**reader, staging);
    if (!upload) return fail(std::move(upload.error()));
    mail.mail.upload = *upload;
    return {};
}

Result<LoadedMailPtr> load_mail(const MailSource& source, const Comeback& comeback, store::Staging& staging) {
    auto loaded = std::make_shared<LoadedMail>();
    loaded->comeback = comeback;
    auto seed = random_seed();
    loaded->uidl_random = next_random(seed);
    for (const auto id : comeback.reference.keywords) loaded->keywords.emplace_back(source.keywords.name_of(id));
    if (comeback.from != Comeback::From::backup) return loaded;
    auto value = source.snapshot.get(keys::message(source.account, comeback.reference.message));
    if (!value) return fail(std::move(value.error()));
    if (!*value) return fail(corrupt_record("message: it is missing in the backup"));
    loaded->record_bytes = std::move(**value);
    const auto open = [&source](store::BodyId id) { return source.past.open_body(id); };
    auto read = load_body(source.snapshot, open, staging, *loaded);
    if (!read) return fail(std::move(read.error()));
    return loaded;
}

Result<std::optional<Reference>> place_again(AccountTx& box, LoadedMail& mail, MadeSoFar& made, Numbers numbers) {
    mail.done = false;
    auto message = message_for(box, mail, made, numbers);
    if (!message) return fail(std::move(message.error()));
    if (!*message) return std::optional<Reference>();
    auto reference = mail.comeback.reference;
    reference.message = **message;
    const google::protobuf::RepeatedPtrField<std::string> names(mail.keywords.begin(), mail.keywords.end());
    auto keywords = box.keyword_ids(names);
    if (!keywords) return fail(std::move(keywords.error()));
    reference.keywords = std::move(*keywords);
    if (mail.comeback.new_uidl) {
        reference.uidl.clear();
        reference.uidl_random = mail.uidl_random;
    }
    mail.done = true;
    return std::optional<Reference>(std::move(reference));
}

}  // namespace tayori::spool
