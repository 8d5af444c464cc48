// Intake: mail from smtpd in one commit per message, and uploads (proto/tayori/spool/v1/intake.proto).
#pragma once

#include "spoold/mailbox/mailboxes.h"
#include "spoold/plugin/state.h"
#include "spoold/queue/queue.h"
#include "spoold/queue/volume.h"
#include "tayori/spool/v1/intake.pb.h"

namespace tayori::spool {

struct IntakeOptions {
    VolumeLimits volume;
    std::string hostname;
    mail::DsnLanguage language = mail::DsnLanguage::english;
    bool traces = true;  // false: for measuring what they cost
    // The reverse path of mail that is forwarded: of whom, by which domain of ours (spoold/srs). Only reads.
    std::function<std::string(const std::string& sender, const std::string& domain)> rewrite;
    // Told of mails that a commit has put into the queue, on the committer's thread, before the commit is answered.
    std::function<void(const std::vector<QueuedMail>&)> queued;
    // Told of what plugins could not keep; likewise.
    std::function<void(const std::vector<DroppedState>&)> dropped;
};

class Intake {
  public:
    explicit Intake(const Mailboxes& mailboxes, IntakeOptions options = {})
        : mailboxes_(mailboxes), options_(std::move(options)) {}

    // May this account receive a message of about that size at all? For RCPT, after the directory has resolved it and
    // has looked whether there is room. not_found, too_big.
    Result<void> may_receive(AccountId account, std::uint64_t declared_bytes) const;

    // Every delivery and everything to send in one commit. The body is stored once.
    void commit_plan(Shared<v1::CommitPlan> request, Answer<v1::CommitPlanReply> done);

    // Uploads; they answer at once.
    Result<v1::UploadBeginReply> upload_begin(const v1::UploadBegin& request);
    Result<v1::UploadAppendReply> upload_append(const v1::UploadAppend& request);
    Result<v1::UploadFinishReply> upload_finish(const v1::UploadFinish& request);
    Result<v1::UploadAbandonReply> upload_abandon(const v1::UploadAbandon& request);

  private:
    const Mailboxes& mailboxes_;
    const IntakeOptions options_;
};

}  // namespace tayori::spool
