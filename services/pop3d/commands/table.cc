#include "pop3d/commands/table.h"

namespace tayori::pop3 {
namespace {

constexpr CommandRow kCommands[] = {
    // verb   handler   allowed in
    {"CAPA", cmd_capa, authorization | transaction},
    {"USER", cmd_user, authorization},
    {"PASS", cmd_pass, authorization},
    {"AUTH", cmd_auth, authorization},
    {"STLS", cmd_stls, authorization},
    {"STAT", cmd_stat, transaction},
    {"LIST", cmd_list, transaction},
    {"UIDL", cmd_uidl, transaction},
    {"RETR", cmd_retr, transaction},
    {"TOP", cmd_top, transaction},
    {"DELE", cmd_dele, transaction},
    {"RSET", cmd_rset, transaction},
    {"NOOP", cmd_noop, transaction},
    {"QUIT", cmd_quit, authorization | transaction},
};

}  // namespace

const CommandRow* find_command(std::string_view verb) {
    for (const auto& row : kCommands)
        if (row.verb == verb) return &row;
    return nullptr;
}

}  // namespace tayori::pop3
