// adminctl imap4 enable|disable|status: the old server's check box.
#include "adminctl/context.h"

namespace tayori::admin {
namespace {

std::string imap4_text(const v1::Imap4& imap4) {
    auto out = cat("IMAP4 is ", imap4.enabled() ? "in use" : "not in use: IMAP logins are refused", ".",
                   imap4.pinned() ? " The setting imap4.enabled says so." : "", "\n");
    append(out, "New mailboxes are in ", imap4.enabled() ? "IMAP4" : "POP3", " form.\n");
    append(out, "Mailboxes in IMAP4 form  ", imap4.imap4_mailboxes(), "\nMailboxes in POP3 form   ", imap4.pop3_mailboxes(), "\n");
    if (imap4.enabled() && imap4.pop3_mailboxes() != 0) {
        out += imap4.convert_at_login() ? "Those in POP3 form are converted at their first IMAP login.\n"
                                        : "`adminctl convert start` converts those in POP3 form; until then their IMAP logins are "
                                          "refused.\n";
    }
    return out;
}

Result<ExitStatus> set(Context& context, bool enabled) {
    v1::SetImap4Request request;
    request.set_enabled(enabled);
    return call<v1::Imap4>(context, &rpc::AdminClient::set_imap4, request, imap4_text);
}

}  // namespace

void add_imap4_command(CLI::App& app, Context& context) {
    auto* imap4 = group(app, "imap4", "is IMAP4 in use at this site?");
    command(*imap4, context, "enable", "lets IMAP in; new mailboxes are in IMAP4 form. Converts nothing",
            [&context] { return set(context, true); });
    command(*imap4, context, "disable", "POP3 only: IMAP logins are refused with a word about it. Converts nothing",
            [&context] { return set(context, false); });
    command(*imap4, context, "status", "shows the switch, and how many mailboxes are in which form", [&context] {
        return call<v1::Imap4>(context, &rpc::AdminClient::get_imap4, v1::GetImap4Request(), imap4_text);
    });
}

}  // namespace tayori::admin
