#include "spoold/rpc/bulk_service.h"

#include <atomic>

#include "spoold/directory/limits.h"
#include "spoold/rpc/limits.h"
#include "spoold/rpc/unary.h"

namespace tayori::spool {

namespace {

using Context = grpc::CallbackServerContext;
using Work = std::function<Result<v1::AccountsPlan>(v1::AccountsTable, const std::function<bool()>&)>;

// A table as it comes in; then one job of the worker, which outlives a client that has gone.
class TableReader final : public grpc::ServerReadReactor<v1::AccountsPart> {
  public:
    static TableReader* make(Workers& workers, const Gate& gate, Context* context,
                             v1::AccountsPlan* reply, Work work) {
        std::shared_ptr<TableReader> reader(new TableReader(workers, reply, std::move(work)));
        reader->self_ = reader;
        if (gate.is_admin(*context)) reader->StartRead(&reader->part_);
        else reader->Finish(kNotAdmin);
        return reader.get();
    }

  private:
    TableReader(Workers& workers, v1::AccountsPlan* reply, Work work)
        : workers_(workers), reply_(reply), work_(std::move(work)) {}

    void OnReadDone(bool more) override {
        if (!more) return run();
        bytes_ += part_.ByteSizeLong();
        if (bytes_ > kTableBytesMax)
            return Finish(rpc::to_status(Error::make(Kind::too_big, "The table is too large: divide it by domains.")));
        if (part_.has_options()) *table_.mutable_options() = std::move(*part_.mutable_options());
        for (auto& row : *part_.mutable_rows()->mutable_rows()) *table_.add_rows() = std::move(row);
        StartRead(&part_);
    }
    void run() {
        if (cancelled_) return Finish(grpc::Status::CANCELLED);
        workers_.post([self = self_] {
            auto plan = self->work_(std::move(self->table_), [self] { return !self->cancelled_; });
            if (plan) *self->reply_ = std::move(*plan);
            self->Finish(rpc::to_status(plan));
        });
    }
    void OnCancel() override { cancelled_ = true; }
    void OnDone() override { auto self = std::move(self_); }

    Workers& workers_;
    v1::AccountsPlan* reply_;
    Work work_;
    std::shared_ptr<TableReader> self_;
    v1::AccountsPart part_;
    v1::AccountsTable table_;
    std::size_t bytes_ = 0;
    std::atomic<bool> cancelled_ = false;
};

}  // namespace

grpc::ServerReadReactor<v1::AccountsPart>* BulkService::PlanAccounts(Context* context,
                                                                     v1::AccountsPlan* reply) {
    return TableReader::make(workers_, gate_, context, reply,
                             [bulk = bulk_](v1::AccountsTable table, const auto& going) {
                                 return bulk.plan(std::move(table), going);
                             });
}

grpc::ServerReadReactor<v1::AccountsPart>* BulkService::ApplyAccounts(Context* context,
                                                                      v1::AccountsPlan* reply) {
    return TableReader::make(workers_, gate_, context, reply,
                             [bulk = bulk_](v1::AccountsTable table, const auto& going) {
                                 return bulk.apply(std::move(table), going);
                             });
}

grpc::ServerUnaryReactor* BulkService::RollBackAccounts(Context* context,
                                                        const v1::RollBackRequest* request,
                                                        v1::AccountsPlan* reply) {
    return unary_on(workers_, gate_, context, reply,
                    [bulk = bulk_, request] { return bulk.roll_back(*request); });
}

grpc::ServerWriteReactor<v1::BulkChange>* BulkService::ListBulkChanges(
    Context* context, const v1::ListBulkChangesRequest*) {
    return items<v1::BulkChange>(workers_, gate_, context,
                                 [bulk = bulk_](const auto& visit) { return bulk.list(visit); });
}

}  // namespace tayori::spool
