// adminctl account password, adminctl account app-password add|delete|list
#include "adminctl/context.h"
#include "adminctl/secret.h"

namespace tayori::admin {
namespace {

struct PasswordOptions {
    std::string address;
    std::string name;
    std::string password_hash;
    bool password_stdin = false;
    std::optional<std::string> protocols;
};

Result<ExitStatus> set_password(Context& context, const PasswordOptions& options) {
    v1::SetPasswordRequest request;
    request.set_address(options.address);
    request.set_password_hash(options.password_hash);
    if (options.password_hash.empty()) {
        auto password = options.password_stdin ? read_password_line() : ask_password(options.address);
        if (!password) return fail(std::move(password.error()));
        request.set_password(std::move(*password));
    }
    return call<v1::Account>(context, &rpc::AdminClient::set_password, request, [](const v1::Account& account) {
        return cat(printable(account.address()), " has a new password. Who is logged in with the old one must log in again.\n");
    });
}

Result<ExitStatus> add_app_password(Context& context, const PasswordOptions& options) {
    v1::AddAppPasswordRequest request;
    request.set_address(options.address);
    request.set_name(options.name);
    if (options.protocols) {
        auto protocols = parse_protocols(*options.protocols);
        if (!protocols) return fail(std::move(protocols.error()));
        for (auto protocol : *protocols) request.add_protocols(protocol);
    }
    return call<v1::AddAppPasswordResponse>(
        context, &rpc::AdminClient::add_app_password, request, [](const v1::AddAppPasswordResponse& reply) {
            return cat(reply.password(), "\nIt is shown this once. The device logs in as ",
                       printable(reply.account().address()), ".\n");
        });
}

Result<ExitStatus> delete_app_password(Context& context, const PasswordOptions& options) {
    v1::DeleteAppPasswordRequest request;
    request.set_address(options.address);
    request.set_name(options.name);
    return call<v1::Account>(context, &rpc::AdminClient::delete_app_password, request, [&](const v1::Account&) {
        return cat("Deleted the app password ", printable(options.name), ".\n");
    });
}

Result<ExitStatus> list_app_passwords(Context& context, const PasswordOptions& options) {
    v1::AccountRequest request;
    request.set_address(options.address);
    return call<v1::Account>(context, &rpc::AdminClient::get_account, request, [](const v1::Account& account) {
        Table table;
        for (const auto* title : {"NAME", "FOR", "MADE", "LAST USED"}) table.column(title);
        for (const auto& app : account.app_passwords())
            table.row({app.name(), show_protocols(app.protocols()), show_time(app.created_s()),
                       show_time(app.last_used_s())});
        return table.empty() ? std::string("none\n") : table.text();
    });
}

}  // namespace

void add_account_password_commands(CLI::App& account, Context& context) {
    auto options = std::make_shared<PasswordOptions>();
    auto* password = command(account, context, "password", "sets the password; asks for it",
                             [&context, options] { return set_password(context, *options); });
    password->add_option("ADDRESS", options->address)->required();
    auto* from_stdin = password->add_flag("--password-stdin", options->password_stdin, "it is standard input's first line");
    password->add_option("--password-hash", options->password_hash, "another server's hash: {SCHEME}...")->excludes(from_stdin);

    auto* app = group(account, "app-password", "passwords for single devices, made by the server");
    auto* add = command(*app, context, "add", "makes one and shows it, once",
                        [&context, options] { return add_app_password(context, *options); });
    add->add_option("ADDRESS", options->address)->required();
    add->add_option("NAME", options->name, "of the device")->required();
    add->add_option("--protocols", options->protocols, "what it is for: imap,pop3,submission or all");
    auto* remove = command(*app, context, "delete", "deletes one: the device can't log in any more",
                           [&context, options] { return delete_app_password(context, *options); });
    remove->add_option("ADDRESS", options->address)->required();
    remove->add_option("NAME", options->name)->required();
    auto* all = command(*app, context, "list", "lists an account's",
                        [&context, options] { return list_app_passwords(context, *options); });
    all->add_option("ADDRESS", options->address)->required();
}

}  // namespace tayori::admin
