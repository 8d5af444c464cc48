#include "spoold/changes/change.h"

namespace tayori::spool {
namespace {

void add_keywords(const std::vector<KeywordId>& ids, int index, v1::References& columns) {
    if (ids.empty()) return;
    auto* at = columns.add_keywords();
    at->set_index(static_cast<std::uint32_t>(index));
    for (const auto id : ids) at->add_keyword_id(id);
}

}  // namespace

void add_to_wire(const Reference& reference, v1::References& columns) {
    add_keywords(reference.keywords, columns.uid_size(), columns);
    columns.add_uid(reference.uid);
    columns.add_message_id(raw(reference.message));
    columns.add_flags(reference.flags);
    columns.add_modseq(reference.modseq);
    columns.add_internal_date_s(reference.internal_date_s);
    columns.add_zone_minutes(reference.zone_minutes);
    columns.add_bytes(reference.bytes);
    columns.add_prefix_bytes(reference.prefix_bytes);
}

void Change::to_wire(v1::FolderEvent& event) const {
    event.set_account_id(raw(account));
    event.set_folder_id(raw(folder));
    event.set_modseq(modseq);
    event.set_gone(gone);
    for (const auto& reference : appended) add_to_wire(reference, *event.mutable_appended());
    if (!changed.empty()) {
        auto& columns = *event.mutable_changed();
        const auto count = static_cast<int>(changed.size());
        columns.mutable_uid()->Reserve(count);
        columns.mutable_flags()->Reserve(count);
        columns.mutable_modseq()->Reserve(count);
        for (const auto& now : changed) {
            add_keywords(now.keywords, columns.uid_size(), columns);
            columns.add_uid(now.uid);
            columns.add_flags(now.flags);
            columns.add_modseq(now.modseq);
        }
    }
    expunged.to_wire(event.mutable_expunged());
    for (const auto& keyword : keywords) {
        auto* to = event.add_new_keywords();
        to->set_keyword_id(keyword.id);
        to->set_name(keyword.name);
    }
}

}  // namespace tayori::spool
