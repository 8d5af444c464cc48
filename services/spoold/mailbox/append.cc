// APPEND (RFC 3501 §6.3.11): one message into one folder, by its owner.
#include "spoold/intake/new_mail.h"
#include "spoold/intake/outcomes.h"
#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/names.h"

namespace tayori::spool {
namespace {


struct Prepared {
    std::string target;
    NewMail mail;
};

Result<void> apply_append(store::Transaction& transaction, const Mailboxes::Parts& parts, AccountId account,
                          const v1::Append& request, const Prepared& prepared, v1::AppendReply& reply,
                          ChangeSet& changes) {
    if (repeat_reply(transaction, account, request.request_id(), reply)) return {};
    auto box = AccountTx::open(transaction, parts, account);
    if (!box) return fail(std::move(box.error()));
    const auto id = box->find_name(prepared.target);
    if (!id) return fail(Kind::no_target, "No such mailbox.");
    auto folder = box->folder(*id);
    if (!folder) return fail(std::move(folder.error()));
    auto body = BodyTx::store(transaction, prepared.mail);
    if (!body) return fail(std::move(body.error()));
    if (auto room = box->check_room(**folder, body->bytes(), 1); !room) return room;
    if (auto uids = AccountTx::check_uids(**folder, 1); !uids) return uids;
    auto keywords = box->keyword_ids(request.keywords());
    if (!keywords) return fail(std::move(keywords.error()));

    Placement to;
    to.message = MessageId{take_numbers(transaction, keys::kNextMessageId, 1)};
    to.flags = static_cast<std::uint8_t>(request.flags() & kSystemFlags);
    to.keywords = std::move(*keywords);
    to.internal_date_s = request.internal_date_s();
    to.zone_minutes = request.zone_minutes();
    auto seed = prepared.mail.seed;
    auto stored = place_mail(*box, **folder, prepared.mail, *body, std::move(to), next_random(seed), changes);
    if (!stored) return fail(std::move(stored.error()));
    reply.set_folder_id(raw((*folder)->id));
    reply.set_uid_validity((*folder)->record.uid_validity);
    reply.set_uid(stored->uid);
    reply.set_modseq(stored->modseq);
    keep_reply(transaction, account, request.request_id(), reply);
    return {};
}

}  // namespace

void Mailboxes::append(AccountId account, Shared<v1::Append> request, Answer<v1::AppendReply> done) {
    if (auto checked = check_request_id(request->request_id()); !checked) {
        return done(fail(std::move(checked.error())));
    }
    auto target = canonical_name(request->target_name());
    if (!target) return done(fail(Kind::no_target, "No such mailbox."));
    auto mail = prepare_mail(*request, parts_->settings);
    if (!mail) return done(fail(std::move(mail.error())));
    auto prepared = std::make_shared<const Prepared>(Prepared{std::move(*target), std::move(*mail)});
    submit_write<v1::AppendReply>(
        *parts_, account, store::Effect::grows,
        [parts = parts_.get(), account, request, prepared](store::Transaction& transaction, v1::AppendReply& reply,
                                                           ChangeSet& changes) {
            return apply_append(transaction, *parts, account, *request, *prepared, reply, changes);
        },
        // The store reads the bytes until then.
        [request, prepared, done = std::move(done)](Result<v1::AppendReply> reply) { done(std::move(reply)); });
}

}  // namespace tayori::spool
