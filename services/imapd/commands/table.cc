#include "imapd/commands/table.h"

namespace tayori::imap {
namespace {

constexpr unsigned any = not_authenticated | authenticated | selected;
constexpr unsigned logged_in = authenticated | selected;
constexpr auto told = Expunges::told;
// RFC 3501 §7.4.1: no EXPUNGE "while responding to a FETCH, STORE, or SEARCH command"; their UID
// forms may.
constexpr auto withheld = Expunges::withheld;

// clang-format off
const CommandRow kCommands[] = {
    // name           handler           allowed in         EXPUNGE   by UID
    {"CAPABILITY",    cmd_capability,   any,               told,     false},
    {"NOOP",          cmd_noop,         any,               told,     false},
    {"LOGOUT",        cmd_logout,       any,               withheld, false},
    {"ID",            cmd_id,           any,               told,     false},
    {"STARTTLS",      cmd_starttls,     not_authenticated, told,     false},
    {"AUTHENTICATE",  cmd_authenticate, not_authenticated, told,     false},
    {"LOGIN",         cmd_login,        not_authenticated, told,     false},
    {"ENABLE",        cmd_enable,       logged_in,         told,     false},
    {"SELECT",        cmd_select,       logged_in,         told,     false},
    {"EXAMINE",       cmd_examine,      logged_in,         told,     false},
    {"CREATE",        cmd_create,       logged_in,         told,     false},
    {"DELETE",        cmd_delete,       logged_in,         told,     false},
    {"RENAME",        cmd_rename,       logged_in,         told,     false},
    {"SUBSCRIBE",     cmd_subscribe,    logged_in,         told,     false},
    {"UNSUBSCRIBE",   cmd_unsubscribe,  logged_in,         told,     false},
    {"LIST",          cmd_list,         logged_in,         told,     false},
    {"LSUB",          cmd_lsub,         logged_in,         told,     false},
    {"NAMESPACE",     cmd_namespace,    logged_in,         told,     false},
    {"STATUS",        cmd_status,       logged_in,         told,     false},
    {"APPEND",        cmd_append,       logged_in,         told,     false},
    {"GETQUOTA",      cmd_getquota,     logged_in,         told,     false},
    {"GETQUOTAROOT",  cmd_getquotaroot, logged_in,         told,     false},
    {"GETMETADATA",   cmd_getmetadata,  logged_in,         told,     false},
    {"SETMETADATA",   cmd_setmetadata,  logged_in,         told,     false},
    {"IDLE",          cmd_idle,         logged_in,         told,     false},
    {"CHECK",         cmd_check,        selected,          told,     false},
    {"CLOSE",         cmd_close,        selected,          withheld, false},
    {"UNSELECT",      cmd_unselect,     selected,          withheld, false},
    {"EXPUNGE",       cmd_expunge,      selected,          told,     false},
    {"SEARCH",        cmd_search,       selected,          withheld, false},
    {"FETCH",         cmd_fetch,        selected,          withheld, false},
    {"STORE",         cmd_store,        selected,          withheld, false},
    {"COPY",          cmd_copy,         selected,          told,     false},
    {"MOVE",          cmd_move,         selected,          told,     false},
    {"UID EXPUNGE",   cmd_uid_expunge,  selected,          told,     true},
    {"UID SEARCH",    cmd_uid_search,   selected,          told,     true},
    {"UID FETCH",     cmd_uid_fetch,    selected,          told,     true},
    {"UID STORE",     cmd_uid_store,    selected,          told,     true},
    {"UID COPY",      cmd_uid_copy,     selected,          told,     true},
    {"UID MOVE",      cmd_uid_move,     selected,          told,     true},
};
// clang-format on

}  // namespace

const CommandRow* find_command(std::string_view name) {
    for (const auto& row : kCommands) {
        if (row.name == name) return &row;
    }
    return nullptr;
}

std::string wrong_state(const CommandRow& row, State state) {
    if (state == not_authenticated) return "Log in first.";
    if ((row.states & logged_in) == 0) return "Already logged in.";
    return "Select a mailbox first.";
}

}  // namespace tayori::imap
