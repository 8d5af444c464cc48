// The service JobService: the form of mailboxes, and jobs.
#pragma once

#include "spoold/jobs/jobs.h"
#include "spoold/rpc/gate.h"
#include "spoold/rpc/workers.h"
#include "tayori/spool/v1/jobs.grpc.pb.h"

namespace tayori::spool {

class JobService final : public v1::JobService::CallbackService {
  public:
    struct Parts {
        Jobs& jobs;
        Forms& forms;
        Workers& administration;  // plans, lists
        Workers& writer;          // what watchers are told
    };
    JobService(Gate gate, Parts parts) : gate_(gate), parts_(parts) {}

    using Context = grpc::CallbackServerContext;
    using Unary = grpc::ServerUnaryReactor;
    template <class Item>
    using Items = grpc::ServerWriteReactor<Item>;

    Unary* GetImap4(Context*, const v1::GetImap4Request*, v1::Imap4*) override;
    Unary* SetImap4(Context*, const v1::SetImap4Request*, v1::Imap4*) override;
    Unary* PlanJob(Context*, const v1::JobSpec*, v1::JobPlan*) override;
    Unary* StartJob(Context*, const v1::JobSpec*, v1::Job*) override;
    Unary* UndoJob(Context*, const v1::JobRequest*, v1::Job*) override;
    Unary* GetJob(Context*, const v1::JobRequest*, v1::Job*) override;
    Unary* ControlJob(Context*, const v1::ControlJobRequest*, v1::Job*) override;
    Items<v1::Job>* ListJobs(Context*, const v1::ListJobsRequest*) override;
    Items<v1::Job>* WatchJob(Context*, const v1::JobRequest*) override;
    Items<v1::MailboxOutcome>* ReportJob(Context*, const v1::JobRequest*) override;

  private:
    Gate gate_;
    Parts parts_;
};

}  // namespace tayori::spool
