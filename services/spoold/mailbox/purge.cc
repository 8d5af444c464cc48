#include "spoold/mailbox/purge.h"

#include <optional>
#include <string>
#include <vector>

#include "spoold/keys.h"
#include "spoold/mailbox/limits.h"
#include "spoold/mailbox/records.h"
#include "spoold/mailbox/trash.h"

namespace tayori::spool {
namespace {

struct Page {
    std::string key;
    TrashPage page;
};

struct Message {
    MessageId id{};
    store::BodyId body{};
};

Result<std::vector<Message>> first_messages(store::Transaction& transaction, AccountId account) {
    std::vector<Message> messages;
    std::optional<Error> error;
    const auto range = keys::messages_from(account, MessageId{0});
    transaction.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        const auto record = MessageRecord::decode(value);
        if (!record) error = record.error();
        else messages.push_back({keys::message_of_key(key), record->body});
        return !error && messages.size() < kPurgeMessagesPerCommit;
    });
    if (error) return fail(std::move(*error));
    return messages;
}

void erase(store::Transaction& transaction, const keys::Range& range) {
    transaction.erase_range(range.from, range.to);
}

void erase_records(store::Transaction& transaction, AccountId account) {
    std::vector<FolderId> folders;
    const auto range = keys::folders(account);
    transaction.scan(range.from, range.to, [&](std::string_view key, std::string_view) {
        folders.push_back(keys::folder_of_key(key));
        return true;
    });
    for (const auto folder : folders) {
        erase(transaction, keys::all_references(folder));
        erase(transaction, keys::expunged_after(folder, 0));
    }
    erase(transaction, range);
    erase(transaction, keys::names(account));
    transaction.erase(keys::volume(account));
    erase(transaction, keys::subscriptions(account));
    erase(transaction, keys::all_message_references(account));
    erase(transaction, keys::trash_of(account));
    erase(transaction, keys::all_import_folders(account));
    erase(transaction, keys::all_imported(account));
    erase(transaction, keys::imported_uidls(account));
    erase(transaction, keys::fetch_sources(account));
    erase(transaction, keys::plugin_rows_of(account));
    transaction.erase(keys::plugin_work(account));
    transaction.erase(keys::keyword_table(account));
    transaction.erase(keys::account_state(account));
}

}  // namespace

Result<PurgeStep> purge_expunged(store::Transaction& transaction, AccountId account, std::int64_t before_ms) {
    std::vector<Page> pages;
    PurgeStep step;
    std::optional<Error> error;
    const auto range = keys::trash_of(account);
    transaction.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        if (keys::trash_of_key(key).expunged_ms >= before_ms) return false;
        if (step.purged >= kPurgeMessagesPerCommit) {
            step.more = true;
            return false;
        }
        auto page = TrashPage::decode(value);
        if (!page) {
            error = std::move(page.error());
            return false;
        }
        step.purged += page->references.size();
        pages.push_back({std::string(key), std::move(*page)});
        return true;
    });
    if (error) return fail(std::move(*error));
    for (const auto& page : pages) {
        transaction.erase(page.key);
        for (const auto& reference : page.page.references) {
            auto released = release_message(transaction, account, reference.message);
            if (!released) return fail(std::move(released.error()));
        }
    }
    return step;
}

Result<bool> purge_mailbox(store::Transaction& transaction, AccountId account) {
    if (!transaction.get(keys::account_state(account))) return true;
    const auto messages = first_messages(transaction, account);
    if (!messages) return fail(messages.error());
    for (const auto& message : *messages) {
        transaction.erase(keys::message(account, message.id));
        if (auto released = release_body(transaction, message.body); !released) return fail(released.error());
    }
    if (messages->size() == kPurgeMessagesPerCommit) return false;
    erase_records(transaction, account);
    return true;
}

}  // namespace tayori::spool
