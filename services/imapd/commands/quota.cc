// GETQUOTA and GETQUOTAROOT (RFC 9208 §4.1): one root, named "", for the whole account.
//
//   C: a1 GETQUOTAROOT INBOX
//   S: * QUOTAROOT INBOX ""
//   S: * QUOTA "" (STORAGE 10 512 MESSAGE 3 1000)
//   S: a1 OK GETQUOTAROOT completed
#include "common/base/text.h"
#include "imapd/commands/table.h"

namespace tayori::imap {
namespace {

// Only resources that have a limit are listed; STORAGE counts in units of 1024 octets, rounded up
// (RFC 9208 §5.1).
std::string describe(const v1::GetQuotaReply& quota) {
    const auto kib = [](std::uint64_t bytes) { return bytes / 1024 + (bytes % 1024 != 0 ? 1 : 0); };
    std::string resources;
    if (quota.bytes_limit() > 0)
        append(resources, "STORAGE ", kib(quota.bytes_used()), ' ', quota.bytes_limit() / 1024);
    if (quota.messages_limit() > 0) {
        append(resources, resources.empty() ? "" : " ", "MESSAGE ", quota.messages_used(), ' ',
               quota.messages_limit());
    }
    return cat("* QUOTA \"\" (", resources, ")\r\n");
}

// An account without limits has no root: an empty list would be no legal QUOTA response (RFC 9208
// §7).
bool is_limited(const v1::GetQuotaReply& quota) {
    return quota.bytes_limit() > 0 || quota.messages_limit() > 0;
}

}  // namespace

Async<Reply> cmd_getquota(Session& session, Args args) {
    const auto root = co_await args.astring();
    co_await args.end();
    const auto quota = co_await session.call(v1::GetQuota());
    if (!root.empty() || !is_limited(quota)) co_await fail(Kind::not_found, "No such quota root.");
    co_await session.conn().write(describe(quota));
    co_return Reply::ok("GETQUOTA completed");
}

Async<Reply> cmd_getquotaroot(Session& session, Args args) {
    const auto mailbox = co_await args.mailbox();
    co_await args.end();
    // A mailbox need not exist to have a root: this is asked before CREATE, too (RFC 9208 §4.1.2).
    const auto quota = co_await session.call(v1::GetQuota());
    std::string out = "* QUOTAROOT ";
    append_mailbox(out, mailbox);
    out.append(is_limited(quota) ? " \"\"\r\n" : "\r\n");
    if (is_limited(quota)) out.append(describe(quota));
    co_await session.conn().write(std::move(out));
    co_return Reply::ok("GETQUOTAROOT completed");
}

}  // namespace tayori::imap
