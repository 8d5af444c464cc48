#include "spoold/rpc/roles.h"

namespace tayori::spool {

Role role_of(std::string_view program) {
    if (program == "smtpd") return {.daemon = true, .delivery = true, .uploads = true};
    if (program == "imapd") return {.daemon = true, .uploads = true};
    if (program == "pop3d") return {.daemon = true};
    if (program == "adminctl") return {.admin = true};
    if (program == "fetch") return {.fetch = true};
    return {};
}

Role role_at(Entry entry, std::string_view program, std::string_view common_name) {
    switch (entry) {
        case Entry::daemons: {
            Role role = role_of(program);
            role.admin = role.fetch = false;
            return role;
        }
        case Entry::administration:
            return {.admin = true};
        case Entry::certificates:
            // A program speaks for itself only.
            return program.empty() || program == common_name ? role_of(common_name) : Role{};
    }
    return {};
}

bool may_call(const Role& role, v1::Call::RequestCase request) {
    switch (request) {
        case v1::Call::kResolve:
        case v1::Call::kCheckSender:
        case v1::Call::kCommitPlan:
        case v1::Call::kLeaseMail:
        case v1::Call::kFetchQueued:
        case v1::Call::kReportMail:
        case v1::Call::kEndLease:
        case v1::Call::kReclaimLeases:
        case v1::Call::kSignDkim:
        case v1::Call::kLeasePluginWork:
            return role.delivery;
        case v1::Call::kUploadBegin:
        case v1::Call::kUploadAppend:
        case v1::Call::kUploadFinish:
        case v1::Call::kUploadAbandon:
            return role.uploads;
        default:
            return role.daemon;
    }
}

}  // namespace tayori::spool
