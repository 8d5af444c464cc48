#include "spoold/directory/bulk_aliases.h"

#include <algorithm>

#include "common/base/text.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredName;

bool leads_to(const std::string& target, const std::string& address) {
    const auto name = parse_name(target);  // elsewhere, it keeps the case that it was written in
    return name && name->text() == address;
}

Result<std::vector<std::string>> sources_of(const Rows& rows, const std::string& address) {
    std::vector<std::string> sources;
    const auto begin = row_key::pointers_begin(address);
    auto scanned = rows.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view) {
        sources.push_back(row_key::source_of(key));
        return true;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    return sources;
}

Result<AliasEdits::Targets> stored_targets(const Rows& rows, const Name& alias) {
    auto row = read_row<StoredName>(rows, row_key::name(alias));
    if (!row) return fail(std::move(row.error()));
    if (!*row) return AliasEdits::Targets();
    return AliasEdits::Targets((*row)->targets().begin(), (*row)->targets().end());
}

void point(store::Transaction& transaction, const AliasEdits::Edit& edit, const AliasEdits::Targets& targets, bool there) {
    for (const auto& target : targets) {
        auto to = parse_name(target);
        if (!to) continue;
        const auto key = row_key::pointer(to->text(), edit.name.text());
        if (there) transaction.put(key, {});
        else transaction.erase(key);
    }
}

}  // namespace

Result<AliasEdits::Edit*> AliasEdits::edit(const Name& alias) {
    const auto known = edits_.find(alias.text());
    if (known != edits_.end()) return &known->second;
    auto stored = stored_targets(rows_, alias);
    if (!stored) return fail(std::move(stored.error()));
    return &edits_.emplace(alias.text(), Edit{alias, *stored, *stored}).first->second;
}

Result<AliasEdits::Targets> AliasEdits::targets(const Name& alias) {
    const auto known = edits_.find(alias.text());
    if (known != edits_.end()) return known->second.after;
    return stored_targets(rows_, alias);
}

Result<std::vector<Name>> AliasEdits::own(const std::string& address) const {
    auto sources = sources_of(rows_, address);
    if (!sources) return fail(std::move(sources.error()));
    std::vector<Name> out;
    for (const auto& source : *sources) {
        if (source.front() == '@') continue;
        auto name = parse_name(source);
        if (!name) return fail(std::move(name.error()));
        auto targets = stored_targets(rows_, *name);
        if (!targets) return fail(std::move(targets.error()));
        if (targets->size() == 1) out.push_back(std::move(*name));
    }
    return out;
}

Result<void> AliasEdits::set(const Name& alias, Targets targets) {
    auto changed = edit(alias);
    if (!changed) return fail(std::move(changed.error()));
    (*changed)->after = std::move(targets);
    if ((*changed)->after.empty()) return detach(alias.text());
    return {};
}

Result<void> AliasEdits::detach(const std::string& address) {
    std::vector<std::string> pending{address};
    while (!pending.empty()) {
        const auto gone = std::move(pending.back());
        pending.pop_back();
        auto sources = sources_of(rows_, gone);
        if (!sources) return fail(std::move(sources.error()));
        for (const auto& source : *sources) {
            if (source.front() == '@') {
                catch_alls_.insert(source.substr(1));
                continue;
            }
            auto name = parse_name(source);
            if (!name) return fail(std::move(name.error()));
            auto changed = edit(*name);
            if (!changed) return fail(std::move(changed.error()));
            auto& after = (*changed)->after;
            const bool led = std::erase_if(after, [&](const auto& target) { return leads_to(target, gone); }) != 0;
            if (led && after.empty()) pending.push_back(source);
        }
    }
    return {};
}

void erase_aliases(store::Transaction& transaction, const AliasEdits& edits) {
    for (const auto& [address, edit] : edits.edits()) {
        if (edit.before == edit.after) continue;
        point(transaction, edit, edit.before, false);
        if (!edit.before.empty()) transaction.erase(row_key::name(edit.name));
    }
}

void write_aliases(store::Transaction& transaction, const AliasEdits& edits) {
    for (const auto& [address, edit] : edits.edits()) {
        if (edit.before == edit.after || edit.after.empty()) continue;
        StoredName row;
        for (const auto& target : edit.after) row.add_targets(target);
        write_row(transaction, row_key::name(edit.name), row);
        point(transaction, edit, edit.after, true);
    }
}

}  // namespace tayori::spool
