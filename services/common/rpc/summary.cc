#include "common/rpc/summary.h"

#include <utility>

namespace tayori::rpc {

namespace v1 = ::tayori::spool::v1;

void put_summary(mail::Summary summary, v1::Summary& out) {
    out.set_envelope(std::move(summary.envelope));
    out.set_bodystructure(std::move(summary.bodystructure));
    out.set_header_bytes(static_cast<std::uint32_t>(summary.header_bytes));
    out.set_parts(std::move(summary.parts));
    if (summary.sent) out.set_sent_s(summary.sent->unix_s);
    out.set_base_subject(std::move(summary.subject_key));
    out.set_message_id(std::move(summary.message_id));
    for (auto& reference : summary.references) out.add_references(std::move(reference));
    if (summary.header_is_whole()) out.set_header(std::move(summary.header));
}

}  // namespace tayori::rpc
