#include "spoold/mailbox/trash.h"

#include <memory>

#include "spoold/mailbox/codec.h"
#include "spoold/mailbox/pages.h"
#include "spoold/mailbox/records.h"

namespace tayori::spool {
namespace {

constexpr std::uint8_t kTrashVersion = 1;

}  // namespace

std::string TrashPage::encode() const {
    StaticPage fixed;
    MutablePage changing;
    for (const auto& reference : references) {
        fixed.add(reference);
        changing.add(reference);
    }
    std::string out(1, static_cast<char>(kTrashVersion));
    put_bytes(out, folder_name);
    put_bytes(out, fixed.encode());
    put_bytes(out, changing.encode());
    return out;
}

Result<TrashPage> TrashPage::decode(std::string_view value) {
    Reader in(value);
    TrashPage page;
    const auto version = in.byte();
    page.folder_name = in.bytes();
    const auto fixed_bytes = in.bytes();
    const auto changing_bytes = in.bytes();
    if (!in.ok() || version != kTrashVersion) return fail(corrupt_record("trash page"));
    StaticPage fixed;
    MutablePage changing;
    if (auto decoded = fixed.decode(fixed_bytes); !decoded) return fail(std::move(decoded.error()));
    if (auto decoded = changing.decode(changing_bytes); !decoded) return fail(std::move(decoded.error()));
    if (!same_uids(fixed, changing)) return fail(corrupt_record("trash page"));
    for (std::size_t i = 0; i < fixed.count; ++i) page.references.push_back(reference_at(fixed, changing, i));
    return page;
}

Result<void> release_body(store::Transaction& transaction, store::BodyId body) {
    const auto info = transaction.body(body);
    if (!info) return fail(info.error());
    if (info->references <= 1) transaction.erase(keys::header(body));
    transaction.release(body);
    return {};
}

Result<void> release_message(store::Transaction& transaction, AccountId account, MessageId message) {
    const auto count_key = keys::message_references(account, message);
    const auto count = decode_number(transaction.get(count_key), 1);
    if (count > 2) {
        transaction.put(count_key, encode_number(count - 1));
        return {};
    }
    if (count == 2) {
        transaction.erase(count_key);
        return {};
    }
    const auto key = keys::message(account, message);
    const auto value = transaction.get(key);
    if (!value) return fail(corrupt_record("message: it is missing"));
    const auto record = MessageRecord::decode(*value);
    if (!record) return fail(record.error());
    transaction.erase(key);
    return release_body(transaction, record->body);
}

Result<void> retain_message(store::Transaction& transaction, AccountId account, MessageId message) {
    const auto count_key = keys::message_references(account, message);
    const auto count = decode_number(transaction.get(count_key), 1);
    transaction.put(count_key, encode_number(count + 1));
    return {};
}

}  // namespace tayori::spool
