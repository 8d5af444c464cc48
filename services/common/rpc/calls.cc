#include "common/rpc/calls.h"

#include "common/rpc/limits.h"

namespace tayori::rpc {

bool is_repeatable(const v1::Call& call) {
    switch (call.request_case()) {
        case v1::Call::kCommitPlan:
            return !call.commit_plan().request_id().empty();
        case v1::Call::kAppend:
            return !call.append().request_id().empty();
        case v1::Call::kCopyMessages:
            return !call.copy_messages().request_id().empty();
        case v1::Call::kReportMail:
        case v1::Call::kReclaimLeases:
            return true;  // what is settled stays settled
        default:
            return false;
    }
}

Channel channel_of(const v1::Call& call, Channel usual) {
    std::size_t bytes = 0;
    if (call.has_commit_plan()) bytes = call.commit_plan().bytes().size();
    if (call.has_append()) bytes = call.append().bytes().size();
    return bytes > kControlBytesMax ? Channel::bulk : usual;
}

}  // namespace tayori::rpc
