// CREATE, DELETE, RENAME, SUBSCRIBE (RFC 3501 §6.3). A level without a folder of its own exists exactly as long as
// something lies below it, so levels are nowhere written down: they follow from the names.
#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/names.h"

namespace tayori::spool {
namespace {

bool is_folder_use(v1::SpecialUse use) {
    switch (use) {
        case v1::SPECIAL_USE_UNSPECIFIED:
        case v1::SPECIAL_USE_ARCHIVE:
        case v1::SPECIAL_USE_DRAFTS:
        case v1::SPECIAL_USE_JUNK:
        case v1::SPECIAL_USE_SENT:
        case v1::SPECIAL_USE_TRASH: return true;
        default: return false;  // \All and \Flagged are views, not folders (RFC 6154 §2)
    }
}

Result<void> apply_create(AccountTx& box, const std::string& name, v1::SpecialUse use, v1::CreateFolderReply& reply) {
    auto folder = box.create_folder(name, use);
    if (!folder) return fail(std::move(folder.error()));
    auto& wire = *reply.mutable_folder();
    (*folder)->record.to_wire((*folder)->id, wire);
    wire.set_subscribed(box.tx().get(keys::subscription(box.id(), name)).has_value());
    box.save();
    return {};
}

Result<void> apply_delete(AccountTx& box, const std::string& name, ChangeSet& changes) {
    auto folder = box.folder_named(name);
    if (!folder && folder.error().kind == Kind::unsupported) {
        return fail(Kind::exists, "There are mailboxes below this name.");
    }
    if (!folder) return fail(std::move(folder.error()));
    auto change = box.start_change(**folder);
    if (auto deleted = box.delete_folder(**folder, change); !deleted) return deleted;
    box.save();
    changes.push_back(std::move(change));
    return {};
}

struct Below {
    FolderId id{};
    std::string name;
};

std::vector<Below> folders_below(AccountTx& box, const std::string& name) {
    std::vector<Below> below;
    const auto range = keys::names_below(box.id(), name);
    box.tx().scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        below.push_back({FolderId{decode_number(std::string(value), 0)}, std::string(keys::name_of_key(key))});
        return true;
    });
    return below;
}

Result<void> rename_all(AccountTx& box, const std::vector<Below>& folders, const std::string& from,
                        const std::string& to) {
    for (const auto& below : folders) {
        const auto name = to + below.name.substr(from.size());
        if (auto checked = canonical_name(name); !checked) return fail(std::move(checked.error()));
        auto folder = box.folder(below.id);
        if (!folder) return fail(std::move(folder.error()));
        if (auto renamed = box.rename_folder(**folder, name); !renamed) return renamed;
    }
    return {};
}

Result<void> apply_rename(AccountTx& box, const std::string& from, const std::string& to, ChangeSet& changes) {
    if (box.find_name(to) || box.has_children(to)) return fail(Kind::exists, "The mailbox exists already.");
    if (from == kInbox) {
        Change change;
        auto old = box.replace_inbox(to, change);
        if (!old) return fail(std::move(old.error()));
        box.save();
        changes.push_back(std::move(change));
        return {};
    }
    auto folders = folders_below(box, from);
    if (const auto id = box.find_name(from)) folders.push_back({*id, from});
    if (folders.empty()) return fail(Kind::not_found, "No such mailbox.");
    if (auto renamed = rename_all(box, folders, from, to); !renamed) return renamed;
    box.save();
    return {};
}

Result<void> apply_subscribe(AccountTx& box, const std::string& name, bool subscribed) {
    const bool is = box.tx().get(keys::subscription(box.id(), name)).has_value();
    if (is == subscribed) return {};
    if (!subscribed) {
        box.remove_subscription(name);
    } else if (auto added = box.add_subscription(name); !added) {
        return added;
    }
    box.save();
    return {};
}

// Opens the account and applies.
template <class Reply, class Apply>
void submit_on_box(const Mailboxes::Parts& parts, AccountId account, store::Effect effect, Apply apply,
                   Answer<Reply> done) {
    submit_write<Reply>(
        parts, account, effect,
        [&parts, account, apply = std::move(apply)](store::Transaction& transaction, Reply& reply,
                                                    ChangeSet& changes) -> Result<void> {
            auto box = AccountTx::open(transaction, parts, account);
            if (!box) return fail(std::move(box.error()));
            return apply(*box, reply, changes);
        },
        std::move(done));
}

}  // namespace

void Mailboxes::create_folder(AccountId account, Shared<v1::CreateFolder> request,
                              Answer<v1::CreateFolderReply> done) {
    auto name = canonical_name(request->name());
    if (!name) return done(fail(std::move(name.error())));
    if (!is_folder_use(request->special_use())) return done(fail(Kind::unsupported, "No such special use."));
    submit_on_box<v1::CreateFolderReply>(
        *parts_, account, store::Effect::grows,
        [name = std::move(*name), use = request->special_use()](AccountTx& box, v1::CreateFolderReply& reply,
                                                                ChangeSet&) {
            return apply_create(box, name, use, reply);
        },
        std::move(done));
}

void Mailboxes::delete_folder(AccountId account, Shared<v1::DeleteFolder> request,
                              Answer<v1::DeleteFolderReply> done) {
    auto name = canonical_name(request->name());
    if (!name) return done(fail(Kind::not_found, "No such mailbox."));
    if (*name == kInbox) return done(fail(Kind::denied, "INBOX can't be deleted."));
    submit_on_box<v1::DeleteFolderReply>(
        *parts_, account, store::Effect::shrinks,
        [name = std::move(*name)](AccountTx& box, v1::DeleteFolderReply&, ChangeSet& changes) {
            return apply_delete(box, name, changes);
        },
        std::move(done));
}

void Mailboxes::rename_folder(AccountId account, Shared<v1::RenameFolder> request,
                              Answer<v1::RenameFolderReply> done) {
    auto from = canonical_name(request->from());
    if (!from) return done(fail(Kind::not_found, "No such mailbox."));
    auto to = canonical_name(request->to());
    if (!to) return done(fail(std::move(to.error())));
    if (*to == kInbox) return done(fail(Kind::exists, "The mailbox exists already."));
    if (*from != kInbox && to->starts_with(*from + "/")) {
        return done(fail(Kind::unsupported, "A mailbox can't be moved below itself."));
    }
    submit_on_box<v1::RenameFolderReply>(
        *parts_, account, store::Effect::grows,
        [from = std::move(*from), to = std::move(*to)](AccountTx& box, v1::RenameFolderReply&,
                                                       ChangeSet& changes) {
            return apply_rename(box, from, to, changes);
        },
        std::move(done));
}

void Mailboxes::set_subscribed(AccountId account, Shared<v1::SetSubscribed> request,
                               Answer<v1::SetSubscribedReply> done) {
    auto name = canonical_name(request->name());
    if (!name) return done(fail(std::move(name.error())));
    submit_on_box<v1::SetSubscribedReply>(
        *parts_, account, store::Effect::grows,
        [name = std::move(*name), subscribed = request->subscribed()](AccountTx& box, v1::SetSubscribedReply&,
                                                                      ChangeSet&) {
            return apply_subscribe(box, name, subscribed);
        },
        std::move(done));
}

}  // namespace tayori::spool
