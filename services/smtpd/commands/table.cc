#include "smtpd/commands/table.h"

namespace tayori::smtp {
namespace {

constexpr CommandRow kCommands[] = {
    // verb       handler       errors are about
    {"EHLO", cmd_ehlo, Stage::session},
    {"HELO", cmd_helo, Stage::session},
    {"LHLO", cmd_lhlo, Stage::session},
    {"STARTTLS", cmd_starttls, Stage::session},
    {"AUTH", cmd_auth, Stage::session},
    {"MAIL", cmd_mail, Stage::sender},
    {"RCPT", cmd_rcpt, Stage::recipient},
    {"DATA", cmd_data, Stage::message},
    {"BDAT", cmd_bdat, Stage::message},
    {"RSET", cmd_rset, Stage::session},
    {"NOOP", cmd_noop, Stage::session},
    {"VRFY", cmd_vrfy, Stage::session},
    {"HELP", cmd_help, Stage::session},
    {"QUIT", cmd_quit, Stage::session},
};

}  // namespace

const CommandRow* find_command(std::string_view verb) {
    for (const auto& row : kCommands)
        if (row.verb == verb) return &row;
    return nullptr;
}

}  // namespace tayori::smtp
