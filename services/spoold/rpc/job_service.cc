#include "spoold/rpc/job_service.h"

#include "spoold/jobs/records.h"
#include "spoold/rpc/unary.h"

namespace tayori::spool {
namespace {

// One who watches a job. The job's thread only rings; what there is to tell is read and written by the writer's thread, the
// newest state at a time, so that a slow reader misses steps and holds up nothing.
class JobStream final : public grpc::ServerWriteReactor<v1::Job> {
  public:
    static JobStream* open(Jobs& jobs, Workers& writer, std::uint64_t job_id) {
        std::shared_ptr<JobStream> stream(new JobStream(jobs, writer, job_id));
        stream->self_ = stream;
        std::weak_ptr<JobStream> weak = stream;
        stream->watch_ = jobs.watch([weak] {
            if (auto alive = weak.lock()) alive->ring();
        });
        stream->ring();
        return stream.get();
    }

  private:
    JobStream(Jobs& jobs, Workers& writer, std::uint64_t job_id) : jobs_(jobs), writer_(writer), job_id_(job_id) {}

    void ring() {
        if (rung_.exchange(true)) return;
        if (auto self = shared()) writer_.post([self] { self->step(); });
    }
    std::shared_ptr<JobStream> shared() {
        std::lock_guard lock(mutex_);
        return self_;
    }
    void step() {
        rung_ = false;
        auto job = jobs_.get(job_id_);
        std::lock_guard lock(mutex_);
        if (over_ || writing_) {
            behind_ = true;
            return;
        }
        if (!job) return end(rpc::to_status(job));
        job_id_ = job->job_id();  // the latest, when watching began
        const bool last = !is_active(*job);
        const bool news = job->SerializeAsString() != told_.SerializeAsString();
        if (!news) {
            if (last) end(grpc::Status::OK);
            return;
        }
        told_ = std::move(*job);
        writing_ = true;
        behind_ = last;  // the end comes behind this
        StartWrite(&told_);
    }
    void end(const grpc::Status& status) {
        over_ = true;
        Finish(status);
    }
    void OnWriteDone(bool ok) override {
        bool more = false;
        {
            std::lock_guard lock(mutex_);
            writing_ = false;
            if (!over_ && !ok) return end(grpc::Status::CANCELLED);
            more = std::exchange(behind_, false);
        }
        if (more) ring();
    }
    void OnCancel() override {
        std::lock_guard lock(mutex_);
        if (!over_ && !writing_) end(grpc::Status::CANCELLED);
    }
    void OnDone() override {
        jobs_.unwatch(watch_);
        std::shared_ptr<JobStream> self;
        {
            std::lock_guard lock(mutex_);
            self.swap(self_);
        }
        // Dropped here, unless the writer's thread is still looking at it.
    }

    Jobs& jobs_;
    Workers& writer_;
    std::uint64_t job_id_;
    std::uint64_t watch_ = 0;
    std::atomic<bool> rung_{false};
    std::mutex mutex_;
    std::shared_ptr<JobStream> self_;
    v1::Job told_;
    bool writing_ = false;
    bool behind_ = false;
    bool over_ = false;
};

class Refused final : public grpc::ServerWriteReactor<v1::Job> {
  public:
    Refused() { Finish(kNotAdmin); }
    void OnDone() override { delete this; }
};

}  // namespace

JobService::Unary* JobService::GetImap4(Context* context, const v1::GetImap4Request*, v1::Imap4* reply) {
    return unary_on(parts_.administration, gate_, context, reply, [this] { return parts_.forms.show(); });
}

JobService::Unary* JobService::SetImap4(Context* context, const v1::SetImap4Request* request, v1::Imap4* reply) {
    return unary(gate_, context, reply, [&](auto done) { parts_.forms.set_imap4(request->enabled(), done); });
}

JobService::Unary* JobService::PlanJob(Context* context, const v1::JobSpec* request, v1::JobPlan* reply) {
    return unary_on(parts_.administration, gate_, context, reply, [this, request] { return parts_.jobs.plan(*request); });
}

JobService::Unary* JobService::StartJob(Context* context, const v1::JobSpec* request, v1::Job* reply) {
    return unary(gate_, context, reply, [&](auto done) {
        parts_.administration.post([this, request, done] { parts_.jobs.start_job(*request, done); });
    });
}

JobService::Unary* JobService::UndoJob(Context* context, const v1::JobRequest* request, v1::Job* reply) {
    return unary(gate_, context, reply, [&](auto done) { parts_.jobs.undo(*request, done); });
}

JobService::Unary* JobService::GetJob(Context* context, const v1::JobRequest* request, v1::Job* reply) {
    return unary(gate_, context, reply, [&](auto done) { done(parts_.jobs.get(request->job_id())); });
}

JobService::Unary* JobService::ControlJob(Context* context, const v1::ControlJobRequest* request, v1::Job* reply) {
    return unary(gate_, context, reply, [&](auto done) { parts_.jobs.control(*request, done); });
}

JobService::Items<v1::Job>* JobService::ListJobs(Context* context, const v1::ListJobsRequest*) {
    return items<v1::Job>(parts_.administration, gate_, context,
                          [this](const std::function<bool(const v1::Job&)>& visit) { return parts_.jobs.list(visit); });
}

JobService::Items<v1::Job>* JobService::WatchJob(Context* context, const v1::JobRequest* request) {
    if (!gate_.is_admin(*context)) return new Refused();
    return JobStream::open(parts_.jobs, parts_.writer, request->job_id());
}

JobService::Items<v1::MailboxOutcome>* JobService::ReportJob(Context* context, const v1::JobRequest* request) {
    return items<v1::MailboxOutcome>(
        parts_.administration, gate_, context,
        [this, id = *request](const std::function<bool(const v1::MailboxOutcome&)>& visit) {
            return parts_.jobs.report(id, visit);
        });
}

}  // namespace tayori::spool
