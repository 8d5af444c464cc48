// adminctl account add|delete|undelete|suspend|resume|rename|set|show|list; passwords are in account_password.cc.
#include "adminctl/commands/account_view.h"
#include "adminctl/context.h"
#include "adminctl/secret.h"

namespace tayori::admin {
namespace {

struct AccountOptions {
    std::string address;
    std::string new_address;
    std::string password_hash;
    bool password_stdin = false;
    bool no_password = false;
    bool keep_alias = false;
    bool with_deleted = false;
    bool only_retired = false;
    std::string domain;
    std::optional<std::string> quota;
    std::optional<std::uint64_t> quota_messages;
    std::optional<std::string> protocols;
    std::optional<std::string> display_name;
};
using AccountOptionsPtr = std::shared_ptr<AccountOptions>;

Result<ExitStatus> add(Context& context, const AccountOptions& options) {
    v1::AddAccountRequest request;
    request.set_address(options.address);
    if (options.display_name) request.set_display_name(*options.display_name);
    if (options.quota_messages) request.set_quota_messages(*options.quota_messages);
    if (options.quota) {
        auto bytes = parse_size(*options.quota);
        if (!bytes) return fail(std::move(bytes.error()));
        request.set_quota_bytes(*bytes);
    }
    if (options.protocols) {
        auto protocols = parse_protocols(*options.protocols);
        if (!protocols) return fail(std::move(protocols.error()));
        for (auto protocol : *protocols) request.add_protocols(protocol);
    }
    request.set_password_hash(options.password_hash);
    if (options.password_hash.empty() && !options.no_password) {
        auto password = options.password_stdin ? read_password_line() : ask_password(options.address);
        if (!password) return fail(std::move(password.error()));
        request.set_password(std::move(*password));
    }
    return call<v1::Account>(context, &rpc::AdminClient::add_account, request, [&](const v1::Account& account) {
        return cat("Added ", printable(account.address()), ".",
                   options.no_password ? " Nobody can log in before `adminctl account password` sets one." : "", "\n");
    });
}

Result<ExitStatus> set(Context& context, const AccountOptions& options) {
    v1::SetAccountRequest request;
    request.set_address(options.address);
    if (options.display_name) request.set_display_name(*options.display_name);
    if (options.quota_messages) request.set_quota_messages(*options.quota_messages);
    if (options.quota) {
        auto bytes = parse_size(*options.quota);
        if (!bytes) return fail(std::move(bytes.error()));
        request.set_quota_bytes(*bytes);
    }
    if (options.protocols) {
        request.mutable_protocols();
        if (*options.protocols != "none") {
            auto protocols = parse_protocols(*options.protocols);
            if (!protocols) return fail(std::move(protocols.error()));
            for (auto protocol : *protocols) request.mutable_protocols()->add_protocols(protocol);
        }
    }
    return call<v1::Account>(context, &rpc::AdminClient::set_account, request, account_text);
}

// Of several under one address the id says which is which.
Result<ExitStatus> list_retired(Context& context, const AccountOptions& options) {
    v1::ListAccountsRequest request;
    request.set_domain(options.domain);
    request.set_only_retired(true);
    Table table;
    table.column("ADDRESS");
    table.column("ID", Align::right);
    table.column("RETIRED");
    table.column("KEPT UNTIL");
    table.column("USED", Align::right);
    table.column("MESSAGES", Align::right);
    table.column("NAME");
    return list<v1::Account>(context, &rpc::AdminClient::list_accounts, request, std::move(table),
                             [](Table& rows, const v1::Account& account) {
                                 rows.row({account.address(), cat(account.account_id()), show_time(account.deleted_s()),
                                           show_time(account.purged_s()), show_size(account.used_bytes()),
                                           cat(account.used_messages()), shortened(account.display_name(), 30)});
                             });
}

Result<ExitStatus> list_accounts(Context& context, const AccountOptions& options) {
    if (options.only_retired) return list_retired(context, options);
    v1::ListAccountsRequest request;
    request.set_domain(options.domain);
    request.set_with_deleted(options.with_deleted);
    Table table;
    table.column("ADDRESS");
    table.column("STATE");
    table.column("USED", Align::right);
    table.column("QUOTA", Align::right);
    table.column("MESSAGES", Align::right);
    table.column("LAST LOGIN");
    table.column("NAME");
    return list<v1::Account>(context, &rpc::AdminClient::list_accounts, request, std::move(table),
                             [](Table& rows, const v1::Account& account) {
                                 rows.row({account.address(), show_state(account.state()),
                                           show_size(account.used_bytes()), show_limit(account.quota_bytes(), true),
                                           cat(account.used_messages()), show_time(account.last_login_s()),
                                           shortened(account.display_name(), 30)});
                             });
}

// A change that names an account and answers with a sentence.
using AccountMethod = Result<v1::Account> (rpc::AdminClient::*)(const v1::AccountRequest&);
Result<ExitStatus> change(Context& context, AccountMethod method, const std::string& address,
                          const std::string& done) {
    v1::AccountRequest request;
    request.set_address(address);
    return call<v1::Account>(context, method, request, [&](const v1::Account& account) {
        return cat(printable(account.address()), done, "\n");
    });
}

Result<ExitStatus> suspend(Context& context, const std::string& address, bool suspended) {
    v1::SetSuspendedRequest request;
    request.set_address(address);
    request.set_suspended(suspended);
    return call<v1::Account>(context, &rpc::AdminClient::set_suspended, request, [&](const v1::Account& account) {
        return cat(printable(account.address()),
                   suspended ? " is suspended: it receives mail, and nobody can log in.\n" : " is active again.\n");
    });
}

Result<ExitStatus> rename(Context& context, const AccountOptions& options) {
    v1::RenameAccountRequest request;
    request.set_address(options.address);
    request.set_new_address(options.new_address);
    request.set_keep_alias(options.keep_alias);
    return call<v1::Account>(context, &rpc::AdminClient::rename_account, request, [&](const v1::Account& account) {
        return cat("The account is now ", printable(account.address()), ".",
                   options.keep_alias ? " The old address leads to it." : "", "\n");
    });
}

void add_settings(CLI::App& app, const AccountOptionsPtr& options) {
    app.add_option("--quota", options->quota, "room: 2G, 500M, none");
    app.add_option("--quota-messages", options->quota_messages, "number of messages; 0 is no limit");
    app.add_option("--protocols", options->protocols, "what may log in: imap,pop3,submission or all");
    app.add_option("--name", options->display_name, "whose it is");
}

void add_life(CLI::App& account, Context& context, const AccountOptionsPtr& options) {
    auto* remove = command(account, context, "delete", "deletes an account; `undelete` brings it back for some days",
                           [&context, options] {
                               return change(context, &rpc::AdminClient::delete_account, options->address,
                                             " is deleted. `adminctl account undelete` brings it back for some days.");
                           });
    remove->add_option("ADDRESS", options->address)->required();
    auto* undelete = command(account, context, "undelete", "brings a deleted account and its mail back",
                             [&context, options] {
                                 return change(context, &rpc::AdminClient::undelete_account, options->address,
                                               " is back.");
                             });
    undelete->add_option("ADDRESS", options->address)->required();
    auto* stop = command(account, context, "suspend", "lets nobody log in; mail still arrives",
                         [&context, options] { return suspend(context, options->address, true); });
    stop->add_option("ADDRESS", options->address)->required();
    auto* resume = command(account, context, "resume", "ends `suspend`",
                           [&context, options] { return suspend(context, options->address, false); });
    resume->add_option("ADDRESS", options->address)->required();
    auto* move = command(account, context, "rename", "gives an account another address; aliases follow",
                         [&context, options] { return rename(context, *options); });
    move->add_option("ADDRESS", options->address)->required();
    move->add_option("NEW", options->new_address, "the new address")->required();
    move->add_flag("--keep-alias", options->keep_alias, "the old address stays as an alias");
}

}  // namespace

void add_account_command(CLI::App& app, Context& context) {
    auto* account = group(app, "account", "the accounts");
    auto options = std::make_shared<AccountOptions>();

    auto* create = command(*account, context, "add", "adds an account; asks for its password",
                           [&context, options] { return add(context, *options); });
    create->add_option("ADDRESS", options->address, "as in anna@example.com")->required();
    auto* from_stdin = create->add_flag("--password-stdin", options->password_stdin, "the password is standard input's first line");
    auto* hash = create->add_option("--password-hash", options->password_hash, "another server's hash: {SCHEME}...");
    create->add_flag("--no-password", options->no_password, "nobody can log in yet")->excludes(from_stdin)->excludes(hash);
    hash->excludes(from_stdin);
    add_settings(*create, options);

    add_life(*account, context, options);
    add_account_password_commands(*account, context);
    add_account_bulk_commands(*account, context);

    auto* change_it = command(*account, context, "set", "changes quota, protocols or name",
                              [&context, options] { return set(context, *options); });
    change_it->add_option("ADDRESS", options->address)->required();
    add_settings(*change_it, options);

    auto* show = command(*account, context, "show", "shows an account", [&context, options] {
        v1::AccountRequest request;
        request.set_address(options->address);
        return call<v1::Account>(context, &rpc::AdminClient::get_account, request, account_text);
    });
    show->add_option("ADDRESS", options->address)->required();

    auto* all = command(*account, context, "list", "lists accounts",
                        [&context, options] { return list_accounts(context, *options); });
    all->add_option("DOMAIN", options->domain, "only of this domain");
    auto* deleted = all->add_flag("--with-deleted", options->with_deleted, "deleted and retired ones that can come back, too");
    all->add_flag("--retired", options->only_retired, "those that `apply` has retired, and until when their mailboxes are kept")
        ->excludes(deleted);
}

}  // namespace tayori::admin
