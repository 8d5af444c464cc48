#include "spoold/intake/intake.h"

#include "spoold/intake/new_mail.h"
#include "spoold/mailbox/parts.h"

namespace tayori::spool {

Result<void> Intake::may_receive(AccountId account, std::uint64_t declared_bytes) const {
    const auto& parts = mailboxes_.parts();
    if (declared_bytes > parts.settings.message_bytes_max) return fail(Kind::too_big, "The message is too large.");
    const auto limits = parts.limits.committed(raw(account));
    if (!limits) return fail(limits.error());
    if (!limits->receives) return fail(Kind::not_found, "No such mailbox.");
    return {};
}

Result<v1::UploadBeginReply> Intake::upload_begin(const v1::UploadBegin&) {
    const auto upload = mailboxes_.parts().store.staging().begin();
    if (!upload) return fail(upload.error());
    v1::UploadBeginReply reply;
    reply.set_upload_id(static_cast<std::uint64_t>(*upload));
    return reply;
}

Result<v1::UploadAppendReply> Intake::upload_append(const v1::UploadAppend& request) {
    if (request.data().size() > kUploadPieceBytesMax) return fail(Kind::invalid, "The piece is too long.");
    auto done = mailboxes_.parts().store.staging().append(store::UploadId{request.upload_id()}, request.data());
    if (!done) return fail(as_upload_error(std::move(done.error())));
    return v1::UploadAppendReply();
}

Result<v1::UploadFinishReply> Intake::upload_finish(const v1::UploadFinish& request) {
    const auto& parts = mailboxes_.parts();
    const store::UploadId upload{request.upload_id()};
    const auto bytes = parts.store.staging().finish(upload);
    if (!bytes) return fail(as_upload_error(bytes.error()));
    if (*bytes > parts.settings.message_bytes_max) {
        parts.store.staging().abandon(upload);
        return fail(Kind::too_big, "The message is too large.");
    }
    v1::UploadFinishReply reply;
    reply.set_bytes(*bytes);
    return reply;
}

Result<v1::UploadAbandonReply> Intake::upload_abandon(const v1::UploadAbandon& request) {
    mailboxes_.parts().store.staging().abandon(store::UploadId{request.upload_id()});
    return v1::UploadAbandonReply();
}

}  // namespace tayori::spool
