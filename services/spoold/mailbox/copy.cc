// COPY and MOVE (RFC 3501 §6.4.7, RFC 6851): all or nothing, in one commit. A copy is another reference of the same
// message with a UIDL of its own; what is moved keeps its UIDL (design.md §3). No body is touched.
#include "spoold/intake/outcomes.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/names.h"
#include "spoold/mailbox/trash.h"

namespace tayori::spool {
namespace {

struct CopyPlan {
    UidSet uids;
    std::string target;
    std::uint64_t seed = 0;
};

class CopyTx {
  public:
    CopyTx(AccountTx& box, const CopyPlan& plan, FolderTx& source, FolderTx& target)
        : box_(box), plan_(plan), source_(source), target_(target) {}

    Result<std::vector<Reference>> copied() {
        std::vector<Reference> references;
        std::uint64_t bytes = 0;
        FolderPages pages(box_.tx(), source_.id, source_.record);
        const auto visited = pages.visit(plan_.uids, [&](Reference&& reference) {
            bytes += reference.bytes;
            references.push_back(std::move(reference));
        });
        if (!visited) return fail(visited.error());
        if (references.empty()) return fail(Kind::not_found, "No such message.");
        if (auto room = box_.check_room(target_, bytes, references.size()); !room) return fail(room.error());
        if (auto uids = AccountTx::check_uids(target_, references.size()); !uids) return fail(uids.error());
        auto seed = plan_.seed;
        for (auto& reference : references) {
            auto kept = retain_message(box_.tx(), box_.id(), reference.message);
            if (!kept) return fail(std::move(kept.error()));
            reference.uidl.clear();
            reference.uidl_random = next_random(seed);
        }
        return references;
    }

    Result<std::vector<Reference>> moved(Change& change) {
        if (auto uids = AccountTx::check_uids(target_, source_.record.messages); !uids) return fail(uids.error());
        const auto every = [](Uid, std::uint8_t) { return true; };
        auto references = box_.remove(source_, plan_.uids, every, AccountTx::Goes::elsewhere, change);
        if (references && references->empty()) return fail(Kind::not_found, "No such message.");
        return references;
    }

  private:
    AccountTx& box_;
    const CopyPlan& plan_;
    FolderTx& source_;
    FolderTx& target_;
};

Result<void> apply_copy(store::Transaction& transaction, const Mailboxes::Parts& parts, AccountId account,
                        const v1::CopyMessages& request, const CopyPlan& plan, v1::CopyMessagesReply& reply,
                        ChangeSet& changes) {
    if (repeat_reply(transaction, account, request.request_id(), reply)) return {};
    auto box = AccountTx::open(transaction, parts, account);
    if (!box) return fail(std::move(box.error()));
    auto source = box->folder(FolderId{request.folder_id()});
    if (!source) return fail(std::move(source.error()));
    const auto target_id = box->find_name(plan.target);
    if (!target_id) return fail(Kind::no_target, "No such mailbox.");
    auto target = box->folder(*target_id);
    if (!target) return fail(std::move(target.error()));

    CopyTx copy(*box, plan, **source, **target);
    auto leaving = box->start_change(**source);
    auto references = request.move() ? copy.moved(leaving) : copy.copied();
    if (!references) return fail(std::move(references.error()));
    UidSet source_uids;
    for (const auto& reference : *references) source_uids.add_last(reference.uid);
    auto arriving = box->start_change(**target);
    const auto first = (*target)->record.uid_next;
    const auto count = static_cast<Uid>(references->size());
    if (auto appended = box->append(**target, std::move(*references), arriving); !appended) return appended;
    if (auto named = box->name_keywords(arriving); !named) return named;

    reply.set_uid_validity((*target)->record.uid_validity);
    source_uids.to_wire(reply.mutable_source());
    UidSet(first, first + count - 1).to_wire(reply.mutable_target());
    reply.set_modseq(leaving.modseq);
    box->save();
    keep_reply(transaction, account, request.request_id(), reply);
    // Within one folder both are one change with one modseq.
    if (*source == *target) {
        arriving.expunged = std::move(leaving.expunged);
    } else if (request.move()) {
        changes.push_back(std::move(leaving));
    }
    changes.push_back(std::move(arriving));
    return {};
}

}  // namespace

void Mailboxes::copy_messages(AccountId account, Shared<v1::CopyMessages> request,
                              Answer<v1::CopyMessagesReply> done) {
    if (auto checked = check_request_id(request->request_id()); !checked) {
        return done(fail(std::move(checked.error())));
    }
    auto target = canonical_name(request->target_name());
    if (!target) return done(fail(Kind::no_target, "No such mailbox."));
    auto uids = UidSet::of(request->uids());
    if (!uids) return done(fail(std::move(uids.error())));
    auto plan = std::make_shared<const CopyPlan>(CopyPlan{std::move(*uids), std::move(*target), random_seed()});
    const auto effect = request->move() ? store::Effect::shrinks : store::Effect::grows;
    submit_write<v1::CopyMessagesReply>(
        *parts_, account, effect,
        [parts = parts_.get(), account, request, plan](store::Transaction& transaction,
                                                       v1::CopyMessagesReply& reply, ChangeSet& changes) {
            return apply_copy(transaction, *parts, account, *request, *plan, reply, changes);
        },
        std::move(done));
}

}  // namespace tayori::spool
