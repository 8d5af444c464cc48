#include "spoold/backup/living_mail.h"

#include <optional>

#include "common/base/text.h"
#include "spoold/counters/census.h"
#include "spoold/keys.h"
#include "spoold/mailbox/trash.h"

namespace tayori::spool {

std::string uidl_of(const Reference& reference) {
    return uidl_text(reference.message, reference.uidl_random, reference.uidl);
}

std::string key_of(const Reference& reference, KnownBy by) {
    return by == KnownBy::message_id ? std::to_string(raw(reference.message)) : uidl_of(reference);
}

Result<LivingMail> LivingMail::read(const store::Snapshot& snapshot, AccountId account, KnownBy by) {
    LivingMail living;
    auto folders = read_folders(snapshot, account);
    if (!folders) return fail(std::move(folders.error()));
    living.folders = std::move(*folders);
    for (const auto& folder : living.folders) {
        auto visited = visit_references(snapshot, folder.id, folder.record, [&](const Reference& reference) {
            living.mails[key_of(reference, by)].places.push_back({folder.id, reference});
            living.uidls.insert(uidl_of(reference));
        });
        if (!visited) return fail(std::move(visited.error()));
    }
    std::optional<Error> error;
    const auto range = keys::trash_of(account);
    auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        auto page = TrashPage::decode(value);
        if (!page) error = std::move(page.error());
        else for (const auto& reference : page->references) {
            living.mails[key_of(reference, by)].trashed.push_back({std::string(key), reference.message});
        }
        return !error;
    });
    if (error) return fail(std::move(*error));
    if (!scanned) return fail(std::move(scanned.error()));
    return living;
}

}  // namespace tayori::spool
